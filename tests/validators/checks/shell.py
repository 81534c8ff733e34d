"""Shell scripts of the machine."""

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

_SHEBANG = b"#!/bin/sh\n"


def shellcheck(host: Host, sandbox: Sandbox) -> None:
    scripts = applicable(host, "/usr/lib/mediac/*", "*.sh")
    wrong = [path for path in scripts if not sandbox.path(path).read_bytes().startswith(_SHEBANG)]
    if wrong:
        raise Failed(f"no POSIX shell script by its first line: {', '.join(wrong)}")
    sandbox.expect("shellcheck", "--norc", "--shell=sh", *scripts)
