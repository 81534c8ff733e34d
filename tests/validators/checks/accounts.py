"""Accounts and directories that systemd makes at boot."""

from checks.helper import applicable
from harness.install import TMPFILES
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed


def sysusers(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, "/etc/sysusers.d/*.conf"):
        # The accounts were made before the files were installed: nothing may be left to do.
        _silent(path, sandbox.expect("systemd-sysusers", path))
        for kind, name, wanted in _declared(sandbox.path(path).read_text(encoding="utf-8")):
            given = _ids(sandbox, kind).get(name)
            # systemd takes another id when the one asked for is in use, and calls that success.
            if given is None or (wanted and given != wanted):
                raise Failed(f"{path}: {kind} {name} has the id {given}, the definition says {wanted or 'any'}")


def _declared(text: str) -> list[tuple[str, str, str]]:
    """Database, name and id (empty for any) of each account and group of a sysusers file."""
    found = []
    for line in text.splitlines():
        kind, name, number, *_ = [*line.split(), "", "", ""]
        user, _, group = number.replace("-", "").partition(":")
        if kind in {"u", "u!"}:
            found.append(("passwd", name, user if user.isdecimal() else ""))
            # A name after the colon is a group declared elsewhere, a number must be that group's.
            found += [("passwd:group", name, group)] if group.isdecimal() else []
        elif kind == "g":
            found.append(("group", name, user if user.isdecimal() else ""))
    return found


def _ids(sandbox: Sandbox, kind: str) -> dict[str, str]:
    database, _, primary = kind.partition(":")
    rows = [line.split(":") for line in sandbox.path(f"/etc/{database}").read_text(encoding="utf-8").splitlines()]
    return {row[0]: row[3 if primary else 2] for row in rows}


def tmpfiles(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, *TMPFILES):
        _silent(path, sandbox.expect("systemd-tmpfiles", "--create", path))
        _silent(path, sandbox.expect("systemd-tmpfiles", "--create", path))


def _silent(path: str, output: str) -> None:
    # Both programs exit with 0 after some warnings, for instance about a conflicting account.
    if output:
        raise Failed(f"{path}: not accepted silently\n{output}")
