"""The routing rules that back the kill switch up, really added."""

import re

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

_SHAPE = re.compile(r"ip (-4|-6) rule add pref (\d+) [\w ./:-]+")


# What is there after a change is what would be there without the past, forth and back.
_CHANGES = r"""
    load() {{ MEDIAC_BELT=$1 /usr/lib/mediac/killswitch-belt add; /usr/lib/mediac/killswitch-belt show; }}
    sed 's|to [0-9.]*/32|to 198.51.100.9/32|' {file} | tail -n +2 >/tmp/changed.belt
    load {file} >/tmp/before; load /tmp/changed.belt >/tmp/changed
    ip -4 rule flush protocol 77; ip -6 rule flush protocol 77
    load /tmp/changed.belt | cmp - /tmp/changed; load {file} | cmp - /tmp/before
    ! cmp -s /tmp/before /tmp/changed
"""


def rules(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, "*.belt"):
        lines = [line for line in sandbox.path(path).read_text(encoding="utf-8").splitlines() if line]
        if not lines:
            raise Failed(f"{path}: no rule")
        odd = [line for line in lines if not _SHAPE.fullmatch(line)]
        if odd:
            raise Failed(f"{path}: not `ip -4|-6 rule add pref N …`:\n" + "\n".join(odd))
        bridges = sorted(set(re.findall(r" [io]if (\S+)", "\n".join(lines))))
        script = [f"ip link add {bridge} type bridge\nip link set {bridge} up" for bridge in bridges]
        for line in lines:
            _, family, _, _, _, preference, *_ = line.split()
            script += [line, f"ip {family} rule show pref {preference} | grep -q ."]
        sandbox.script("\n".join(script))
        sandbox.script(_CHANGES.format(file=path))
