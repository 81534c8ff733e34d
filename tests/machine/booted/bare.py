"""A machine as somebody has it who has just installed Debian: an account, a key, disks, and Plex to be had from apt."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

from booted.machine import Disk, Machine
from booted.prepare import USER
from harness import references
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.vendor import PACKAGES, UNIT

GIVEN = "/etc/mediac/secrets"
IDLE = "sleep infinity"
_ARCHIVE = "/srv/archive"
_VERSION = "1.0"
# What the package does when it is installed, as Debian's own do.
_INSTALLED = """\
#!/bin/sh
set -e
getent passwd {account} >/dev/null || useradd --system --user-group --home-dir {home} {account}
install -d -m 0755 -o {account} -g {account} {home}
systemctl daemon-reload || :
systemctl enable {name}.service
[ ! -d /run/systemd/system ] || systemctl start {name}.service
"""


def machine(host: Host, sandbox: Sandbox, public_key: str, plex: str = IDLE) -> Machine:
    """`plex` is what the stand-in for Plex's package runs."""
    place = sandbox.root.parent
    disks = {}
    for unit in host.files("/etc/systemd/system/*.mount"):
        text = (host.tree / unit.lstrip("/")).read_text(encoding="utf-8")
        settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        disks[settings["What"]] = Disk(place / f"{len(disks)}.img")
    # The base tree starts a Caddy of its own.
    sandbox.expect("systemctl", "disable", "caddy.service")
    sandbox.expect("useradd", "--create-home", "--shell=/bin/sh", USER)
    write(sandbox.path(f"/etc/sudoers.d/{USER}"), f"{USER} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    for home in ("/root", f"/home/{USER}"):
        write(sandbox.path(f"{home}/.ssh/authorized_keys"), public_key, 0o600)
        sandbox.path(f"{home}/.ssh").chmod(0o700)
    sandbox.expect("chown", "-R", f"{USER}:", f"/home/{USER}/.ssh")
    write(sandbox.path("/etc/hosts"), "127.0.0.1 localhost debian\n")
    _archive(sandbox, plex)
    _secrets(host, sandbox)
    for name in ("proc", "sys", "dev", "run", "tmp"):
        subprocess.run(["umount", sandbox.path(f"/{name}")], check=True)
    data = place / "docker"
    data.mkdir()
    return Machine(sandbox.root, data, disks)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def _archive(sandbox: Sandbox, plex: str) -> None:
    """An archive with a stand-in for Plex, in reach of apt without a network."""
    package = next(package for package in PACKAGES if package.name == "plexmediaserver")
    settings = vars(package)
    tree = sandbox.path("/tmp/package")
    control = f"Package: {package.name}\nVersion: {_VERSION}\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\n"
    control += "Description: stand-in\n"
    write(tree / "DEBIAN/control", control)
    write(tree / "DEBIAN/postinst", _INSTALLED.format(**settings), 0o755)
    write(tree / f"usr/lib/systemd/system/{package.name}.service", UNIT.format(**settings))
    write(tree / package.program.lstrip("/"), f"#!/bin/sh\nexec {plex}\n", 0o755)
    file = sandbox.path(f"{_ARCHIVE}/{package.name}.deb")
    file.parent.mkdir(parents=True)
    sandbox.expect("dpkg-deb", "--build", "--root-owner-group", "/tmp/package", f"{_ARCHIVE}/{file.name}")
    shutil.rmtree(tree)
    data = file.read_bytes()
    write(file.parent / "Packages", f"{control}Filename: ./{file.name}\nSize: {len(data)}\n"
                                    f"SHA256: {hashlib.sha256(data).hexdigest()}\n\n")
    write(sandbox.path("/etc/apt/sources.list.d/archive.list"), f"deb [trusted=yes] file:{_ARCHIVE} ./\n")


def _secrets(host: Host, sandbox: Sandbox) -> None:
    """Test values for the secrets that somebody has to give."""
    found = {reference for entry in host.entries if not entry.is_directory
             for reference in references.find(host.source(entry).read_bytes())}
    kinds = json.loads((host.tree / "inventory.json").read_text(encoding="utf-8"))["secrets"]
    given = {name for name, kind in kinds.items() if kind == "given"}
    for service, name, _ in found:
        if f"{service}/{name}" in given:
            write(sandbox.path(f"{GIVEN}/{service}/{name}"), references.plain(service, name) + "\n", 0o400)
