"""Installs a compiled host so that it can boot: as the validators do, plus what a booted machine needs."""

import shutil
import subprocess
from pathlib import Path

from booted.machine import Disk, Machine
from harness import install, references
from harness.manifest import Host
from harness.sandbox import Sandbox

USER, PASSWORD = "anna", "correct horse"
SECRETS = "/run/mediac/secrets"


def machine(host: Host, sandbox: Sandbox, secrets: dict[str, str] | None = None) -> Machine:
    """The machine, with the given values for secrets by their path, and test values for the others."""
    place = sandbox.root.parent
    disks = {}
    for unit in host.files("/etc/systemd/system/*.mount"):
        text = (host.tree / unit.lstrip("/")).read_text(encoding="utf-8")
        settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        disk = disks[settings["What"]] = Disk(place / f"{len(disks)}.img")
        disk.mount(sandbox.path(settings["Where"]))
    install.install(host, sandbox)
    _spoil_folders(host, sandbox)
    _local(host, sandbox, secrets or {})
    for below in (*(unit_path.parent for unit_path in sandbox.path("/srv").glob("*/lost+found")),
                  *(sandbox.path(name) for name in ("/proc", "/sys", "/dev", "/run", "/tmp"))):
        subprocess.run(["umount", below], check=True)
    data = place / "docker"
    data.mkdir()
    return Machine(sandbox.root, data, disks)


def _spoil_folders(host: Host, sandbox: Sandbox) -> None:
    """Leaves for the machine what it has to do itself: the folders of the storage go, or lose owner and mode."""
    for line in (host.tree / "etc/mediac/storage.tmpfiles").read_text(encoding="utf-8").splitlines()[::-1]:
        folder = sandbox.path(line.split()[1])
        if any(folder.iterdir()):
            shutil.chown(folder, 0, 0)
            folder.chmod(0o700)
        else:
            folder.rmdir()


def _local(host: Host, sandbox: Sandbox, secrets: dict[str, str]) -> None:
    # The base tree starts a Caddy of its own, which no host here installs.
    sandbox.expect("systemctl", "disable", "caddy.service")
    _write(sandbox, "/usr/lib/plexmediaserver/Plex Media Server", "#!/bin/sh\nexec sleep infinity\n", 0o755)
    units = [Path(path).name for path in host.files("/etc/systemd/system/*.*")
             if "\n[Install]" in (host.tree / path.lstrip("/")).read_text(encoding="utf-8")]
    native = ("nftables.service", "docker.service", "ssh.service", "fail2ban.service", "plexmediaserver.service")
    sandbox.expect("systemctl", "enable", *native, *units)
    _secrets(host, sandbox, secrets)
    sandbox.expect("useradd", "--create-home", "--shell=/bin/sh", USER)
    sandbox.expect("chpasswd", stdin=f"{USER}:{PASSWORD}\nroot:{PASSWORD}\n".encode())
    sandbox.script(f"""
        ssh-keygen -q -t ed25519 -N '' -f /root/key
        for home in /root /home/{USER}; do
            mkdir -m 0700 -p $home/.ssh && cp /root/key.pub $home/.ssh/authorized_keys
        done
        chown -R {USER}: /home/{USER}/.ssh
    """)


def _secrets(host: Host, sandbox: Sandbox, given: dict[str, str]) -> None:
    """What is in /run is gone after a reboot: tmpfiles brings the test values back before Docker starts."""
    rows = []
    for entry in host.entries:
        if entry.path.startswith(f"{SECRETS}/"):
            value = given.get(entry.path) or references.fill(host.source(entry).read_bytes()).decode()
            rows += [f"d {Path(entry.path).parent} 0711 root root"]
            rows += [f"f {entry.path} {entry.mode:04o} {entry.owner} {entry.group} - {value}"]
    _write(sandbox, "/etc/tmpfiles.d/mediac-test.conf", "\n".join(rows) + "\n", 0o600)


def _write(sandbox: Sandbox, path: str, text: str, mode: int) -> None:
    place = sandbox.path(path)
    place.write_text(text, encoding="utf-8")
    place.chmod(mode)
