"""Runs one of the programs of `inside/` with the machine's own Python, which has the parsers."""

import os
import shutil
from pathlib import Path

from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import NotApplicable

_PROGRAMS = Path(__file__).resolve().parent.parent / "inside"


def applicable(host: Host, *patterns: str) -> list[str]:
    """The matching files of the host, of which there must be one for the check to apply."""
    files = host.judge(*patterns)
    if not files:
        raise NotApplicable(f"no {' or '.join(os.path.basename(pattern) for pattern in patterns)}")
    return files


def program(sandbox: Sandbox, name: str, *arguments: str, timeout: float = 60) -> str:
    shutil.copy(_PROGRAMS / name, sandbox.path("/tmp"))
    return sandbox.expect("python3", f"/tmp/{name}", *arguments, timeout=timeout)
