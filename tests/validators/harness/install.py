"""Puts a compiled host onto a sandbox the way a machine gets it: accounts, then files, then directories."""

import os
import shutil
from pathlib import Path

from harness import references, vendor
from harness.manifest import Entry, Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

TMPFILES = ("/etc/tmpfiles.d/*.conf", "/etc/mediac/*.tmpfiles")


def install(host: Host, sandbox: Sandbox) -> None:
    vendor.install(sandbox)
    for path in host.files("/etc/sysusers.d/*.conf"):
        accounts = host.tree / path.lstrip("/")
        sandbox.expect("systemd-sysusers", "-", stdin=accounts.read_bytes())
    users = _ids(sandbox.path("/etc/passwd"))
    groups = _ids(sandbox.path("/etc/group"))
    for entry in sorted(host.entries, key=lambda entry: entry.path):
        place = sandbox.path(entry.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if entry.is_directory:
            place.mkdir(exist_ok=True)
        else:
            _write(host, entry, place)
        os.chown(place, _id(users, entry.owner, entry), _id(groups, entry.group, entry), follow_symlinks=False)
        # After chown, which clears the set-id bits.
        place.chmod(entry.mode)


def _write(host: Host, entry: Entry, place: Path) -> None:
    # A path may replace a file or a symbolic link of a Debian package, but never write through it.
    if place.is_symlink() or place.exists():
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
    try:
        place.write_bytes(references.fill(host.source(entry).read_bytes()))
    except FileNotFoundError:
        raise Failed(f"{entry.path} is in the manifest and not in the tree") from None
    except references.Malformed as malformed:
        raise Failed(f"{entry.path}: {malformed}") from None


def _ids(database: Path) -> dict[str, int]:
    rows = (line.split(":") for line in database.read_text(encoding="utf-8").splitlines())
    return {row[0]: int(row[2]) for row in rows}


def _id(ids: dict[str, int], name: str, entry: Entry) -> int:
    if name.isdecimal():
        return int(name)
    if name not in ids:
        raise Failed(f"{entry.path}: no account or group `{name}` on the machine")
    return ids[name]
