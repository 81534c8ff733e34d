"""What must go on working, whatever the kill-switch does."""

import places as at
from scenarios import up
from services import echoes, get


def works(built, column):
    """By name, whether it works; the last with the tunnel cut."""
    world = up(built, column)
    spaces, page = world.spaces, built.page_port
    rows = {
        "client -> peer, through the tunnel": echoes(spaces, "tunnel", at.PEER_UDP, at.PEER_PORT),
        "a peer sees the tunnel's address": at.INNER in get(spaces, "tunnel", at.PEER_TCP, at.PEER_PORT),
        "peer -> client, by a port of the VPN": echoes(spaces, "internet", at.EXIT, at.PEER_PORT),
        "home -> the client's page": bool(get(spaces, "lan", at.HOST, page)),
        "home -> Caddy -> the client's page": bool(get(spaces, "lan", at.HOST, 443)),
        "the host -> the client's page": bool(get(spaces, "host", "127.0.0.1", page)),
        "home -> SSH": bool(get(spaces, "lan", at.HOST, 22)),
        "internet -> SSH, forwarded": bool(get(spaces, "internet", at.WAN, 22)),
        "the host -> a website": bool(get(spaces, "host", at.WEBSITE, 443)),
        "internet -> Plex, forwarded": bool(get(spaces, "internet", at.WAN, 32400)),
        "home -> Plex": bool(get(spaces, "lan", at.HOST, 32400)),
        "Sonarr -> a website": bool(get(spaces, "sonarr", at.WEBSITE, 443)),
        "Sonarr -> the client's page": bool(get(spaces, "sonarr", built.open_gateway, page)),
        "Sonarr -> Caddy on the host": bool(get(spaces, "sonarr", at.HOST, 443)),
        "internet -> Caddy, forwarded": bool(get(spaces, "internet", at.WAN, 443)),
        "not: internet -> the client's page": not get(spaces, "internet", at.WAN, page, seconds=0.6),
    }
    world.docker.forget()
    world.docker.rules(version=28)
    rows["with Docker 28: Sonarr -> the client's page"] = bool(get(spaces, "sonarr", built.open_gateway, page))
    rows["with Docker 28: home -> the client's page"] = bool(get(spaces, "lan", at.HOST, page))
    world.tunnel.delete()
    rows["wg0 is gone: home -> Caddy -> the client's page"] = bool(get(spaces, "lan", at.HOST, 443))
    rows["wg0 is gone: home -> the client's page"] = bool(get(spaces, "lan", at.HOST, page))
    return rows
