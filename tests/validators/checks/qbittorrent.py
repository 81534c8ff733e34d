"""qBittorrent itself, started on its seed.

The other services are not in Debian. This one is, and it has the seed that is easiest to get wrong: a
password hash, Qt's own escaping, and settings that are silently ignored in the wrong place.
"""

import json
import os
import shutil
from pathlib import PurePosixPath

from checks.helper import applicable, program
from harness import references
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

_PROFILES = "/tmp/qbittorrent"
# nobody's, but not `nobody`: files of the test only
_UID = 64999


def starts(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, "*/qBittorrent/qBittorrent.conf"):
        host.judge(f"{PurePosixPath(path).parent}/categories.json")
        seed = PurePosixPath(path)
        secrets = references.find((host.tree / path.lstrip("/")).read_bytes())
        passwords = {references.plain(service, name) for service, name, form in secrets if form == "pbkdf2-sha512"}
        if len(passwords) != 1:
            raise Failed(f"{path}: {len(passwords)} password references, not one")
        # The layout of the linuxserver image: the configuration directory is XDG_CONFIG_HOME. A copy, since
        # the program writes into it.
        profile = f"{_PROFILES}/{seed.parent.parent.name}"
        shutil.copytree(sandbox.path(str(seed.parent.parent)), sandbox.path(profile))
        _own(sandbox, _PROFILES)
        task = {"profile": profile, "uid": _UID, "password": passwords.pop()}
        program(sandbox, "qbittorrent.py", json.dumps(task), timeout=120)


def _own(sandbox: Sandbox, top: str) -> None:
    for folder, _, files in os.walk(sandbox.path(top)):
        for place in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(place, _UID, _UID)
