"""The kill-switches that are compared. The rivals' rules are those of their start scripts and documentation, run in
the container's namespace or on the host as theirs would be."""

import os
from pathlib import Path

from built import BELT, UPLINKS
from places import HOME_LENGTH, INNER, ROUTER, WEBSITE
from spaces import command

_HOME = f"{ROUTER.rsplit('.', 1)[0]}.0/{HOME_LENGTH}"


class Nothing:
    """No kill-switch: wg-quick's routing, and nothing else."""

    name = "none"
    # Whether the compose file is the built one, which names the name servers of the container.
    as_built = False

    def before_docker(self, world):
        """What the host loads at boot."""

    def after_docker(self, world):
        """What is put into Docker's own chains, once they are there."""

    def in_container(self, world):
        """What the container's start script does."""

    def reload(self, world):
        """Loads the rules again; whether there are any."""
        return False

    def up(self, world):
        world.tunnel.up()

    def down(self, world):
        world.tunnel.down()


class Nordlynx(Nothing):
    """bubuntux/nordlynx: iptables in the container, NET_LOCAL for the house."""

    name = "nordlynx"

    def in_container(self, world):
        built = world.built
        lines = ["for p in INPUT OUTPUT FORWARD; do iptables -P $p DROP; ip6tables -P $p DROP; done", "iptables -F; iptables -X"]
        for program, net in (("iptables", f"{built.tunnel}/{built.tunnel_length}"), ("ip6tables", "fd00:29::/64")):
            lines += [f"{program} {rest}" for rest in (
                f"-A INPUT -i eth0 -s {net} -j ACCEPT", f"-A OUTPUT -o eth0 -d {net} -j ACCEPT",
                "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
                "-A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
                "-A INPUT -i lo -j ACCEPT", "-A OUTPUT -o lo -j ACCEPT",
                "-A OUTPUT -o wg+ -j ACCEPT", "-t nat -A POSTROUTING -o wg+ -j MASQUERADE",
                "-A OUTPUT -o eth0 -p udp --dport 53 -j ACCEPT",
                f"-A OUTPUT -o eth0 -p udp --dport {built.endpoint_port} -j ACCEPT",
            )]
        lines += [
            f"iptables -A OUTPUT -o eth0 -d {WEBSITE} -p tcp --dport 443 -j ACCEPT",  # the provider's own site
            f"ip route replace {_HOME} via {built.tunnel_gateway} dev eth0",
            f"iptables -A INPUT -i eth0 -s {_HOME} -j ACCEPT; iptables -A OUTPUT -o eth0 -d {_HOME} -j ACCEPT",
        ]
        world.spaces.run("tunnel", "\n".join(lines))


class Gluetun(Nothing):
    """qdm12/gluetun: iptables and routing in the container, FIREWALL_OUTBOUND_SUBNETS for the house."""

    name = "gluetun"

    def in_container(self, world):
        built = world.built
        net = f"{built.tunnel_gateway}/{built.tunnel_length}"
        world.spaces.run("tunnel", f"""for program in iptables ip6tables; do
                for chain in INPUT OUTPUT FORWARD; do $program -P $chain DROP; done
                $program -A INPUT -i lo -j ACCEPT; $program -A OUTPUT -o lo -j ACCEPT
                $program -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
                $program -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
                $program -A OUTPUT -o wg0 -j ACCEPT
            done
            iptables -A OUTPUT -d {built.endpoint} -o eth0 -p udp --dport {built.endpoint_port} -j ACCEPT
            iptables -A OUTPUT -o eth0 -s {built.tunnel} -d {net} -j ACCEPT
            iptables -A OUTPUT -o eth0 -s {built.tunnel} -d {_HOME} -j ACCEPT
            iptables -A INPUT -i eth0 -d {net} -j ACCEPT
            ip6tables -A OUTPUT -o eth0 -d ff02::1:ff00:0/104 -j ACCEPT
            conntrack -F || true""")

    def up(self, world):
        tunnel, built = world.tunnel, world.built
        tunnel.user_space("tunnel", "wg0")
        key = Path("/run/client-key")
        tunnel.key(key, tunnel.private_key)
        gateway = built.tunnel_gateway
        rules = [
            (101, "not fwmark 51820 lookup 51820"), (100, f"from {built.tunnel} lookup 200"),
            (99, f"to {_HOME} lookup 199"), (98, f"to {gateway}/{built.tunnel_length} lookup main"),
        ]
        world.spaces.run("tunnel", f"""wg set wg0 fwmark 51820 private-key {key} peer {tunnel.server_key} \\
                endpoint {built.endpoint}:{built.endpoint_port} allowed-ips 0.0.0.0/0 persistent-keepalive 25
            ip address add {INNER}/32 dev wg0; ip link set wg0 mtu 1420 up
            ip route replace default dev wg0 table 51820
            ip route replace default via {gateway} dev eth0 table 200
            ip route replace {_HOME} via {gateway} dev eth0 table 199
            """ + "\n".join(f"ip rule del pref {number} 2>/dev/null || true; ip rule add pref {number} {rule}" for number, rule in rules))

    def down(self, world):
        # In its order: the rule goes first, then the link is down, then it is deleted.
        world.spaces.run("tunnel", """ip -force -batch - <<'LINES'
rule del pref 101
link set wg0 down
link del wg0
LINES""", check=False)


class DockerUser(Nothing):
    """The recipe for the DOCKER-USER chain that is usually given: by the container's address."""

    name = "docker-user"

    def after_docker(self, world):
        built = world.built
        world.spaces.run("host", f"""iptables -A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            iptables -A DOCKER-USER -s {built.tunnel} -d {built.endpoint} -p udp --dport {built.endpoint_port} -j RETURN
            iptables -A DOCKER-USER -s {built.tunnel} -d {_HOME} -j RETURN
            iptables -A DOCKER-USER -s {built.tunnel} -j DROP""")


class Rules(Nothing):
    """The built rulesets alone, and no firewall in the container."""

    name = "mediac-rules"
    as_built = True

    def before_docker(self, world):
        self.reload(world)

    def reload(self, world):
        for rules in world.built.rules.values():
            world.spaces.load("host", rules)
        return True


class Mediac(Rules):
    """All that was built: the rulesets, the routing rules and the locked interfaces."""

    name = "mediac"

    def before_docker(self, world):
        super().before_docker(world)
        belt = os.environ | {"MEDIAC_BELT": str(world.built.belt)}
        # Unlike nsenter, this shows the namespace's own interfaces in /sys.
        command("ip", "netns", "exec", "host", world.built.program(BELT), "add", env=belt)
        command("ip", "netns", "exec", "host", world.built.program(UPLINKS), "lock")


COLUMNS = {column.name: column for column in (Nothing, Nordlynx, Gluetun, DockerUser, Rules, Mediac)}
