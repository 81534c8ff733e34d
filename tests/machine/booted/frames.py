"""What a frame from the machine is: traffic of the tunnel, the host's own, or a leak.

The world is closed: what the host may send is listed here, and everything else is a leak.
"""

import socket
import struct

from booted import outside
from booted.names import read_name

TUNNEL, OWN = "tunnel", "own"
_HOST, _VPN = socket.inet_aton(outside.HOST), socket.inet_aton(outside.VPN)
_CLIENT, _ROUTER = socket.inet_aton(outside.CLIENT), socket.inet_aton(outside.ROUTER)
# What the host answers on to clients at home: ssh, Caddy, the torrent client's page.
_SERVED = {22, 80, 443, 8080}
# Whom Caddy asks for certificates.
_OWN_NAMES = (".letsencrypt.org", ".zerossl.com")
# Queries, reports and neighbours of IPv6 and of its multicast.
_ICMP6_OWN = {131, 132, 133, 135, 136, 143}
# WireGuard's messages by type: handshake, its answer, cookie; data has any length.
_WIREGUARD = {1: 148, 2: 92, 3: 64}


def judge(frame: bytes) -> str:
    """`tunnel`, `own`, or a few words about a leak."""
    kind = struct.unpack("!H", frame[12:14])[0]
    packet = frame[14:]
    try:
        if kind == 0x0806:
            return _arp(packet)
        if kind == 0x0800:
            return _ipv4(packet)
        if kind == 0x86DD:
            return _ipv6(packet)
    except (IndexError, struct.error):
        return f"a damaged packet of type {kind:#06x}"
    return f"a frame of type {kind:#06x}"


def _arp(packet: bytes) -> str:
    sender, target = packet[14:18], packet[24:28]
    if sender in (_HOST, bytes(4)) and target[:3] == _HOST[:3]:
        return OWN
    return f"ARP {_text(sender)} -> {_text(target)}"


def _ipv4(packet: bytes) -> str:
    source, target, protocol = packet[12:16], packet[16:20], packet[9]
    body = packet[(packet[0] & 15) * 4 :]
    length = struct.unpack("!H", packet[2:4])[0] - (packet[0] & 15) * 4
    if protocol in (6, 17):
        source_port, target_port = struct.unpack("!HH", body[:4])
        if protocol == 17 and target == _VPN and target_port == outside.VPN_PORT and _wireguard(body[8:], length - 8):
            return TUNNEL
        if source == _HOST:
            if protocol == 6 and target == _CLIENT and source_port in _SERVED:
                return OWN
            if protocol == 17 and target == _ROUTER and target_port == 53:
                name = read_name(body[8:])[0].lower()
                return OWN if name.endswith(_OWN_NAMES) else f"DNS for {name}"
        word = "UDP" if protocol == 17 else "TCP reset" if body[13] & 4 else "TCP"
        return f"{word} {_text(source)} -> {_text(target)} port {target_port}"
    if protocol == 1 and (source, target) == (_HOST, _VPN) and _no_way_in(body):
        return OWN
    return f"IP protocol {protocol} {_text(source)} -> {_text(target)}"


def _ipv6(packet: bytes) -> str:
    following, body = packet[6], packet[40:]
    if following == 0:  # options for every hop, before reports of multicast
        following, body = body[0], body[(body[1] + 1) * 8 :]
    if following == 58 and body[0] in _ICMP6_OWN:
        return OWN
    return f"IPv6 protocol {following} {_text(packet[8:24])} -> {_text(packet[24:40])}"


def _no_way_in(message: bytes) -> bool:
    """The host says that what the VPN server sent did not arrive: the container was gone, or its translation."""
    about = message[8:]
    after = about[(about[0] & 15) * 4 :]
    port = struct.unpack("!H", after[:2])[0]
    return message[0] == 3 and about[9] == 17 and about[12:16] == _VPN and port == outside.VPN_PORT


def _wireguard(payload: bytes, length: int) -> bool:
    kind = struct.unpack("<I", payload[:4])[0]
    return length == _WIREGUARD.get(kind) or (kind == 4 and length >= 32)


def _text(address: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)
