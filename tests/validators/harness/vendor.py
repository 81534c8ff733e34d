"""Stand-ins for packages that come from their vendor's archive.

The checks run without network beyond the Debian mirror, so these packages cannot be installed. What a
host needs of one in order to be judged is the unit that its drop-ins extend, the program that the unit
starts and the account that owns its files. The stand-ins hold just that, and no more: a drop-in for a unit
that neither Debian nor this table has stays an error.
"""

from dataclasses import dataclass

from harness.sandbox import Sandbox


@dataclass(frozen=True)
class Package:
    name: str
    account: str
    home: str
    program: str


PACKAGES = (
    Package("plexmediaserver", "plex", "/var/lib/plexmediaserver", "/usr/lib/plexmediaserver/Plex Media Server"),
    Package("jellyfin", "jellyfin", "/var/lib/jellyfin", "/usr/bin/jellyfin"),
)

UNIT = """\
[Unit]
Description={name} (stand-in)
After=network.target

[Service]
User={account}
Group={account}
ExecStart="{program}"

[Install]
WantedBy=multi-user.target
"""


def install(sandbox: Sandbox) -> None:
    for package in PACKAGES:
        unit = sandbox.path(f"/usr/lib/systemd/system/{package.name}.service")
        unit.write_text(UNIT.format(**vars(package)), encoding="utf-8")
        program = sandbox.path(package.program)
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n", encoding="utf-8")
        program.chmod(0o755)
    # What `mediac apply` puts there, and units call.
    mediac = sandbox.path("/var/lib/mediac/bin/mediac")
    mediac.parent.mkdir(parents=True, exist_ok=True)
    mediac.write_text("#!/bin/sh\n", encoding="utf-8")
    mediac.chmod(0o755)
    accounts = "".join(f'u {package.account} - "{package.name}" {package.home}\n' for package in PACKAGES)
    sandbox.expect("systemd-sysusers", "-", stdin=accounts.encode())
