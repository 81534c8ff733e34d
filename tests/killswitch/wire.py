"""Counts what leaves: at the host's interface to the house, and on the line to the provider."""

import socket
import struct
import threading
import time

from places import MARK, PEER6, PEER_TCP, PEER_UDP, PUBLIC_DNS, PUBLIC_DNS6, WEBSITE

_ALL_FRAMES, _OUTGOING, _RCVBUFFORCE = 3, 4, 33
_PORTS_OF_HOME = (445, 5351)
_TORRENT = {PEER_UDP, PEER_TCP, PUBLIC_DNS, PEER6, PUBLIC_DNS6}
_WIREGUARD = {struct.pack("<I", kind) for kind in (1, 2, 3, 4)}
# What a kernel answers of its own: that nobody is there, and who the neighbours are.
_ANSWERS = {1: {3, 11}, 58: {1, 2, 3, 4, *range(133, 138), 143}}
PLACES = {"house": ("router", "to-host"), "line": ("internet", "line")}


class Wire:
    """Looks at both places from its making on."""

    def __init__(self, spaces, endpoint):
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._counts, self._sources, self._tunnel = {}, set(), 0
        self.reset()
        for place, (space, interface) in PLACES.items():
            tap = spaces.socket(space, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_FRAMES))
            tap.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 1 << 26)
            tap.bind((interface, _ALL_FRAMES))
            threading.Thread(target=self._look, args=(place, tap), daemon=True).start()

    def reset(self):
        """Forgets what was counted, after what is under way has arrived."""
        time.sleep(0.12)
        with self._lock:
            self._counts = {place: {"ipv4": 0, "ipv6": 0} for place in PLACES}
            self._sources, self._tunnel = set(), 0

    def leaks(self, settle=0.25):
        """Packets that a confined program got out, by place and family; and the addresses that they showed."""
        time.sleep(settle)
        with self._lock:
            return {**self._counts, "sources": sorted(self._sources), "tunnel": self._tunnel}

    def _look(self, place, tap):
        while True:
            frame, address = tap.recvfrom(2048)
            if address[2] == _OUTGOING:
                continue
            packet = _parse(frame)
            if packet is None:
                continue
            verdict = self._judge(*packet)
            with self._lock:
                if verdict == "leak":
                    self._counts[place]["ipv6" if ":" in packet[0] else "ipv4"] += 1
                    self._sources.add(packet[0])
                self._tunnel += verdict == "tunnel"

    def _judge(self, source, destination, protocol, kind, port, payload):
        if kind in _ANSWERS.get(protocol, ()):
            return "answer"
        if destination == self._endpoint[0]:
            wireguard = protocol == socket.IPPROTO_UDP and port == self._endpoint[1] and payload[:4] in _WIREGUARD
            return "tunnel" if wireguard else "leak"
        if source in _TORRENT or source == WEBSITE:
            return "answer"
        if destination in _TORRENT or MARK in payload:
            return "leak"
        # Opening a connection carries no mark; answers to home come from other ports.
        return "leak" if port in _PORTS_OF_HOME else "other"


def _parse(frame):
    """Source, destination, protocol, ICMP type, port and payload of an IP packet."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    packet = frame[14:]
    if kind == 0x0800 and len(packet) >= 20:
        protocol, rest = packet[9], packet[(packet[0] & 15) * 4 :]
        source, destination = (socket.inet_ntop(socket.AF_INET, packet[at : at + 4]) for at in (12, 16))
    elif kind == 0x86DD and len(packet) >= 40:
        protocol, rest = packet[6], packet[40:]
        if protocol == 0:  # hop-by-hop options, as group memberships have them
            protocol, rest = rest[0], rest[(rest[1] + 1) * 8 :]
        source, destination = (socket.inet_ntop(socket.AF_INET6, packet[at : at + 16]) for at in (8, 24))
    else:
        return None
    if protocol == socket.IPPROTO_UDP and len(rest) >= 8:
        return source, destination, protocol, None, int.from_bytes(rest[2:4], "big"), rest[8:]
    if protocol == socket.IPPROTO_TCP and len(rest) >= 20:
        return source, destination, protocol, None, int.from_bytes(rest[2:4], "big"), rest[(rest[12] >> 4) * 4 :]
    return source, destination, protocol, rest[0] if rest else None, None, rest[8:]
