"""Real programs: those of Debian, and those that somebody has besides, MEDIAC_REAL_<SERVICE>=<executable>.

The latter is called as `<executable> CONFIG_DIR PORT`, and runs in the foreground: the program on the configuration in that
folder, listening at that port of 127.0.0.1. Those that ask plex.tv ask a stand-in of it.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from harness import references
from real import Program, answers


# What starts those that the Debian tree has.
DEBIAN = {"sabnzbd": "sabnzbdplus --config-file {config} --server 127.0.0.1:{port} --browser 0 --logging 1"}


def given(kind):
    """The executable that starts a kind of service; nothing where nobody gave one."""
    return os.environ.get(f"MEDIAC_REAL_{kind.upper()}")


def is_here(kind):
    return kind in DEBIAN or given(kind) is not None


class Genuine(Program):
    """A service on the seeds of a host."""

    patience = 120

    def __init__(self, kind, seeds: Path, folder: Path, port, sandbox):
        self.kind, self.seeds, self.port, self.log = kind, seeds, port, folder / f"{kind}.log"
        if executable := given(kind):
            self.config = folder / kind
            self.command = [executable, str(self.config), str(port)]
        else:
            self.config = sandbox.path(f"/genuine/{kind}")
            command = DEBIAN[kind].format(config=f"/genuine/{kind}", port=port)
            self.command = ["chroot", str(sandbox.root), *command.split()]
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        self._process = None

    def fresh(self):
        """As after its first start on the seeds."""
        self.stop()
        shutil.rmtree(self.config, ignore_errors=True)
        for seed in self.files():
            place = self.config / seed.relative_to(self.seeds)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(references.fill(seed.read_bytes()))
        self.config.mkdir(parents=True, exist_ok=True)
        return self.start()

    def files(self):
        return [path for path in sorted(self.seeds.rglob("*")) if path.is_file()]

    def stop(self):
        """Until nothing of it is left: what started it may end before it does."""
        process = self._process
        super().stop()
        end = time.monotonic() + 15
        while process and answers(self.port):
            if time.monotonic() > end:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0.1)

    def restart(self):
        self.stop()
        return self.start()


def known(names, folder: Path):
    """Lets programs find each other by name, as containers do; for this run only."""
    hosts = folder / "known"
    hosts.write_text(f"127.0.0.1 localhost {' '.join(names)}\n")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    # Nobody else is found, and that at once.
    subprocess.run(["mount", "--bind", "/dev/null", "/etc/resolv.conf"], check=True)


def unknown():
    subprocess.run(["umount", "/etc/hosts", "/etc/resolv.conf"], check=True)
