"""WireGuard, by wireguard-go and wg-quick: the server in the internet, and the client in its container."""

import tempfile
import time
from pathlib import Path

from places import EXIT, INNER, INNER_SERVER, PEER_PORT, PEER_UDP
from services import echoes
from spaces import command

_SOCKETS = Path("/var/run/wireguard")


class Tunnel:
    """A server, and a client that is not up yet."""

    def __init__(self, spaces, built):
        self.spaces, self.built = spaces, built
        server, client = (command("wg", "genkey").strip() for _ in range(2))
        self.server_key = command("wg", "pubkey", input=server).strip()
        self.private_key = client
        self._folder = Path(tempfile.mkdtemp(prefix="wg-"))
        self._config = self._folder / "wg0.conf"
        self._server = self.user_space("internet", "server0")
        self.key(self._folder / "server", server)
        peer = command("wg", "pubkey", input=client).strip()
        spaces.run("internet", f"""wg set server0 listen-port {built.endpoint_port} private-key {self._folder}/server peer {peer} allowed-ips {INNER}/32
            ip address add {INNER_SERVER}/16 dev server0; ip link set server0 up""")
        # The provider passes a port of the lent address on into the tunnel.
        spaces.load("internet", f"""table ip lent {{
            chain in {{ type nat hook output priority -100
                ip daddr {EXIT} udp dport {PEER_PORT} dnat to {INNER}:{PEER_PORT}
            }}
            chain out {{ type nat hook postrouting priority srcnat
                oifname "server0" masquerade
            }}
        }}""")

    @staticmethod
    def key(path, value):
        path.touch(mode=0o600)
        path.write_text(value + "\n")

    def user_space(self, space, interface):
        """Starts wireguard-go, and waits until it can be configured."""
        place = _SOCKETS / f"{interface}.sock"
        until(lambda: not place.exists(), "the end of the one before")
        process = self.spaces.start(space, "wireguard-go", "-f", interface, LOG_LEVEL="silent", WG_PROCESS_FOREGROUND="1")
        until(place.exists, f"{interface} in {space}")
        return process

    def up(self, more=""):
        """The client, by wg-quick."""
        self._config.touch(mode=0o600)
        self._config.write_text(f"""[Interface]
PrivateKey = {self.private_key}
Address = {INNER}/32
{more}
[Peer]
PublicKey = {self.server_key}
Endpoint = {self.built.endpoint}:{self.built.endpoint_port}
AllowedIPs = 0.0.0.0/0
PersistentKeepalive = 25
""")
        until(lambda: not (_SOCKETS / "wg0.sock").exists(), "the end of the one before")
        self.spaces.run("tunnel", f"LOG_LEVEL=silent wg-quick up {self._config} </dev/null")

    def down(self):
        """Takes the client down in order."""
        self.spaces.run("tunnel", f"wg-quick down {self._config}", check=False)

    def delete(self):
        """The interface and its routes are gone, as when its process dies."""
        self.spaces.run("tunnel", "ip link delete wg0", check=False)
        time.sleep(0.15)

    def server_gone(self):
        self._server.terminate()
        self._server.wait(5)

    def works(self, seconds=4):
        """Waits until something comes back through it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if echoes(self.spaces, "tunnel", PEER_UDP, PEER_PORT):
                return True
        return False


def until(true, what, seconds=5):
    """Waits for a condition."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds} s for {what}")
        time.sleep(0.02)
