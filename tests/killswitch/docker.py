"""What Docker 26 does to a host, by its own commands: bridges, veth pairs, translation and filters."""

from places import DOCKER0_GATEWAY, DOCKER0_GATEWAY6, PEER_PORT, TUNNEL_GATEWAY6


class Docker:
    """Docker on the host of a world; containers are namespaces."""

    def __init__(self, spaces, built):
        self.spaces, self.built = spaces, built
        self.bridges = {
            "docker0": (DOCKER0_GATEWAY, "16", DOCKER0_GATEWAY6),
            built.tunnel_bridge: (built.tunnel_gateway, built.tunnel_length, TUNNEL_GATEWAY6),
            built.open_bridge: (built.open_gateway, built.open_length, None),
        }
        # A port for peers that somebody published by hand; the definition has none.
        by_hand = [(protocol, PEER_PORT, built.tunnel, PEER_PORT) for protocol in ("tcp", "udp")]
        self.published = built.published + by_hand

    def start(self):
        for name, (gateway, length, gateway6) in self.bridges.items():
            six = f"ip address add {gateway6}/64 dev {name} nodad" if gateway6 else ""
            self.spaces.run("host", f"ip link add {name} type bridge; ip address add {gateway}/{length} dev {name}\n{six}\nip link set {name} up")
        self.rules()

    def attach(self, space, bridge, address, address6=None, interface="eth0", default=True):
        """Gives a container an interface on a network."""
        gateway, length, gateway6 = self.bridges[bridge]
        wire = f"v-{space[:8]}{interface[-1]}"
        self.spaces.run("host", f"ip link add {wire} type veth peer name {interface} netns {space}; ip link set {wire} master {bridge} up")
        lines = [f"ip address add {address}/{length} dev {interface}", f"ip link set {interface} up"]
        if default:
            lines.append(f"ip route replace default via {gateway}")
        if address6:
            lines += [f"ip address add {address6}/64 dev {interface} nodad", f"ip -6 route add default via {gateway6}"]
            # Neighbours are known, so that packets get as far as the rules even where asking for them is blocked.
            host = self.spaces.run("host", f"ip -o link show {bridge}").split("link/ether ")[1].split()[0]
            lines.append(f"ip -6 neighbour replace {gateway6} lladdr {host} dev {interface} nud permanent")
        self.spaces.run(space, "\n".join(lines))

    def resolver(self, space):
        """The rules that Docker puts into a container, to have questions to 127.0.0.11 for itself."""
        self.spaces.run(space, """iptables-nft-restore --noflush <<'RULES'
*nat
:DOCKER_OUTPUT - [0:0]
-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT
-A DOCKER_OUTPUT -d 127.0.0.11/32 -p udp --dport 53 -j DNAT --to-destination 127.0.0.11:40053
COMMIT
RULES""")

    def rules(self, version=26):
        """Its chains on the host, made anew. From version 28 on, what containers send to published ports is translated
        like all else, and may go from one network to another; before that a proxy took it."""
        bridges = self.bridges.items()
        translate = [f"-A POSTROUTING -s {self._net(name)} ! -o {name} -j MASQUERADE" for name, _ in bridges]
        if version < 28:
            translate += [f"-A DOCKER -i {name} -j RETURN" for name, _ in bridges]
        let_in = []
        for protocol, host_port, address, port in self.published:
            home = self._home(address)
            translate.append(f"-A DOCKER ! -i {home} -p {protocol} --dport {host_port} -j DNAT --to-destination {address}:{port}")
            let_in.append(f"-A DOCKER -d {address}/32 ! -i {home} -o {home} -p {protocol} --dport {port} -j ACCEPT")
        through = []
        for name, _ in bridges:
            through += [
                f"-A FORWARD -o {name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                f"-A FORWARD -o {name} -j DOCKER",
                f"-A FORWARD -i {name} ! -o {name} -j ACCEPT",
                f"-A FORWARD -i {name} -o {name} -j ACCEPT",
                f"-A DOCKER-ISOLATION-STAGE-1 -i {name} ! -o {name} -j DOCKER-ISOLATION-STAGE-2",
                f"-A DOCKER-ISOLATION-STAGE-2 -o {name} -j DROP",
            ]
        between = [f"-A FORWARD -m conntrack --ctstate {state}" for state in ("DNAT -j DOCKER", "RELATED,ESTABLISHED -j ACCEPT")]
        four = [
            "*nat", ":DOCKER - [0:0]",
            "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
            "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
            *translate, "COMMIT",
            "*filter", ":FORWARD DROP [0:0]", ":DOCKER - [0:0]", ":DOCKER-USER - [0:0]",
            ":DOCKER-ISOLATION-STAGE-1 - [0:0]", ":DOCKER-ISOLATION-STAGE-2 - [0:0]",
            "-A FORWARD -j DOCKER-USER",
            *(between if version >= 28 else []),
            "-A FORWARD -j DOCKER-ISOLATION-STAGE-1", *through, *let_in, "COMMIT",
        ]
        six = ["*nat"]
        six += [f"-A POSTROUTING -s {gateway6}/64 ! -o {name} -j MASQUERADE" for name, (*_, gateway6) in bridges if gateway6]
        six += ["COMMIT", "*filter", ":FORWARD DROP [0:0]", ":DOCKER-USER - [0:0]", "-A FORWARD -j DOCKER-USER"]
        for name, (*_, gateway6) in bridges:
            if gateway6:
                six.append(f"-A FORWARD -o {name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
                six.append(f"-A FORWARD -i {name} ! -o {name} -j ACCEPT")
        six.append("COMMIT")
        for program, lines in (("iptables-nft-restore", four), ("ip6tables-nft-restore", six)):
            text = "\n".join(lines)
            self.spaces.run("host", f"{program} --noflush <<'RULES'\n{text}\nRULES")

    def forget(self):
        """What a restart of it, or of another firewall, does to its rules."""
        for program in ("iptables-nft", "ip6tables-nft"):
            self.spaces.run("host", f"""{program} -P FORWARD ACCEPT
                for table in filter nat; do {program} -t $table -F; {program} -t $table -X; done""")

    def _net(self, bridge):
        gateway, length, _ = self.bridges[bridge]
        return f"{gateway}/{length}"

    def _home(self, address):
        """The bridge of a published container."""
        return self.built.tunnel_bridge if address == self.built.tunnel else self.built.open_bridge
