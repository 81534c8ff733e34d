"""Counts what leaves the machine by its uplink, from the first frame of the first boot on.

The socket belongs to no interface: the machine's side of the wire is made anew at every boot.
"""

import socket
import struct
import threading
import time
from collections import Counter

from booted import frames, outside

_OTHERS = {outside.BRIDGE, "router", "client", "lo"}
_ALL, _OUTGOING = 0x0003, 4
_PACKET, _STATISTICS, _RECEIVE_FORCE = 263, 6, 33


class Uplink:
    """Use as a context manager."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_FORCE, 128 << 20)
        self._socket.setblocking(False)
        self._counts: Counter[str] = Counter()
        self._leaks: list[str] = []
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._caught_up = 0.0
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> "Uplink":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        self._thread.join()

    def forget(self) -> None:
        """Starts to count from here."""
        self.settle()
        with self._lock:
            self._counts.clear()
            self._leaks.clear()

    def settle(self) -> None:
        """Waits until everything that was sent until now is counted."""
        time.sleep(0.2)
        now = time.monotonic()
        while self._caught_up < now:
            time.sleep(0.01)

    def leaks(self) -> list[str]:
        self.settle()
        with self._lock:
            return list(self._leaks)

    def count(self, kind: str) -> int:
        with self._lock:
            return self._counts[kind]

    def lost(self) -> int:
        """Frames that came and could not be counted, since this was asked last."""
        return struct.unpack("II", self._socket.getsockopt(_PACKET, _STATISTICS, 8))[1]

    def _loop(self) -> None:
        while not self._end.is_set():
            try:
                frame, (name, _, direction, *_) = self._socket.recvfrom(2048)
            except BlockingIOError:
                self._caught_up = time.monotonic()
                time.sleep(0.005)
                continue
            # A wire that is gone has no name any more; only the machine's ever goes.
            if direction == _OUTGOING or name in _OTHERS:
                continue
            kind = frames.judge(frame)
            with self._lock:
                self._counts[kind] += 1
                if kind not in (frames.TUNNEL, frames.OWN):
                    self._leaks.append(kind)
