"""Containers that are not where the definition puts them."""

import time

from places import HOME_LENGTH, HOST, ROUTER, ROUTER6
from scenarios import scenario, sent, up
from traffic import TORRENT


@scenario("without network_mode: a container of its own on the tunnel's bridge")
def rogue_same_bridge(built, column):
    return sent(up(built, column), space="stray", kinds=(*TORRENT, "endpoint-plain", "endpoint-tcp"))


@scenario("without network_mode: on docker0, which nobody declared")
def rogue_docker0(built, column):
    return sent(up(built, column), space="stray0")


@scenario("network_mode: host, as the confined user")
def host_netmode(built, column):
    kinds = ("udp", "tcp", "dns", "udp6", "tcp6", "dns6")
    return sent(up(built, column), space="host", kinds=kinds, user=built.user)


@scenario("the VPN container is on an open bridge as well, and its route leads there")
def multi_homed(built, column):
    world = up(built, column)
    address = built.open_gateway.rsplit(".", 2)[0] + ".200.66"
    world.docker.attach("tunnel", built.open_bridge, address, interface="eth1", default=False)
    world.spaces.run("tunnel", f"ip route replace default via {built.open_gateway} dev eth1 table 51820")
    first = sent(world)
    second = sent(world, device="eth1")
    return {place: first[place] if place == "sources" else _sum(first[place], second[place]) for place in first}


def _sum(one, other):
    return {key: one[key] + other[key] for key in one} if isinstance(one, dict) else one + other


@scenario("a container on a macvlan of the host's own interface", backed=False)
def macvlan(built, column):
    world = up(built, column)
    world.spaces.run("host", "ip link add macvlan0 link eth0 type macvlan mode bridge; ip link set macvlan0 netns stray")
    address = HOST.rsplit(".", 1)[0] + ".77"
    world.spaces.run("stray", f"""ip link set eth0 down; ip address add {address}/{HOME_LENGTH} dev macvlan0; ip link set macvlan0 up
        ip -6 address add 2001:db8:1::77/64 dev macvlan0 nodad
        ip route replace default via {ROUTER}; ip -6 route replace default via {ROUTER6}""")
    time.sleep(0.1)
    return sent(world, space="stray")
