"""What a machine has: files, units, rules, containers. To see that it has the same again."""

import json

from booted.machine import Broken, Machine
from harness.manifest import Host

# Programs write these: accounts and packages stay, and Docker numbers its rules anew at every start.
_MOVING = {f"/etc/{name}{dash}" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")
           for dash in ("", "-")} | {"/etc/.pwd.lock", "/etc/ld.so.cache"}
_FILES = """
find /etc /usr/lib/mediac /usr/lib/systemd /usr/lib/udev /usr/lib/tmpfiles.d /usr/lib/sysusers.d /var/spool/cron \
    -xdev -printf '%p %y %m %U %G %l\n' 2>/dev/null
find /etc -xdev -type f -exec sha256sum {} + | sed 's/^\\([^ ]*\\)  \\(.*\\)/\\2 \\1/'
find /run/mediac /run/systemd/system /run/systemd/transient -mindepth 1 -printf '%p\n' 2>/dev/null
"""
_QUESTIONS = {
    "units": "systemctl list-unit-files --no-legend --plain",
    "loaded": "systemctl list-units --no-legend --plain --all 'mediac*' 'srv-*' | awk '{print $1, $3, $4}' | grep -v inactive",
    "failed": "systemctl list-units --no-legend --plain --failed",
    "rules": "nft --stateless list ruleset",
    "routing": "ip -4 rule; ip -6 rule",
    "links": "ip -o link | awk '{print $2}' | cut -d@ -f1 | sort",
    "mounts": "findmnt --list --noheadings --output TARGET | grep ^/srv | sort",
    "containers": "docker ps --all --format '{{.Names}}'",
    "networks": "docker network ls --format '{{.Name}}' | sort",
    "services": "systemctl is-active ssh docker fail2ban nftables",
}


def everything(machine: Machine) -> dict[str, list[str]]:
    """By kind, what there is of it, apart from what belongs to the package that stays."""
    package = set(machine.say("dpkg -L plexmediaserver 2>/dev/null | while read -r path; do test -d \"$path\" || echo \"$path\"; done").splitlines())
    found = {kind: machine.say(question).splitlines() for kind, question in _QUESTIONS.items()}
    found["units"] = [line for line in found["units"] if not line.startswith("plexmediaserver.service ")]
    files = machine.say(_FILES).splitlines()
    found["files"] = sorted(line for line in files if not _moves(line, package))
    return found


def _moves(line: str, package: set[str]) -> bool:
    path = line.split(" ", 1)[0]
    return path in _MOVING or path in package or "plexmediaserver.service" in path


def difference(before: dict[str, list[str]], after: dict[str, list[str]]) -> str:
    lines = []
    for kind, had in before.items():
        has = after[kind]
        lines += [f"{kind}: - {line}" for line in had if line not in has]
        lines += [f"{kind}: + {line}" for line in has if line not in had]
    return "\n".join(lines)


def is_build(machine: Machine, host: Host) -> None:
    """Whether every file that is the build's alone is on the machine, with its owner, mode and bytes."""
    listed = json.loads((host.tree / "manifest.json").read_text(encoding="utf-8"))["files"]
    owned = [item for item in listed if item["class"] == "owned"]
    wanted = {item["path"]: f"{item['mode'].lstrip('0')} {item['owner']} {item['group']} {item['sha256']}" for item in owned}
    names = "\n".join(wanted)
    script = "while read -r path; do echo \"$path $(stat -c '%a %U %G' \"$path\") $(sha256sum <\"$path\" | cut -c1-64)\"; done"
    said = machine.run("sh", "-c", script, stdin=f"{names}\n".encode()).stdout.decode(errors="replace")
    found = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in said.splitlines() if " " in line}
    wrong = [f"{path}: {found.get(path)}, not {value}" for path, value in wanted.items() if found.get(path) != value]
    if wrong:
        raise Broken("\n".join(wrong[:10]))
