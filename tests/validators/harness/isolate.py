"""Moves the whole run into namespaces of its own.

Everything a check does to mounts, networks and processes then ends with the run, however the run ends:
the kernel drops the mounts with the mount namespace and kills every process with the first one of the
pid namespace. The network namespace is empty, so nothing can reach outside.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

_MARK = "MEDIAC_VALIDATORS_BASE"
_MACHINE = Path(__file__).resolve().parents[2] / "machine"


def enter(argv: list[str]) -> Path:
    """Builds the base tree if needed, re-executes inside the namespaces, and there returns the base tree."""
    marked = os.environ.pop(_MARK, None)
    if marked:
        # The first process of a pid namespace ignores what it does not handle.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return Path(marked)
    if os.geteuid() != 0:
        sys.exit("validators: needs root, for mounts and namespaces")
    os.environ[_MARK] = base = _printed_by(_MACHINE / "base")
    # What comes from outside must be here before the network is gone.
    os.environ.setdefault("MEDIAC_SPECS", _printed_by(_MACHINE / "schema", base))
    sys.stdout.flush()
    unshare = ["unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
    os.execvp("unshare", [*unshare, sys.executable, "-B", *argv])


def _printed_by(*argv: str | Path) -> str:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"validators: {Path(argv[0]).name} failed, so there is nothing to check with")
    return done.stdout.strip()
