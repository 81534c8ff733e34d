"""Tries, all the time, to get out of every network that the torrent client or its tunnel is in.

A process looks for those two programs and puts a sender into their network namespaces: what a faulty or
hostile client could send, past the tunnel and through whatever else there is. On the network of the host the
sender has the client's account. Run as a program, it counts into the file that it is given.
"""

import ctypes
import errno
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

WANTED = {"qbittorrent-nox", "tunnel"}
_SLOTS, _SIZE = 4096, 8 * 4096
_NEWNET, _DIE_WITH_PARENT = 0x40000000, 1
_BIND = 25  # SO_BINDTODEVICE
_MARK = b"d1:ad2:id20:mediac-test-mediac-te9:info_hash20:mediac-test-mediac-te1:q9:get_peers1:y1:qe"
_QUESTION = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\7tracker\7example\3net\0\0\1\0\1"
_ECHO = struct.pack("!BBHHH", 8, 0, 0xE5CA, 0x1234, 1)
# Where to, and what.
_UDP = [
    ("198.51.100.20", 6881, _MARK),
    ("198.51.100.53", 53, _QUESTION),
    ("192.168.1.1", 53, _QUESTION),
    ("203.0.113.51", 1194, _MARK),
    ("203.0.113.51", 51820, _MARK),
    ("239.192.152.143", 6771, b"BT-SEARCH * HTTP/1.1\r\n"),
    ("239.255.255.250", 1900, b"M-SEARCH * HTTP/1.1\r\n"),
    ("192.168.1.1", 5351, b"\0\1\0\0\x1a\xe1\x1a\xe1\0\0\x0e\x10"),
]
_TCP = [("198.51.100.20", 6881), ("198.51.100.30", 6969), ("203.0.113.51", 443), ("192.168.1.50", 445)]
_UDP6 = ("2001:db8:9::20", 6881)


class Load:
    """The process and its count. Use as a context manager."""

    def __init__(self, book: Path):
        book.write_bytes(bytes(_SIZE))
        self._book = book
        with book.open("r+b") as file:
            self._counts = mmap.mmap(file.fileno(), _SIZE)

    def __enter__(self) -> "Load":
        self._process = subprocess.Popen([sys.executable, "-B", __file__, str(self._book)], stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.wait()

    def tried(self) -> int:
        """Packets past the tunnel that were handed to a kernel, or that it refused because of its rules."""
        if self._process.poll() is not None:
            raise RuntimeError("the load ended")
        return sum(struct.unpack(f"{_SLOTS}Q", self._counts))


def main() -> None:
    with open(sys.argv[1], "r+b") as file:
        counts = mmap.mmap(file.fileno(), _SIZE)
    senders: dict[str, int] = {}
    slot = 0
    while True:
        found = _networks()
        for network, pid in senders.items():
            # A sender would keep alive a network that nobody else is in.
            if network not in found:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        senders = {network: pid for network, pid in senders.items() if network in found}
        for network, (process, user) in found.items():
            if network not in senders:
                senders[network] = _fork(process, user, counts, slot % _SLOTS)
                slot += 1
        time.sleep(0.02)


def _networks() -> dict[str, tuple[str, int]]:
    """The networks of the wanted programs, each with one process and its account."""
    found = {}
    for process in os.listdir("/proc"):
        if not process.isdecimal():
            continue
        try:
            with open(f"/proc/{process}/comm", encoding="ascii", errors="replace") as file:
                if file.read().strip() in WANTED:
                    found[os.readlink(f"/proc/{process}/ns/net")] = (process, os.stat(f"/proc/{process}").st_uid)
        except OSError:
            continue  # ended meanwhile
    # The seeder outside is no part of the machine.
    return {network: at for network, at in found.items() if not _outside(at[0])}


def _outside(process: str) -> bool:
    try:
        return os.readlink(f"/proc/{process}/ns/pid") == os.readlink("/proc/self/ns/pid")
    except OSError:
        return True


def _fork(process: str, user: int, counts: mmap.mmap, slot: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        with open(f"/proc/{process}/ns/net", "rb") as network:
            if libc.setns(network.fileno(), _NEWNET) != 0:
                os._exit(1)
        devices = {name for _, name in socket.if_nameindex()}
        if "host0" in devices:
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        _send(_Sender("host0" if "host0" in devices else "eth0", counts, slot))
    except BaseException:
        pass  # the network went
    os._exit(1)


def _send(sender: "_Sender") -> None:
    plain = sender.plain(None)
    while True:
        forced = sender.plain(sender.device)
        # What takes the tunnel is sent as well, and not counted.
        sender.tunnel = "wg0" in {name for _, name in socket.if_nameindex()}
        for line, device in ((plain, None), (forced, sender.device)):
            for host, port, data in _UDP:
                sender.put(line, data, (host, port), device)
        for host, port in _TCP:
            sender.knock(host, port, None)
            sender.knock(host, port, sender.device)
        sender.raw()
        sender.six()
        if forced:
            forced.close()
        time.sleep(0.05)


class _Sender:
    def __init__(self, device: str, counts: mmap.mmap, slot: int):
        self.device, self._counts, self._slot = device, counts, slot
        self.tunnel = False

    def plain(self, device: str | None, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0):
        """A socket, bound to a device if one is given; none where that cannot be."""
        line = None
        try:
            line = socket.socket(family, kind, protocol)
            line.setblocking(False)
            if device:
                line.setsockopt(socket.SOL_SOCKET, _BIND, device.encode() + b"\0")
            return line
        except OSError:
            if line:
                line.close()
            return None

    def put(self, line, data: bytes, target, device: str | None) -> None:
        if line:
            self._tried(lambda: line.sendto(data, target), device)

    def knock(self, host: str, port: int, device: str | None) -> None:
        if line := self.plain(device, kind=socket.SOCK_STREAM):
            self._tried(lambda: line.connect((host, port)), device)
            line.close()

    def raw(self) -> None:
        for device in (None, self.device):
            if line := self.plain(device, kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP):
                self.put(line, _ECHO, ("198.51.100.20", 0), device)
                line.close()

    def six(self) -> None:
        if line := self.plain(self.device, family=socket.AF_INET6):
            self.put(line, _MARK, _UDP6, self.device)
            line.close()

    def _tried(self, act, device: str | None) -> None:
        try:
            act()
        except OSError as error:
            # The first is a connection that began, the other two are refusals by rules.
            if error.errno not in (errno.EINPROGRESS, errno.EPERM, errno.EACCES):
                return
        if self.tunnel and not device:
            return
        number = struct.unpack_from("Q", self._counts, 8 * self._slot)[0]
        struct.pack_into("Q", self._counts, 8 * self._slot, number + 1)


if __name__ == "__main__":
    main()
