"""The machine somebody sits at: `mediac`, ssh, and variants of a host."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from booted.machine import Broken
from booted.outside import HOST
from booted.place import Place
from booted.prepare import USER
from harness.sandbox import Sandbox

MACHINE = "machine"
_CONFIG = f"""\
Host {MACHINE}
    HostName {HOST}
    User {USER}
    IdentityFile /root/.ssh/key
    BatchMode yes
    StrictHostKeyChecking accept-new
"""


@dataclass(frozen=True)
class Said:
    """How a call ended."""

    code: int
    text: str
    seconds: float


class Desk:
    def __init__(self, place: Place, sandbox: Sandbox, mediac: Path, host: str):
        self._place, self._sandbox, self._host = place, sandbox, host
        shutil.copy(mediac, sandbox.path("/usr/local/bin/mediac"))
        (sandbox.path("/root") / ".ssh").mkdir(mode=0o700, exist_ok=True)
        sandbox.path("/root/.ssh/config").write_text(_CONFIG, encoding="utf-8")
        sandbox.expect("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/.ssh/key")
        self.public_key = sandbox.path("/root/.ssh/key.pub").read_text(encoding="utf-8")

    def build(self, name: str, *changes: tuple[str, str]) -> Path:
        """Builds the host with changes of its text. Gives the output, on this side; `path` has it inside."""
        text = self._host
        for old, new in changes:
            if old not in text:
                raise Broken(f"the host has no {old!r}")
            text = text.replace(old, new)
        project = self._sandbox.path(f"/root/{name}")
        (project / "hosts").mkdir(parents=True)
        (project / "hosts/home.ncl").write_text(text, encoding="utf-8")
        said = self.mediac("-C", f"/root/{name}", "build")
        if said.code:
            raise Broken(said.text)
        return project / "out/home"

    def apply(self, name: str, *arguments: str, timeout: float = 240) -> Said:
        """Applies a variant to the machine."""
        return self.mediac("apply", "--from", f"/root/{name}/out/home", "--to", MACHINE, *arguments, timeout=timeout)

    def mediac(self, *arguments: str, timeout: float = 60) -> Said:
        return self.call("/usr/local/bin/mediac", *arguments, timeout=timeout)

    def ssh(self, command: str) -> Said:
        return self.call("/usr/bin/ssh", "-o", "ConnectTimeout=5", MACHINE, command, timeout=20)

    def call(self, *argv: str, timeout: float) -> Said:
        start = time.monotonic()
        done: subprocess.CompletedProcess = self._place.run(*argv, timeout=timeout)
        return Said(done.returncode, done.stdout.decode(errors="replace"), time.monotonic() - start)
