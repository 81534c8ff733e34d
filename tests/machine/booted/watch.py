"""Looks all the time in which network namespace the torrent client runs."""

import os
import threading
from pathlib import Path

CLIENT, TUNNEL = "qbittorrent-nox", "tunnel"


class Watch:
    """Samples of a thread; the processes of the machine are visible from outside."""

    def __init__(self):
        self.outside: list[str] = []
        self.samples = 0
        self._owners: set[str] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._end.wait(0.05):
            found = {CLIENT: [], TUNNEL: []}
            for process in Path("/proc").iterdir():
                if not process.name.isdecimal():
                    continue
                try:
                    comm = (process / "comm").read_text().strip()
                    if comm in found:
                        found[comm].append((process.name, os.readlink(process / "ns/net")))
                except OSError:
                    continue  # ended meanwhile
            # A namespace that was the tunnel's stays good: nothing leads out of it once the tunnel is gone.
            self._owners.update(namespace for _, namespace in found[TUNNEL])
            self.samples += len(found[CLIENT])
            self.outside += [f"process {pid} in {at}" for pid, at in found[CLIENT] if at not in self._owners]
