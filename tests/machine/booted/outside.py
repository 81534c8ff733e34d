"""The world around the machine: a home network, its careless router, an internet and a VPN server.

All addresses lie in namespaces made here. The machine hangs on the bridge `lan`, in the namespace of the run.
"""

import subprocess
import sys
import time
from pathlib import Path

from booted.machine import Broken, Machine, until
from booted.place import Place
from harness.sandbox import Sandbox

BRIDGE, UPLINK = "lan", "host0"
HOST, HOST6, ROUTER, CLIENT = "192.168.1.10", "2001:db8:2::10", "192.168.1.1", "192.168.1.50"
HOME = "192.0.2.10"  # what the internet sees of the house
SEEDER, PEER, PUBLIC_DNS, TRACKER = "198.51.100.10", "198.51.100.20", "198.51.100.53", "198.51.100.30"
PEER6 = "2001:db8:9::20"
VPN, VPN_PORT, EXIT, TUNNEL = "203.0.113.51", 51820, "198.51.100.100", "10.5.0.2"
VPN_DNS = ("103.86.96.100", "103.86.99.100")
NAMES = {"tracker.example.net": TRACKER, "dht.libtorrent.org": PEER, "router.bittorrent.com": PEER}
TRACKER_PORT = 6969
TABLES_AT_THE_END = "/root/tables-at-the-end"
# The counterpart of the public key in hosts/home.ncl, for a server that documentation has for an address.
_SERVER_KEY = "uPrL+l402bfC1TbU+Mx0R7ieLaUvSsaXW1Vl9mOmOnY="
_HERE = Path(__file__).resolve().parent

_UPLINK_UNIT = f"""\
[Unit]
Description=The uplink, as early as a network can be
DefaultDependencies=no
After=network-pre.target
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/ip address add {HOST}/24 dev {UPLINK}
ExecStart=/usr/sbin/ip address add {HOST6}/64 dev {UPLINK} nodad
ExecStart=/usr/sbin/ip link set {UPLINK} up
ExecStart=/usr/sbin/ip route add default via {ROUTER}
ExecStart=/usr/sbin/ip -6 route add default via 2001:db8:2::1

[Install]
WantedBy=sysinit.target
"""
# When a machine goes, a network namespace loses its rules before its interfaces, which power never does.
_END = f"""\
#!/bin/sh
/usr/sbin/nft list tables >{TABLES_AT_THE_END} 2>&1
/usr/sbin/ip link set {UPLINK} down
"""
_NAT = f"""
table inet careless {{
    chain in {{
        type nat hook prerouting priority dstnat;
        iifname wan tcp dport {{ 6881, 8080 }} dnat ip to {HOST}
        iifname wan udp dport 6881 dnat ip to {HOST}
    }}
    chain out {{
        type nat hook postrouting priority srcnat;
        oifname wan meta nfproto ipv4 masquerade
    }}
}}
"""
_EXIT = f"""
table ip exit {{
    chain out {{
        type nat hook postrouting priority srcnat;
        oifname wan ip saddr {TUNNEL} snat to {EXIT}
    }}
}}
"""
# The seeder has many more addresses.
_MANY = f"""
table ip many {{
    chain in {{
        type nat hook prerouting priority dstnat;
        ip daddr 198.51.100.128/25 dnat to {SEEDER}
    }}
}}
"""
_FORWARD = "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding;"


class Outside:
    """Use as a context manager."""

    def __init__(self, sandbox: Sandbox):
        self.root = sandbox.root
        _node(self.root)
        self.announced = self.root.parent / "announced"
        self.announced.touch()
        names = ("router", "client", "internet", "vpn")
        self.router, self.client, self.internet, self.vpn = self.places = [Place(name, self.root) for name in names]
        self.client_key = self._wg("genkey")
        self._server: subprocess.Popen | None = None

    def __enter__(self) -> "Outside":
        self._wires()
        self._addresses()
        names = [f"{name}={address}" for name, address in NAMES.items()]
        servers = ((self.router, ROUTER), (self.internet, PUBLIC_DNS), *((self.vpn, at) for at in VPN_DNS))
        for place, address in servers:
            place.serve(sys.executable, "-B", str(_HERE / "names.py"), address, *names)
        self.internet.serve(sys.executable, "-B", str(_HERE / "tracker.py"), TRACKER, str(TRACKER_PORT), f"{SEEDER}:6881",
                            str(self.announced))
        # Somebody out there always tries the ports that the router forwards.
        self.knock(True)
        self.start_vpn()
        return self

    def __exit__(self, *_) -> None:
        for place in self.places:
            place.end()

    def attach(self, machine: Machine, sandbox: Sandbox) -> None:
        """Puts the machine onto the home network, from its next boot on."""
        machine.network = (f"--network-bridge={BRIDGE}",)
        sandbox.path("/etc/systemd/system/test-uplink.service").write_text(_UPLINK_UNIT)
        sandbox.path("/etc/resolv.conf").write_text(f"nameserver {ROUTER}\n")
        wants = sandbox.path("/etc/systemd/system/sysinit.target.wants")
        wants.mkdir(exist_ok=True)
        (wants / "test-uplink.service").symlink_to("../test-uplink.service")
        end = sandbox.path("/usr/lib/systemd/system-shutdown/test-end")
        end.parent.mkdir(exist_ok=True)
        end.write_text(_END)
        end.chmod(0o755)

    def public_key(self) -> str:
        """Of the server, for whoever wants to know whether it is the one of the compose file."""
        return self._wg("pubkey", _SERVER_KEY)

    def start_vpn(self) -> None:
        self._server = self.vpn.start("wireguard-go", "-f", "wg0")
        until(lambda: self.vpn.run("wg", "show", "wg0").returncode == 0, 10, "a VPN server", every=0.1)
        self.vpn.run("tee", "/run/server.key", stdin=_SERVER_KEY.encode())
        done = self.vpn.run("wg", "set", "wg0", "listen-port", str(VPN_PORT), "private-key", "/run/server.key",
                            "peer", self._wg("pubkey", self.client_key), "allowed-ips", f"{TUNNEL}/32")
        if done.returncode != 0:
            raise Broken(done.stdout.decode())
        self.vpn.set(f"ip address add 10.5.0.1/32 dev wg0; ip link set wg0 mtu 1420 up; ip route add {TUNNEL} dev wg0")

    def stop_vpn(self) -> None:
        self._server.kill()
        self._server.wait()

    def knock(self, wanted: bool) -> None:
        """Whether somebody tries the forwarded ports."""
        if wanted:
            self._knock = self.internet.serve(sys.executable, "-B", str(_HERE / "knock.py"), HOME, "6881", "8080")
        else:
            self._knock.kill()
            self._knock.wait()
            # For what has been sent already.
            time.sleep(0.2)

    def announcers(self) -> list[str]:
        """From which addresses the tracker was asked, in order."""
        return self.announced.read_text().split()

    def _wires(self) -> None:
        _run(f"ip link add {BRIDGE} type bridge mcast_snooping 0")
        _run(f"ip link set {BRIDGE} up")
        for place in (self.router, self.client):
            _run(f"ip link add {place.name} type veth peer name lan netns {place.pid}")
            _run(f"ip link set {place.name} master {BRIDGE} up")
        self.router.set(f"ip link add wan type veth peer name home netns {self.internet.pid}")
        self.vpn.set(f"ip link add wan type veth peer name vpn netns {self.internet.pid}")

    def _addresses(self) -> None:
        self.router.set(f"""{_FORWARD}
            ip address add {ROUTER}/24 dev lan; ip address add 2001:db8:2::1/64 dev lan nodad; ip link set lan up
            ip address add {HOME}/24 dev wan; ip address add 2001:db8:1::10/64 dev wan nodad; ip link set wan up
            ip route add default via 192.0.2.1; ip route add default via 2001:db8:1::1
            nft -f - <<'END'\n{_NAT}\nEND""")
        self.client.set(f"""
            ip address add {CLIENT}/24 dev lan; ip address add 2001:db8:2::50/64 dev lan nodad; ip link set lan up
            ip route add default via {ROUTER}""")
        self.internet.set(f"""{_FORWARD}
            ip address add 192.0.2.1/24 dev home; ip address add 2001:db8:1::1/64 dev home nodad; ip link set home up
            ip address add 203.0.113.1/24 dev vpn; ip link set vpn up
            # A client listens on a device, which is for the seeder the one towards the VPN server.
            ip address add {SEEDER}/32 dev vpn
            for at in {PEER} {PUBLIC_DNS} {TRACKER}; do ip address add $at/32 dev lo; done
            ip address add {PEER6}/128 dev lo; ip route add 2001:db8:2::/64 via 2001:db8:1::10
            ip route add {EXIT} via {VPN}
            nft -f - <<'END'\n{_MANY}\nEND""")
        self.vpn.set(f"""{_FORWARD}
            ip address add {VPN}/24 dev wan; ip link set wan up; ip route add default via 203.0.113.1
            for at in {EXIT} {' '.join(VPN_DNS)}; do ip address add $at/32 dev lo; done
            nft -f - <<'END'\n{_EXIT}\nEND""")

    def _wg(self, what: str, given: str = "") -> str:
        return self.vpn.run("wg", what, stdin=given.encode()).stdout.decode().strip()


def _node(root: Path) -> None:
    (root / "dev/net").mkdir(exist_ok=True)
    _run(f"mknod {root}/dev/net/tun c 10 200")


def _run(command: str) -> None:
    subprocess.run(command.split(), check=True, stdin=subprocess.DEVNULL)
