"""A throw-away Debian machine: an overlay over the base tree, and commands run inside it.

Runs within the namespaces of `isolate`, which is why nothing is unmounted on failure paths.
"""

import os
import shutil
import stat
import subprocess
import threading
from pathlib import Path

from harness.verdict import Failed

_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}


class Sandboxes:
    """Makes sandboxes over one base tree, in memory."""

    def __init__(self, base: Path):
        self.base = base
        # Every Debian tree has an empty /mnt. A tmpfs over the base tree's one is seen in this mount
        # namespace only, so even `kill -9` leaves no directory behind.
        self.store = base / "mnt"
        self._next = 0
        self._lock = threading.Lock()
        _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", self.store)

    def make(self) -> "Sandbox":
        with self._lock:
            self._next += 1
            place = self.store / str(self._next)
        root = place / "root"
        for name in ("root", "upper", "work"):
            (place / name).mkdir(parents=True)
        options = f"lowerdir={self.base},upperdir={place / 'upper'},workdir={place / 'work'}"
        overlay = subprocess.run(
            ["mount", "-t", "overlay", "-o", options, "overlay", root], stdin=subprocess.DEVNULL, capture_output=True
        )
        if overlay.returncode != 0:
            # Some container file systems cannot be the lower layer of an overlay.
            entries = [entry for entry in self.base.iterdir() if entry.name != "mnt"]
            subprocess.run(["cp", "-a", "--reflink=auto", *entries, root], check=True)
            (root / "mnt").mkdir(exist_ok=True)
            # A mount like the overlay, so that both are taken down alike.
            _mount("--bind", root, root)
        return Sandbox(root)


class Sandbox:
    """One machine. Use as a context manager: the mounts go at the end of the block."""

    def __init__(self, root: Path):
        self.root = root
        _mount("-t", "proc", "proc", root / "proc")
        _mount("-t", "sysfs", "-o", "ro", "sysfs", root / "sys")
        for name in ("dev", "run", "tmp"):
            _mount("-t", "tmpfs", "-o", "mode=" + ("1777" if name == "tmp" else "0755"), "tmpfs", root / name)
        for name, (major, minor) in _DEVICES.items():
            os.mknod(root / "dev" / name, 0o666 | stat.S_IFCHR, os.makedev(major, minor))
            os.chmod(root / "dev" / name, 0o666)
        (root / "dev" / "fd").symlink_to("/proc/self/fd")
        (root / "dev" / "shm").mkdir(mode=0o1777)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_) -> None:
        subprocess.run(["umount", "--lazy", "--recursive", self.root], check=False)
        shutil.rmtree(self.root.parent, ignore_errors=True)

    def path(self, inside: str) -> Path:
        """The path on this side of something inside."""
        return self.root / inside.lstrip("/")

    def run(self, *argv: str, stdin: bytes | None = None, timeout: float = 60) -> subprocess.CompletedProcess:
        """Runs a program inside, in an empty network namespace of its own; output is stdout and stderr."""
        command = ["unshare", "--net", "chroot", str(self.root), *argv]
        source = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        try:
            return subprocess.run(
                command, **source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_ENVIRONMENT, timeout=timeout
            )
        except subprocess.TimeoutExpired as expired:
            raise Failed(f"no end after {timeout:.0f} s: {' '.join(argv)}\n{_text(expired.stdout)}") from None

    def expect(self, *argv: str, stdin: bytes | None = None, timeout: float = 60) -> str:
        """Runs a program that must exit with 0 and gives its output. A missing program is a failure too."""
        done = self.run(*argv, stdin=stdin, timeout=timeout)
        output = _text(done.stdout)
        if done.returncode != 0:
            raise Failed(f"exit code {done.returncode}: {' '.join(argv)}\n{output}")
        return output

    def script(self, text: str, timeout: float = 60) -> str:
        """Runs a shell script that stops at its first failing command."""
        return self.expect("sh", "-eu", stdin=text.encode(), timeout=timeout)


def _mount(*arguments) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL)


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace").rstrip()
