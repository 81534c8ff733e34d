"""The compose file, by Compose itself and by the published schema."""

import os
import re
import shutil
from pathlib import Path

from checks.helper import applicable, program
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

_FILES = "*/compose.yaml"
_SETTINGS = "/run/mediac/env/*.env"
_ENVIRONMENT = re.compile(r"/run/mediac/[\w./-]+\.env\b")


def config(host: Host, sandbox: Sandbox) -> None:
    host.judge(_SETTINGS)
    for path in applicable(host, _FILES):
        for name in _ENVIRONMENT.findall(sandbox.path(path).read_text(encoding="utf-8")):
            # Written at apply time where it is not part of the tree.
            sandbox.path(name).parent.mkdir(parents=True, exist_ok=True)
            sandbox.path(name).touch()
        warnings = sandbox.expect("docker", "compose", "-f", path, "config", "-q")
        if warnings:
            raise Failed(warnings)


def schema(host: Host, sandbox: Sandbox) -> None:
    files = applicable(host, _FILES)
    shutil.copy(Path(os.environ["MEDIAC_SPECS"]) / "compose-spec.json", sandbox.path("/tmp"))
    program(sandbox, "schema.py", "/tmp/compose-spec.json", *files)
