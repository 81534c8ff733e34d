"""systemd units, and the units that drop-ins extend."""

from pathlib import PurePosixPath

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

_HOME = "/etc/systemd/system"
_KINDS = ("service", "mount", "automount", "timer", "socket", "path", "target", "slice", "swap")


def verify(host: Host, sandbox: Sandbox) -> None:
    own = applicable(host, *(f"{_HOME}/*.{kind}" for kind in _KINDS))
    extended = {PurePosixPath(path).parent.name.removesuffix(".d") for path in host.judge(f"{_HOME}/*.d/*.conf")}
    names = sorted({PurePosixPath(path).name for path in own} | extended)
    # With `=no` a problem of the named units alone decides the exit code; without it there is none for
    # an unknown key.
    output = sandbox.expect("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names)
    ours = [line for line in output.splitlines() if f"{_HOME}/" in line]
    if ours:
        raise Failed("\n".join(ours))
