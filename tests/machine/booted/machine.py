"""The machine: systemd-nspawn over an overlay of the base tree, and disks on loop devices.

Runs within the namespaces of `isolate`, so that mounts, networks and processes go with the run, however it ends.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

_NAME = "mediac-test"
_NSPAWN = (
    "systemd-nspawn --quiet --boot --register=no --keep-unit --console=pipe --capability=all"
    " --resolv-conf=off --timezone=off"
).split()
# Machines that run at once would share the groups of their units, and get in each other's way when one starts a process.
_APART = """\
mkdir -p "$0"
mountpoint -q "$0" || mount -t cgroup2 none "$0"
mkdir -p "$0/$1"
echo $$ >"$0/$1/cgroup.procs"
shift
exec "$@"
"""
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}


class Broken(Exception):
    """The machine did not do what every further step needs."""


class Disk:
    """An ext4 file system on a loop device."""

    def __init__(self, image: Path, *mkfs: str):
        with image.open("wb") as file:
            file.truncate(256 << 20)
        _run("mkfs.ext4", "-q", *mkfs, image)
        self.device = _run("losetup", "--find", "--show", image).strip()
        # Detaching a device that is open makes the kernel detach it when its last user is gone, even a killed one.
        self._held = os.open(self.device, os.O_RDONLY | os.O_CLOEXEC)
        _run("losetup", "--detach", self.device)

    def mount(self, at: Path) -> None:
        at.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "ext4", self.device, at)


class Machine:
    """One tree, booted any number of times. `disks` are the loop devices by the name they have in there."""

    def __init__(self, root: Path, data: Path, disks: dict[str, Disk]):
        self.root = root
        self.data = data
        self.disks = disks
        self.console = data.parent / "console"
        self.cgroups, self.cgroup = data.parent / "cgroups", f"mediac-test-{secrets.token_hex(6)}"
        self.network: tuple[str, ...] = ("--private-network",)
        self._nspawn: subprocess.Popen | None = None
        self.leader = 0

    def boot(self, absent: tuple[str, ...] = (), timeout: float = 90) -> None:
        """Boots, and returns when every start job is done."""
        binds = [f"--bind={disk.device}:{name}" for name, disk in self.disks.items() if name not in absent]
        # Docker's layers cannot lie on an overlay themselves.
        binds += [f"--bind={self.data}:/var/lib/docker", "--system-call-filter=add_key keyctl bpf"]
        with self.console.open("ab") as console:
            self._nspawn = subprocess.Popen(
                ["sh", "-euc", _APART, self.cgroups, self.cgroup, *_NSPAWN, *self.network, f"--directory={self.root}", f"--machine={_NAME}", *binds],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            )
        until(lambda: self._find_leader(), 20, "a first process in the machine", every=0.1)
        until(lambda: self.ask("test -S /run/systemd/private"), 30, self._said, every=0.2)
        self.run("systemctl", "is-system-running", "--wait", timeout=timeout)

    def _said(self) -> str:
        return f"a running systemd:\n{self.console.read_text(errors='replace')[-2000:]}"

    def _find_leader(self) -> bool:
        if self._nspawn.poll() is not None:
            raise Broken(f"the machine did not boot: {self._said()}")
        pid = self._nspawn.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                self.leader = int(child)
        return bool(self.leader)

    def power_off(self, timeout: float = 90) -> None:
        self.run("systemctl", "poweroff", "--no-block")
        try:
            self._nspawn.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"still running {timeout:.0f} s after poweroff") from None
        self.leader = 0

    def kill(self) -> None:
        if self._nspawn and self._nspawn.poll() is None:
            self._nspawn.kill()
            self._nspawn.wait()

    def pull_the_plug(self) -> None:
        """Ends every process at once, as far as the machine can tell."""
        # The first process must not be seen to die by the others.
        for process in self._processes():
            # One that has ended since has nothing to stop.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
        os.kill(self.leader, signal.SIGKILL)
        self.kill()
        self.leader = 0
        # What nspawn would have cleaned up.
        if self.network != ("--private-network",):
            subprocess.run(["ip", "link", "delete", f"vb-{_NAME}"], stderr=subprocess.DEVNULL)
        subprocess.run(["umount", "--lazy", f"/run/systemd/nspawn/propagate/{_NAME}"], stderr=subprocess.DEVNULL)

    def _processes(self) -> list[int]:
        own = os.stat(f"/proc/{self.leader}/ns/pid").st_ino
        return [process for process in map(int, filter(str.isdecimal, os.listdir("/proc"))) if _namespace(process) == own]

    def run(self, *argv: str, timeout: float = 60, stdin: bytes | None = None) -> subprocess.CompletedProcess:
        """Runs a program in the machine; output is stdout and stderr."""
        enter = ["nsenter", f"--target={self.leader}", *"--mount --uts --ipc --net --pid --root --wd".split(), "--"]
        source = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        try:
            return subprocess.run(
                [*enter, *argv], **source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_ENVIRONMENT,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(argv, 124, late.stdout or b"")

    def ask(self, script: str, timeout: float = 60) -> bool:
        return self.run("sh", "-c", script, timeout=timeout).returncode == 0

    def say(self, script: str, timeout: float = 60) -> str:
        """What a shell script prints, whatever its exit code."""
        return self.run("sh", "-c", script, timeout=timeout).stdout.decode(errors="replace").strip()

    def must(self, script: str, timeout: float = 60) -> str:
        done = self.run("sh", "-euc", script, timeout=timeout)
        if done.returncode != 0:
            raise Broken(f"exit code {done.returncode}: {script}\n{done.stdout.decode(errors='replace')[-2000:]}")
        return done.stdout.decode(errors="replace").strip()


def _namespace(process: int) -> int:
    try:
        return os.stat(f"/proc/{process}/ns/pid").st_ino
    except OSError:
        return 0  # ended meanwhile


def until(true, seconds: float, what, every: float = 0.5) -> float:
    """Waits for a condition, and gives the seconds it took; `what` is said when it does not come."""
    start = time.monotonic()
    while not true():
        if time.monotonic() - start > seconds:
            raise Broken(f"not within {seconds:.0f} s: {what() if callable(what) else what}")
        time.sleep(every)
    return time.monotonic() - start


def _run(*argv) -> str:
    return subprocess.run([*map(str, argv)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
