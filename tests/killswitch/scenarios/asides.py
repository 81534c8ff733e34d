"""Ways beside the tunnel: name servers, the VPN server's other ports, the house, proxies, forged senders."""

import socket
import time

from places import HOST, INNER, MARK, PEER_PORT, PEER_TCP, PEER_UDP, PUBLIC_DNS, ROUTER, WAN
from scenarios import scenario, sent, up
from services import get
from traffic import ENDPOINT, HOME, question


@scenario("names are asked of the bridge's gateway, where the host has a resolver")
def dns_gateway(built, column):
    world = up(built, column)
    world.services.datagrams("host", built.tunnel_gateway, 53, ask=("host", ROUTER))
    return sent(world, kinds=("dns-gateway",))


@scenario("names are asked of the router, over eth0")
def dns_router(built, column):
    return sent(up(built, column), kinds=("dns-router",), device="eth0")


@scenario("names are asked of a public server, in the clear and by TLS, over eth0")
def dns_public(built, column):
    return sent(up(built, column), kinds=("dns", "dot", "dns6", "dot6"), device="eth0")


def _asked_of_docker(world, servers):
    """Questions to 127.0.0.11; Docker passes them on from the host, or from the container to its servers."""
    resolver, client = (world.spaces.socket("tunnel") for _ in range(2))
    resolver.bind(("127.0.0.11", 40053))
    resolver.settimeout(1)
    world.wire.reset()
    for number in range(5):
        client.sendto(question(number), ("127.0.0.11", 53))
        asked, _ = resolver.recvfrom(2048)
        for server in servers or [ROUTER]:
            onward = world.spaces.socket("tunnel" if servers else "host")
            try:
                onward.sendto(asked, (server, 53))
            except OSError:
                pass
    return {**world.wire.leaks(), "tried": 5}


@scenario("Docker's resolver is asked; without servers of the container's own it asks from the host")
def dns_embedded_host(built, column):
    world = up(built, column)
    world.tunnel.delete()
    return _asked_of_docker(world, built.name_servers if column.as_built else [])


@scenario("Docker's resolver is asked, and asks a public server from the container; wg0 is gone")
def dns_embedded_container(built, column):
    world = up(built, column)
    world.tunnel.delete()
    return _asked_of_docker(world, [PUBLIC_DNS])


@scenario("pings over eth0")
def icmp(built, column):
    return sent(up(built, column), kinds=("icmp", "icmp6"), device="eth0")


@scenario("the VPN server's address by other ports and protocols")
def endpoint_other(built, column):
    return sent(up(built, column), kinds=ENDPOINT, device="eth0")


@scenario("the VPN server's very port, but not WireGuard")
def endpoint_plain(built, column):
    return sent(up(built, column), kinds=("endpoint-plain",), device="eth0")


@scenario("a proxy that listens on the host")
def host_proxy(built, column):
    world = up(built, column)
    world.services.passing("host", built.tunnel_gateway, 3128, PEER_TCP, PEER_PORT)
    world.wire.reset()
    for _ in range(3):
        get(world.spaces, "tunnel", built.tunnel_gateway, 3128, seconds=0.5)
    return {**world.wire.leaks(), "tried": 3}


@scenario("the house: LSD, SSDP, NAT-PMP, SMB, broadcast, the own public address, link-local")
def lan_out(built, column):
    return sent(up(built, column), kinds=HOME, device="eth0")


@scenario("packets under forged addresses: the tunnel's, one of the house, a public one")
def spoofed_src(built, column):
    world = up(built, column)
    world.tunnel.delete()
    world.wire.reset()
    world.traffic.forged((INNER, HOST.rsplit(".", 1)[0] + ".99", "198.51.100.222"))
    return {**world.wire.leaks(), "tried": 15}


@scenario("the router forwards a published peer port; answers would show the household's address", quiet=True)
def inbound_wan(built, column):
    world = up(built, column)
    world.wire.reset()
    held = []
    for _ in range(3):
        tcp = world.spaces.socket("internet", kind=socket.SOCK_STREAM)
        tcp.bind((PEER_TCP, 0))
        tcp.setblocking(False)
        tcp.connect_ex((WAN, PEER_PORT))
        udp = world.spaces.socket("internet")
        udp.bind((PEER_UDP, 0))
        udp.sendto(MARK + b" in", (WAN, PEER_PORT))
        held += [tcp, udp]
        time.sleep(0.05)
    return {**world.wire.leaks(0.4), "tried": 6}
