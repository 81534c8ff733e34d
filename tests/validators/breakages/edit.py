"""Edits of a copied host tree."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness import manifest
from harness.manifest import Host
from harness.sandbox import Sandbox


class NoSuchPlace(Exception):
    """The host has nothing that could be broken in this way."""


@dataclass(frozen=True)
class Breakage:
    """One fault, and the checks that have to turn red: these and no others."""

    name: str
    red: frozenset[str]
    tree: Callable[[Host], None] | None = None
    machine: Callable[[Sandbox], None] | None = None
    # Otherwise the manifest follows the edit, so that it is not what finds the fault.
    stale: bool = False


def copy(host: Host, place: Path) -> Host:
    shutil.copytree(host.tree, place / host.name)
    return manifest.load(place / host.name)


def refresh(host: Host) -> Host:
    """Makes the manifest say what the edited tree holds."""
    listing = host.tree / manifest.NAME
    document = json.loads(listing.read_text(encoding="utf-8"))
    for item in document["files"]:
        source = host.tree / item["path"].lstrip("/")
        if source.is_file():
            item["sha256"] = hashlib.sha256(source.read_bytes()).hexdigest()
    listing.write_text(json.dumps(document), encoding="utf-8")
    return manifest.load(host.tree)


def change(pattern: str, old: str, new: str) -> Callable[[Host], None]:
    """Replaces the first match of a regular expression in the first file that has one."""

    def edit(host: Host) -> None:
        for path in host.files(pattern):
            source = host.tree / path.lstrip("/")
            before = source.read_text(encoding="utf-8")
            after = re.sub(old, new, before, count=1, flags=re.MULTILINE)
            if after != before:
                source.write_text(after, encoding="utf-8")
                return
        raise NoSuchPlace(f"no file {pattern} has {old}")

    return edit


def append(pattern: str, text: str) -> Callable[[Host], None]:
    return change(pattern, r"\Z", text.replace("\\", r"\\"))


def edit_listing(act: Callable[[list[dict]], None]) -> Callable[[Host], None]:
    def edit(host: Host) -> None:
        listing = host.tree / manifest.NAME
        document = json.loads(listing.read_text(encoding="utf-8"))
        act(document["files"])
        listing.write_text(json.dumps(document), encoding="utf-8")

    return edit


def remove_program(*paths: str) -> Callable[[Sandbox], None]:
    def edit(sandbox: Sandbox) -> None:
        for path in paths:
            sandbox.path(path).unlink()

    return edit
