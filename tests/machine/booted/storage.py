"""The folders of the storage on the booted machine, against the table they are made from."""

from booted.machine import Broken, Machine
from harness.manifest import Host


def _rows(host: Host) -> list[list[str]]:
    return [line.split()[1:] for line in (host.tree / "etc/mediac/storage.tmpfiles").read_text().splitlines()]


def compare(machine: Machine, host: Host) -> None:
    wanted = [f"{path} {mode.lstrip('0')} {owner} {group}" for path, mode, owner, group in _rows(host)]
    found = machine.say("stat -c '%n %a %U %G' " + " ".join(row[0] for row in _rows(host))).splitlines()
    if found != wanted:
        raise Broken("\n".join(sorted(set(found) ^ set(wanted))))


def on_disks(machine: Machine, host: Host) -> None:
    found = set(machine.say("stat -c %m " + " ".join(row[0] for row in _rows(host))).splitlines())
    units = [host.tree / unit.lstrip("/") for unit in host.files("/etc/systemd/system/*.mount")]
    wanted = {line[6:] for unit in units for line in unit.read_text().splitlines() if line.startswith("Where=")}
    if found != wanted:
        raise Broken(f"on {sorted(found)}, not {sorted(wanted)}")
