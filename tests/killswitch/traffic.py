"""What a torrent client and its neighbours send, and other ways in which a packet could get out."""

import socket
import struct
import threading
import time

from places import (
    CLIENT, MARK, PEER6, PEER_PORT, PEER_TCP, PEER_UDP, PUBLIC_DNS, PUBLIC_DNS6, ROUTER, WAN,
)

_BINDTODEVICE = 25
ECHO, ECHO6 = 8, 128
IPV4, IPV6 = socket.AF_INET, socket.AF_INET6


def question(number):
    """A DNS question for a name that carries the mark."""
    name = b"".join(bytes([len(part)]) + part for part in (b"n%d" % number, MARK, b"example"))
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + name + b"\0" + struct.pack("!2H", 1, 1)


def kinds(built):
    """By name: family, kind of socket, destination, and the payload; a number is an ICMP type."""
    udp, tcp, raw = socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_RAW
    endpoint, plain = built.endpoint, MARK + b" in the clear"
    return {
        "udp": (IPV4, udp, (PEER_UDP, PEER_PORT), plain),
        "tcp": (IPV4, tcp, (PEER_TCP, PEER_PORT), b""),
        "icmp": (IPV4, raw, (PEER_UDP, 0), ECHO),
        "dns": (IPV4, udp, (PUBLIC_DNS, 53), question),
        "dot": (IPV4, tcp, (PUBLIC_DNS, 853), b""),
        "udp6": (IPV6, udp, (PEER6, PEER_PORT), plain),
        "tcp6": (IPV6, tcp, (PEER6, PEER_PORT), b""),
        "icmp6": (IPV6, raw, (PEER6, 0), ECHO6),
        "dns6": (IPV6, udp, (PUBLIC_DNS6, 53), question),
        "dot6": (IPV6, tcp, (PUBLIC_DNS6, 853), b""),
        "dns-router": (IPV4, udp, (ROUTER, 53), question),
        "dns-gateway": (IPV4, udp, (built.tunnel_gateway, 53), question),
        "endpoint-udp": (IPV4, udp, (endpoint, 1194), plain),
        "endpoint-tcp": (IPV4, tcp, (endpoint, 443), b""),
        "endpoint-tcp-port": (IPV4, tcp, (endpoint, built.endpoint_port), b""),
        "endpoint-icmp": (IPV4, raw, (endpoint, 0), ECHO),
        "endpoint-plain": (IPV4, udp, (endpoint, built.endpoint_port), plain),
        "nat-loop": (IPV4, udp, (WAN, 32400), plain),
        "link-local": (IPV4, udp, ("169.254.169.254", 80), plain),
        "nat-pmp": (IPV4, udp, (ROUTER, 5351), plain),
        "smb": (IPV4, tcp, (CLIENT, 445), b""),
        "lsd": (IPV4, udp, ("239.192.152.143", 6771), plain),
        "ssdp": (IPV4, udp, ("239.255.255.250", 1900), plain),
        "broadcast": (IPV4, udp, (CLIENT.rsplit(".", 1)[0] + ".255", 6771), plain),
    }


TORRENT = ("udp", "tcp", "icmp", "dns", "udp6", "tcp6", "icmp6", "dns6")
HOME = ("nat-pmp", "smb", "lsd", "ssdp", "broadcast", "nat-loop", "link-local")
ENDPOINT = ("endpoint-udp", "endpoint-tcp", "endpoint-tcp-port", "endpoint-icmp")


class Traffic:
    """Sends from the namespaces of a world."""

    def __init__(self, spaces, built):
        self.spaces, self.kinds = spaces, kinds(built)

    def burst(self, space="tunnel", kinds=TORRENT, times=5, device=None, user=None):
        """Some packets of each kind, each from a socket of its own; gives how many were tried."""
        held = []
        for number in range(times):
            for name in kinds:
                family, kind, to, payload = self.kinds[name]
                held.append(self._socket(space, family, kind, device, user))
                try:
                    self._send(held[-1], to, payload(number) if callable(payload) else payload, number)
                except OSError:
                    pass  # refused on the spot: nothing left
            time.sleep(0.002)
        time.sleep(0.05)
        for one in held:
            one.close()
        return len(held)

    def _socket(self, space, family, kind, device, user):
        raw = kind == socket.SOCK_RAW
        protocol = (socket.IPPROTO_ICMP if family == IPV4 else socket.IPPROTO_ICMPV6) if raw else 0
        one = self.spaces.socket(space, family, kind, protocol, user=None if raw else user)
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if device:
            one.setsockopt(socket.SOL_SOCKET, _BINDTODEVICE, device.encode() + b"\0")
        return one

    @staticmethod
    def _send(one, to, payload, number):
        if one.type == socket.SOCK_STREAM:
            one.connect_ex(to)
        elif isinstance(payload, int):
            one.sendto(echo(payload, number), to)
        else:
            one.sendto(payload, to)

    def flow(self, address=PEER_UDP, space="tunnel"):
        """A flow of datagrams whose source address is settled by now."""
        one = self.spaces.socket(space)
        one.connect((address, PEER_PORT))
        one.send(MARK)
        one.setblocking(False)
        return one

    def connection(self, address=PEER_TCP, space="tunnel"):
        """A connection over which something was said."""
        one = self.spaces.socket(space, kind=socket.SOCK_STREAM)
        one.settimeout(2)
        one.connect((address, PEER_PORT))
        one.sendall(MARK)
        one.recv(4096)
        one.setblocking(False)
        return one

    @staticmethod
    def go_on(flows, times=20, gap=0.05):
        """Says more over what is open."""
        for _ in range(times):
            for one in flows:
                try:
                    one.send(MARK + b" more")
                except OSError:
                    pass
            time.sleep(gap)

    def forged(self, sources, device="eth0", times=5):
        """Datagrams under the addresses of others."""
        one = self.spaces.socket("tunnel", kind=socket.SOCK_RAW, protocol=socket.IPPROTO_RAW)
        one.setsockopt(socket.SOL_SOCKET, _BINDTODEVICE, device.encode() + b"\0")
        body = struct.pack("!4H", PEER_PORT, PEER_PORT, 8 + len(MARK), 0) + MARK
        for number in range(times):
            for source in sources:
                ends = socket.inet_aton(source) + socket.inet_aton(PEER_UDP)
                header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, 0, 64, socket.IPPROTO_UDP, 0)
                try:
                    one.sendto(header + ends + body, (PEER_UDP, 0))
                except OSError:
                    pass

    def flood(self, gap, device=None, settled=False, streams=1):
        """Sends until told to stop."""
        return Flood(self, gap, device, settled, streams)


class Flood:
    """Threads that send; within `with`."""

    def __init__(self, traffic, gap, device, settled, streams):
        self._traffic, self._gap, self._device, self._settled = traffic, gap, device, settled
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(streams)]
        self.sent = 0

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _send(self):
        one = self._traffic._socket("tunnel", IPV4, socket.SOCK_DGRAM, self._device, None)
        if self._settled:
            one.connect((PEER_UDP, PEER_PORT))
        while not self._end.is_set():
            try:
                one.sendto(MARK, (PEER_UDP, PEER_PORT)) if not self._settled else one.send(MARK)
                self.sent += 1
            except OSError:
                pass
            time.sleep(self._gap)


def echo(kind, number):
    """An ICMP question."""
    body = struct.pack("!HH", 77, number) + MARK + b"  "
    text = struct.pack("!BBH", kind, 0, 0) + body
    total = sum(struct.unpack(f"!{len(text) // 2}H", text))
    total = (total >> 16) + (total & 0xFFFF)
    return struct.pack("!BBH", kind, 0, ~(total + (total >> 16)) & 0xFFFF) + body
