"""The manifest and the tree say the same, and no file goes unjudged."""

import hashlib

from harness.manifest import RECORDS, Host
from harness.sandbox import Sandbox
from harness.verdict import Failed


def manifest(host: Host, _: Sandbox) -> None:
    wrong = []
    listed = set()
    for entry in host.entries:
        if entry.path in listed:
            wrong.append(f"{entry.path}: listed twice")
        listed.add(entry.path)
        source = host.source(entry)
        if entry.is_directory:
            continue
        if not source.is_file():
            wrong.append(f"{entry.path}: listed, but not in the tree")
        elif hashlib.sha256(source.read_bytes()).hexdigest() != entry.sha256:
            wrong.append(f"{entry.path}: not the bytes of sha256 {entry.sha256}")
    for found in sorted(host.tree.rglob("*")):
        path = found.relative_to(host.tree).as_posix()
        if not found.is_dir() and path not in RECORDS and f"/{path}" not in listed:
            wrong.append(f"/{path}: in the tree, but not listed")
    if wrong:
        raise Failed("\n".join(wrong))


def judged(host: Host, _: Sandbox) -> None:
    """Comes last. A new kind of artifact needs a check that reads it, or it would only look validated."""
    unread = [entry for entry in host.entries if not entry.is_directory and entry.path not in host.judged]
    # An empty file, such as a log that is there from the start, has nothing to judge.
    forgotten = sorted(entry.path for entry in unread if host.source(entry).stat().st_size > 0)
    if forgotten:
        raise Failed("no check reads:\n" + "\n".join(forgotten))
