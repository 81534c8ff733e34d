"""Files that will hold secrets."""

from harness import references
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed, NotApplicable


def secrets(host: Host, _: Sandbox) -> None:
    holders = [
        entry
        for entry in host.entries
        if not entry.is_directory and references.find(host.source(entry).read_bytes())
    ]
    if not holders:
        raise NotApplicable("no reference to a secret")
    # Nothing but secrets is in a file of this class, so there is no format to parse.
    host.judged.update(entry.path for entry in holders if entry.kind == "secret")
    wide = [f"{entry.path}: mode {entry.mode:04o}" for entry in holders if entry.mode & 0o007]
    if wide:
        raise Failed("everyone on the machine may read:\n" + "\n".join(wide))
