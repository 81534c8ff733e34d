"""One run as the disk saw it: entries, contents and syncs, in order, on folders and files that have numbers."""

import posixpath
import re
from dataclasses import dataclass

from calls import MUTATING, strace
from world import File, Folder, Link, lay

ROOT = 0


@dataclass(frozen=True)
class Op:
    kind: str  # entry: of a folder; data: content or rights; sync; step: a program was run
    node: int  # the folder whose entries change, or what is written or synced
    path: str  # as it was called then
    changes: tuple = ()  # of an entry: names and what they are from then on
    version: object = None  # of data: what the whole is from then on


class Recording:
    """The disk before a run, and what the run did to it."""

    def __init__(self, tree):
        # What a node is when it is made, and the entries of folders at the beginning.
        self.nodes, self.entries, self.ops = {ROOT: Folder(0o755, 0, 0)}, {ROOT: {}}, []
        self.now, self.versions, numbers = {ROOT: {}}, dict(self.nodes), {"": ROOT}
        for path in sorted(tree):
            number = self.node(tree[path])
            numbers[path] = number
            above, name = path.rsplit("/", 1)
            self.entries[numbers[above]][name] = number
        self.now = {folder: dict(names) for folder, names in self.entries.items()}

    def node(self, entry):
        number = len(self.nodes)
        self.nodes[number] = self.versions[number] = entry
        if isinstance(entry, Folder):
            self.entries[number], self.now[number] = {}, {}
        return number

    def find(self, path):
        number = ROOT
        for name in path.strip("/").split("/"):
            if name:
                number = self.now.get(number, {}).get(name)
        return number

    def entry(self, path, *changes):
        """A change of a folder's entries."""
        folder = self.find(posixpath.dirname(path))
        self.now[folder].update(changes)
        self.ops.append(Op("entry", folder, path, changes))

    def data(self, path, version):
        number = self.find(path)
        self.versions[number] = version
        self.ops.append(Op("data", number, path, version=version))

    def add(self, call, root):
        """What a call did, if anything."""
        if call.result < 0:
            return
        paths = [posixpath.normpath(path)[len(root):] for path in call.paths if path and f"{path}/".startswith(f"{root}/")]
        if call.name == "execve":
            self.ops.append(Op("step", -1, call.paths[0]))
            return
        if not paths:
            return
        path, name = paths[0], posixpath.basename(paths[0])
        number = self.find(path)
        has = self.versions.get(number)
        match call.name:
            case "openat":
                if "O_CREAT" in call.arguments and number is None:
                    mode = int(call.arguments.rsplit(", ", 1)[1], 8) & ~0o022
                    self.entry(path, (name, self.node(File(mode, 0, 0, b""))))
                elif "O_TRUNC" in call.arguments and has.content:
                    self.data(path, has._replace(content=b""))
            case "write":
                self.data(path, has._replace(content=has.content + call.texts[0]))
            case "fchmod":
                self.data(path, has._replace(mode=int(call.arguments.rsplit(", ", 1)[1], 8)))
            case "fchown":
                user, group = re.search(r", (\d+), (\d+)$", call.arguments).groups()
                self.data(path, has._replace(user=int(user), group=int(group)))
            case "fsync" | "fdatasync":
                self.ops.append(Op("sync", number, path))
            case "mkdirat" | "mkdir":
                mode = int(call.arguments.rsplit(", ", 1)[1], 8) & ~0o022
                self.entry(path, (name, self.node(Folder(mode, 0, 0))))
            case "symlinkat":
                self.entry(path, (name, self.node(Link(call.texts[0].decode()))))
            case "unlinkat" | "unlink" | "rmdir":
                self.entry(path, (name, None))
            case "renameat" | "renameat2" | "rename":
                assert posixpath.dirname(path) == posixpath.dirname(paths[1]), "from one folder into another"
                self.entry(paths[1], (name, None), (posixpath.basename(paths[1]), number))
            case other:
                raise NotImplementedError(f"the model does not know {other}")

    def state(self, count, kept, versions):
        """The tree on a disk that has `kept` of the first entry changes, all of them if none, and these versions of nodes."""
        entries = {folder: dict(names) for folder, names in self.entries.items()}
        latest = dict(self.nodes)
        for index, op in enumerate(self.ops[:count]):
            if op.kind == "entry" and (kept is None or index in kept):
                entries[op.node].update(op.changes)
            elif op.kind == "data":
                latest[op.node] = op.version
        latest |= versions
        tree, stack = {}, [(ROOT, "")]
        while stack:
            folder, above = stack.pop()
            for name, number in entries[folder].items():
                if number is not None:
                    tree[f"{above}/{name}"] = latest[number]
                    if number in entries:
                        stack.append((number, f"{above}/{name}"))
        return tree


def record(machine, tree, words):
    """Runs a command on a machine, and returns what the disk saw."""
    lay(machine.root, tree)
    recording = Recording(tree)
    for call in strace(machine.argv(*words), f"{MUTATING},execve"):
        if call.mutates:
            recording.add(call, str(machine.root))
    # The first one is mediac itself.
    recording.ops = [op for index, op in enumerate(recording.ops) if index or op.kind != "step"]
    whole = recording.state(len(recording.ops), None, {})
    assert whole == machine.look(), "the recording is not what happened"
    return recording


def changed(recording, ops):
    """The same run with other ops."""
    copy = Recording({})
    copy.nodes, copy.entries, copy.ops = recording.nodes, recording.entries, list(ops)
    return copy
