"""A machine that is a folder in memory: its files, mediac on it, and what it looks like afterwards."""

import json
import os
import subprocess
from collections import namedtuple
from pathlib import Path

import builds

SHM = Path("/dev/shm")
STATE = "/var/lib/mediac"
# Always the same, whatever calls the tests.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}

File = namedtuple("File", "mode user group content")
Folder = namedtuple("Folder", "mode user group")
Link = namedtuple("Link", "target")

USERS = {
    "/etc": Folder(0o755, 0, 0),
    "/etc/demo": Folder(0o755, 0, 0),
    "/etc/demo/user.txt": File(0o640, 0, 0, b"mine\n"),
    "/etc/passwd": File(0o644, 0, 0, b"root:x:0:0::/root:/bin/sh\n"),
    "/etc/group": File(0o644, 0, 0, b"root:x:0:\n"),
    "/etc/mediac": Folder(0o755, 0, 0),
    "/etc/mediac/secrets": Folder(0o700, 0, 0),
    "/etc/mediac/secrets/demo": Folder(0o700, 0, 0),
    "/etc/mediac/secrets/demo/token": File(0o400, 0, 0, builds.SECRET.encode() + b"\n"),
    "/etc/sysusers.d": Folder(0o755, 0, 0),
    "/run": Folder(0o755, 0, 0),
    "/run/mediac": Folder(0o755, 0, 0),
    "/srv": Folder(0o755, 0, 0),
    "/var": Folder(0o755, 0, 0),
    "/var/lib": Folder(0o755, 0, 0),
}


def look(root):
    """All that is below a folder, by path."""
    found = {}
    stack = [(os.fspath(root), "")]
    while stack:
        place, name = stack.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                path = f"{name}/{entry.name}"
                if entry.is_symlink():
                    found[path] = Link(os.readlink(entry.path))
                    continue
                stat = entry.stat(follow_symlinks=False)
                mode = stat.st_mode & 0o7777
                if entry.is_dir(follow_symlinks=False):
                    found[path] = Folder(mode, stat.st_uid, stat.st_gid)
                    stack.append((entry.path, path))
                else:
                    with open(entry.path, "rb") as file:
                        found[path] = File(mode, stat.st_uid, stat.st_gid, file.read())
    return found


def lay(root, wanted, present=None):
    """Makes a folder contain exactly this; only what differs is touched."""
    root = os.fspath(root)
    present = look(root) if present is None else present
    for path in sorted(present, reverse=True):
        if type(wanted.get(path)) is not type(present[path]):
            os.rmdir(root + path) if isinstance(present[path], Folder) else os.unlink(root + path)
    for path in sorted(wanted):
        want, has = wanted[path], present.get(path)
        if want == has:
            continue
        place, same = root + path, type(want) is type(has)
        if isinstance(want, Link):
            if same:
                os.unlink(place)
            os.symlink(want.target, place)
            continue
        if isinstance(want, File):
            with open(place, "wb") as file:
                file.write(want.content)
        elif not same:
            os.mkdir(place)
        # Changing the owner takes bits of the mode away.
        os.chown(place, want.user, want.group)
        os.chmod(place, want.mode)


def own(tree):
    """mediac's own part of a tree."""
    return {path[len(STATE):]: entry for path, entry in tree.items() if path.startswith(f"{STATE}/")}


def target(tree):
    """The rest of it."""
    return {path: entry for path, entry in tree.items() if path != STATE and not path.startswith(f"{STATE}/")}


def journal(tree):
    """What mediac knows; an unreadable journal is an error."""
    file = tree.get(f"{STATE}/journal.json")
    if file is None:
        return {"current": None, "last": 0, "work": None, "pending": []}
    return json.loads(file.content)


class Machine:
    """A folder that mediac takes for a machine."""

    def __init__(self, mediac, root):
        self.mediac, self.root = os.fspath(mediac), Path(root)
        self.root.mkdir(parents=True, exist_ok=True)

    def argv(self, *words):
        return [self.mediac, words[0], "--root", os.fspath(self.root), *map(os.fspath, words[1:])]

    def run(self, *words, under=(), timeout=60, rooted=True):
        argv = self.argv(*words) if rooted else [self.mediac, *words]
        return subprocess.run(
            [*under, *argv], env=ENVIRONMENT, cwd="/", stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=timeout,
        )

    def must(self, *words):
        done = self.run(*words)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, words))}: {done.returncode}, {done.stderr}")
        return done

    def look(self):
        return look(self.root)

    def journal(self):
        return journal(self.look())
