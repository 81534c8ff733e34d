"""The list of files a compiled host consists of, as `manifest.json` gives it."""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

NAME = "manifest.json"
# Records about the tree, not files of the machine.
RECORDS = {NAME, "inventory.json"}


@dataclass(frozen=True)
class Entry:
    """One path of the target machine."""

    path: str
    mode: int
    owner: str
    group: str
    kind: str
    sha256: str | None

    @property
    def is_directory(self) -> bool:
        return self.kind == "dir"


@dataclass(frozen=True)
class Host:
    """One directory below `out/`."""

    tree: Path
    entries: tuple[Entry, ...]
    # The files that some check has looked at.
    judged: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.tree.name

    def source(self, entry: Entry) -> Path:
        """Where the compiled bytes of an entry are."""
        return self.tree / entry.path.lstrip("/")

    def files(self, *patterns: str) -> list[str]:
        """The target paths that match one of the shell patterns (`*` also matches `/`)."""
        return [
            entry.path
            for entry in self.entries
            if not entry.is_directory and any(fnmatchcase(entry.path, pattern) for pattern in patterns)
        ]

    def judge(self, *patterns: str) -> list[str]:
        """The same, for a check that answers for these files from now on."""
        files = self.files(*patterns)
        self.judged.update(files)
        return files


def load(tree: Path) -> Host:
    listed = json.loads((tree / NAME).read_text(encoding="utf-8"))["files"]
    entries = (_entry(item) for item in listed if item["path"].lstrip("/") not in RECORDS)
    return Host(tree, tuple(entries))


def _entry(item: dict) -> Entry:
    return Entry(
        path=item["path"],
        mode=int(item["mode"], 8),
        owner=str(item["owner"]),
        group=str(item["group"]),
        kind=item["class"],
        sha256=item.get("sha256"),
    )


def trees(given: Path) -> list[Path]:
    """The host directories that a directory is or holds."""
    given = given.resolve()
    if (given / NAME).is_file():
        return [given]
    return sorted(found.parent for found in given.glob(f"*/{NAME}"))
