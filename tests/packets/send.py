"""Puts packets on the wire, each on that of its interface. Runs in the namespace of the wires."""

import json
import socket
import struct
import sys
import time

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58, "other": 253}
WIREGUARD = struct.pack("<I", 1) + bytes(28)
PLAIN = b"nothing special, in the clear..."


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data)) if len(data) % 2 == 0 else checksum_odd(data)
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def checksum_odd(data):
    return sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0"))


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def transport(packet):
    """The transport header and its payload, and where its checksum stands."""
    payload = WIREGUARD if packet["wireguard"] else PLAIN
    source, destination = packet["source_port"], packet["destination_port"]
    if packet["protocol"] == "tcp":
        flags = 0x10 if packet["direction"] == "reply" else 0x02
        # Rules look for WireGuard's mark at this place of any packet.
        mark = struct.unpack("!I", payload[:4])[0]
        return struct.pack("!HHIIBBHHH", source, destination, 1, mark, 5 << 4, flags, 1024, 0, 0), 16
    if packet["protocol"] == "udp":
        return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload, 6
    if packet["protocol"] in ("icmp", "icmpv6"):
        kind = 8 if packet["protocol"] == "icmp" else 128
        return struct.pack("!BBHHH", kind, 0, 0, source_of(packet), 1) + payload, 2
    return bytes(8) + payload, None


def source_of(packet):
    """An identifier of a question."""
    return sum(address(packet["source"])) & 0xFFFF


def frame(packet, number, mac):
    source, destination = address(packet["source"]), address(packet["destination"])
    protocol = PROTOCOLS[packet["protocol"]]
    body, place = transport(packet)
    if len(source) == 16:
        pseudo = source + destination + struct.pack("!IHBB", len(body), 0, 0, protocol)
        kind = 0x86DD
        header = struct.pack("!IHBB", 6 << 28 | number, len(body), protocol, 64) + source + destination
    else:
        pseudo = source + destination + struct.pack("!BBH", 0, protocol, len(body))
        kind = 0x0800
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, 0, 64, protocol, 0) + source + destination
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    if place is not None:
        covered = body if packet["protocol"] == "icmp" else pseudo + body
        body = body[:place] + struct.pack("!H", checksum(covered)) + body[place + 2 :]
    return bytes.fromhex(mac.replace(":", "")) + b"\x02\0\0\0\0\1" + struct.pack("!H", kind) + header + body


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        work = json.load(file)
    wires = {}
    for index, name in enumerate(work["names"]):
        wires[name] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        wires[name].bind((f"wire{index}", 0))
    for index, packet in enumerate(work["packets"]):
        wires[packet["interface"]].send(frame(packet, index + 1, work["macs"][packet["interface"]]))
        # The queue of an interface is finite, and nobody would say that it was full.
        if index % 32 == 0:
            time.sleep(0.001)
    time.sleep(0.2)


if __name__ == "__main__":
    main()
