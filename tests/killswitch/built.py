"""What was built: the rules and the facts about the host that they are for."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BELT, UPLINKS = "usr/lib/mediac/killswitch-belt", "usr/lib/mediac/killswitch-uplinks"


class Built:
    """A build of hosts/home.ncl. Every address, port and user is read from it, none is written down here."""

    def __init__(self, tree, sample):
        etc = tree / "etc/mediac"
        self.tree = tree
        self.rules = {name: (etc / name).read_text() for name in ("firewall.nft", "killswitch.nft")}
        self.belt = etc / "killswitch.belt"
        compose = (etc / "compose.yaml").read_text()
        endpoint = re.search(r"to (\S+)/32 ipproto udp dport (\d+)", self.belt.read_text())
        self.endpoint, self.endpoint_port = endpoint[1], int(endpoint[2])
        client = re.search(r"\n  qbittorrent:\n(?:   .*\n)+", compose)[0]
        self.user = int(re.search(r'PUID: "(\d+)"', client)[1])
        self.tunnel_bridge = re.search(r"iif (\S+) unreachable", self.belt.read_text())[1]
        named = {interface["name"]: interface["addresses"] for interface in sample["interfaces"]}
        self.tunnel_gateway, self.tunnel_length = named[self.tunnel_bridge][0].split("/")
        self.open_bridge = next(name for name, has in named.items() if has and name not in ("uplink", self.tunnel_bridge))
        self.open_gateway, self.open_length = named[self.open_bridge][0].split("/")
        self.published = [(p["protocol"], p["host_port"], p["address"], p["port"]) for p in sample["published"]]
        of = {port: address for _, port, address, _ in self.published}
        self.page_port = 8080
        self.tunnel, self.sonarr, self.caddy = of[self.page_port], of[8989], of[443]
        # Where Docker's resolver asks: the servers that the namespace's owner names, or else the host's.
        servers = re.search(r"\n    dns:\n((?:      - .*\n)+)", compose)
        self.name_servers = re.findall(r'"([\d.]+)"', servers[1]) if servers else []

    def program(self, name):
        return self.tree / name


def read(mediac, rules):
    """The build, and what the compiler says of its network."""
    argv = [mediac, "--directory", ROOT, "prove", "hosts/home.ncl", "--json", "--packets", "1"]
    said = subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return Built(Path(rules), json.loads(said)["home"])
