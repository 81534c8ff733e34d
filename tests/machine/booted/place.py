"""A place on the network around the machine: a network namespace and the programs that run in it.

A process holds the namespace, so that it goes with the run. Programs come from the Debian tree of `root`.
"""

import os
import subprocess
import time
from pathlib import Path

from booted.machine import Broken


class Place:
    def __init__(self, name: str, root: Path):
        self.name, self.root = name, root
        self._started: list[subprocess.Popen] = []
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        self.pid = self._holder.pid
        own = os.readlink("/proc/self/ns/net")
        for _ in range(500):
            if os.readlink(f"/proc/{self.pid}/ns/net") != own:
                break
            time.sleep(0.01)
        self.set("ip link set lo up")

    def set(self, script: str) -> None:
        """Sets up the network, with this side's programs."""
        command = [*self._enter(), "sh", "-euc", script]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"{self.name}: {script}\n{done.stderr}")

    def run(self, *argv: str, stdin: bytes | None = None, timeout: float = 20) -> subprocess.CompletedProcess:
        """Runs a program of the tree; output is stdout and stderr."""
        source = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        command = [*self._enter(), "chroot", str(self.root), *argv]
        try:
            return subprocess.run(command, **source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(argv, 124, late.stdout or b"")

    def start(self, *argv: str) -> subprocess.Popen:
        """Starts a program of the tree."""
        return self._start("chroot", str(self.root), *argv)

    def serve(self, *argv: str) -> subprocess.Popen:
        """Starts a program of this side."""
        return self._start(*argv)

    def end(self) -> None:
        for process in (*self._started, self._holder):
            process.kill()
            process.wait()

    def _start(self, *argv: str) -> subprocess.Popen:
        log = (self.root.parent / f"log-{self.name}").open("ab")
        process = subprocess.Popen([*self._enter(), *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self._started.append(process)
        return process

    def _enter(self) -> list[str]:
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net"]
