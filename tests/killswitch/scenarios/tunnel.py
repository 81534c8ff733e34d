"""What becomes of the tunnel, and of the routes and rules in its container."""

from scenarios import scenario, sent, up

_IPV6 = ("udp6", "tcp6", "icmp6", "dns6", "dot6")
_FLUSH = """for program in iptables ip6tables; do
    for chain in INPUT OUTPUT FORWARD; do $program -P $chain ACCEPT; done
    $program -F; $program -t nat -F
done; nft flush ruleset"""


def _route_to_bridge(world):
    world.spaces.run("tunnel", f"ip route replace default via {world.built.tunnel_gateway} dev eth0 table 51820")


@scenario("the tunnel is up, ordinary torrent traffic")
def tunnel_up(built, column):
    world = up(built, column)
    counted = sent(world)
    if counted["tunnel"] < 5:
        raise RuntimeError("nothing went through the tunnel")
    return counted


@scenario("the tunnel is up, the client is bound to eth0")
def bind_eth0(built, column):
    return sent(up(built, column), device="eth0")


@scenario("wg0 is deleted, or its process dies")
def wg_deleted(built, column):
    world = up(built, column)
    world.tunnel.delete()
    return sent(world)


@scenario("the VPN is stopped in order")
def wg_down(built, column):
    world = up(built, column)
    column.down(world)
    return sent(world)


@scenario("the VPN server is gone, wg0 is still up")
def peer_gone(built, column):
    world = up(built, column)
    world.tunnel.server_gone()
    return sent(world)


@scenario("the container's default route leads to the bridge, wg0 is up")
def route_flip(built, column):
    world = up(built, column)
    _route_to_bridge(world)
    return sent(world)


@scenario("the container's own firewall is flushed, and its route leads to the bridge")
def fw_flushed(built, column):
    world = up(built, column)
    world.spaces.run("tunnel", _FLUSH, check=False)
    _route_to_bridge(world)
    return sent(world)


@scenario("somebody gave the bridge IPv6, the VPN has none")
def ipv6(built, column):
    return sent(up(built, column), kinds=_IPV6, device="eth0")


@scenario("the same, and the container's own firewall is flushed")
def ipv6_flushed(built, column):
    world = up(built, column)
    world.spaces.run("tunnel", _FLUSH, check=False)
    return sent(world, kinds=_IPV6)


def _established(built, column, happens):
    world = up(built, column)
    flows = [world.traffic.connection(), world.traffic.flow()]
    happens(world)
    world.wire.reset()
    world.traffic.go_on(flows)
    return world.wire.leaks()


@scenario("flows are open through wg0, then wg0 is deleted", quiet=True)
def established_del(built, column):
    return _established(built, column, lambda world: world.tunnel.delete())


@scenario("flows are open through wg0, then wg0 goes down")
def established_down(built, column):
    return _established(built, column, lambda world: world.spaces.run("tunnel", "ip link set wg0 down"))


@scenario("flows are open through wg0, then the route leads to the bridge")
def established_flip(built, column):
    return _established(built, column, _route_to_bridge)
