"""A host with containers, a house around it, and an internet with a VPN server.

    internet  peers, a public name server, a website, the VPN server
       | line
    router    translates, forwards ports to the host as a careless one would, answers names
       | to-host                        | to-lan
    host      the rules; bridges        lan   somebody at home
       | veth pairs
    tunnel (the VPN container; the torrent client's sockets are opened in here), sonarr, caddy,
    stray (a container on the tunnel's bridge), stray0 (one on docker0)
"""

import places as at
from docker import Docker
from services import Services
from spaces import Spaces
from traffic import Traffic
from tunnel import Tunnel, until
from wire import Wire

SPACES = ("internet", "router", "host", "lan", "tunnel", "sonarr", "caddy", "stray", "stray0")
_FORWARDED = "22, 443, 6881, 8080, 32400"


class World:
    """All of it, up to Docker's start."""

    def __init__(self, built, column):
        self.built, self.column = built, column
        self.spaces = Spaces(SPACES)
        self._wires()
        self._internet()
        self._router()
        self._house()
        self.docker = Docker(self.spaces, built)
        self.traffic = Traffic(self.spaces, built)
        self.wire = Wire(self.spaces, (built.endpoint, built.endpoint_port))
        self.tunnel = Tunnel(self.spaces, built)

    def start_docker(self):
        """Docker starts, and the containers with it."""
        built, docker = self.built, self.docker
        docker.start()
        docker.attach("tunnel", built.tunnel_bridge, built.tunnel, at.TUNNEL6)
        docker.attach("stray", built.tunnel_bridge, self._neighbour(77), at.STRAY6)
        docker.attach("stray0", "docker0", at.STRAY_DOCKER0, at.STRAY_DOCKER0_6)
        for space, address in (("sonarr", built.sonarr), ("caddy", built.caddy)):
            docker.attach(space, built.open_bridge, address)
        self.spaces.run("tunnel", "sysctl -qw net.ipv4.conf.all.src_valid_mark=1")
        docker.resolver("tunnel")
        self.services = Services(self.spaces, built)

    def _neighbour(self, number):
        return f"{self.built.tunnel_gateway.rsplit('.', 1)[0]}.{number}"

    def _wires(self):
        run = self.spaces.run
        for space in SPACES:
            run(space, """ip link set lo up
                sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0 \\
                    net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_ra=0""")
        run("internet", "ip link add line type veth peer name line netns router; ip link set line up")
        run("router", """ip link set line up
            ip link add to-host type veth peer name eth0 netns host
            ip link add to-lan type veth peer name eth0 netns lan
            ip link add house type bridge; ip link set house up
            for port in to-host to-lan; do ip link set $port master house up; done""")

    def _internet(self):
        built = self.built
        addresses = (at.PEER_UDP, at.PEER_TCP, at.PUBLIC_DNS, at.WEBSITE, at.EXIT)
        lines = [f"ip address add {address}/32 dev lo" for address in addresses]
        lines += [f"ip address add {address}/128 dev lo nodad" for address in (at.PEER6, at.PUBLIC_DNS6)]
        self.spaces.run("internet", "\n".join(lines) + f"""
            ip address add {at.PROVIDER}/24 dev line; ip address add {built.endpoint}/24 dev line
            ip address add {at.PROVIDER6}/64 dev line nodad; ip -6 route add 2001:db8:1::/48 via {at.WAN6}""")

    def _router(self):
        self.spaces.run("router", f"""sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
            ip address add {at.ROUTER}/{at.HOME_LENGTH} dev house; ip address add {at.ROUTER6}/64 dev house nodad
            ip address add {at.WAN}/24 dev line; ip address add {at.WAN6}/64 dev line nodad
            ip route add default via {at.PROVIDER}; ip -6 route add default via {at.PROVIDER6}""")
        self.spaces.load("router", f"""table ip router {{
            chain in {{ type nat hook prerouting priority dstnat
                iifname "line" tcp dport {{ {_FORWARDED} }} dnat to {at.HOST}
                iifname "line" udp dport {at.PEER_PORT} dnat to {at.HOST}
            }}
            chain out {{ type nat hook postrouting priority srcnat
                oifname "line" masquerade
            }}
        }}""")

    def _house(self):
        for space, address, address6 in (("host", at.HOST, at.HOST6), ("lan", at.CLIENT, at.CLIENT6)):
            self.spaces.run(space, f"""ip address add {address}/{at.HOME_LENGTH} dev eth0
                ip address add {address6}/64 dev eth0 nodad; ip link set eth0 up
                ip route add default via {at.ROUTER}; ip -6 route add default via {at.ROUTER6}""")
        self.spaces.run("host", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=2")
        until(lambda: "state UP" in self.spaces.run("router", "ip -o link show line"), "a line to the provider")
