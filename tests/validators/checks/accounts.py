"""Accounts and directories that systemd makes at boot."""

from checks.helper import applicable
from harness.install import TMPFILES
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

_DATABASES = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow")


def sysusers(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, "/etc/sysusers.d/*.conf"):
        # The accounts were made before the files were installed: nothing may be left to do.
        before = [sandbox.path(database).read_bytes() for database in _DATABASES]
        _silent(path, sandbox.expect("systemd-sysusers", path))
        if before != [sandbox.path(database).read_bytes() for database in _DATABASES]:
            raise Failed(f"{path}: a second run still changes the accounts")


def tmpfiles(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, *TMPFILES):
        _silent(path, sandbox.expect("systemd-tmpfiles", "--create", path))
        _silent(path, sandbox.expect("systemd-tmpfiles", "--create", path))


def _silent(path: str, output: str) -> None:
    # Both programs exit with 0 after some warnings, for instance about a conflicting account.
    if output:
        raise Failed(f"{path}: not accepted silently\n{output}")
