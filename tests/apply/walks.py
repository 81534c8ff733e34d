"""The same build again does nothing; and after any walk through builds, each is again what it was."""

import json
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import builds
from builds import Entry, folder
from calls import MUTATING, strace
from fakes import Desk
from scenarios import differences
from world import STATE, USERS, File, Machine, lay

WALKS, STEPS, BUILDS = 200, 10, 10
ROOT = Path(__file__).resolve().parents[2]
SEED = "/srv/app/state.json"


def project(name):
    """A machine that a build of the project fits on: with values for all secrets that somebody has to give."""
    place = ROOT / "out" / name
    tree, accounts = dict(USERS), {"root"}
    for file in json.loads((place / "manifest.json").read_text())["files"]:
        accounts.add(file["owner"])
        for secret in file.get("secrets", []):
            tree[f"/etc/mediac/secrets/{secret.split('/')[0]}"] = USERS["/etc/mediac/secrets"]
            tree[f"/etc/mediac/secrets/{secret}"] = File(0o400, 0, 0, b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG=\n")
    numbers = {name: 900 + index if name != "root" else 0 for index, name in enumerate(sorted(accounts))}
    for path in ("/etc/passwd", "/etc/group"):
        lines = "".join(f"{name}:x:{number}:{number}::/:/bin/sh\n" for name, number in numbers.items())
        tree[path] = File(0o644, 0, 0, lines.encode())
    return place, tree


def again(machine, place, tree):
    """What the second apply of a build does."""
    desk = Desk(machine)
    desk.lay(tree, desk.state())
    first = desk.run({}, "apply", "--from", place, "--yes")
    called, before = sum(name[0] == "c" for name in desk.log()), machine.look()
    done = desk.run({}, "apply", "--from", place, "--yes")
    wrong = [f"exit {said.returncode}: {said.stderr[-300:]}" for said in (first, done) if said.returncode]
    wrong += [] if "nothing to do" in done.stdout else [f"it says {done.stdout[-100:]!r}"]
    wrong += ["a program was called"] if desk.log() else []
    differs = differences("changed:", machine.look(), before)
    wrong += [line for line in differs if f"{STATE}/lock" not in line]
    calls = strace(machine.argv("apply", "--from", place, "--yes", "--programs", desk.base / "bin"), MUTATING)
    touched = [call for call in calls if call.mutates and any(str(machine.root) in str(path) for path in call.paths)]
    # Its own lock says who holds it.
    wrong += [f"{call.name} {call.paths}" for call in touched if not all(f"{STATE}/lock" in path for path in call.paths)]
    return called, wrong


@dataclass
class Walk:
    number: int
    places: list
    entries: list


def pool(chance):
    """A build: some of a number of files and folders, each one of several ways."""
    chosen = {
        "/etc/sysusers.d/mediac.conf": builds.SYSUSERS,
        "/srv/app": folder(0o750, "media"),
        SEED: Entry("{}\n", 0o600, "media", "seed"),
    }
    for index in range(8):
        if chance.random() < 0.7:
            mode, owner = chance.choice([(0o644, "root"), (0o600, "root"), (0o640, "media")])
            text = f"file {index} version {chance.randrange(3)}\n" + "TOKEN=mediac-secret(demo/token)\n" * (index % 2)
            chosen[f"/etc/app/part{index % 3}/file{index}"] = Entry(text, mode, owner, "secret" if index % 2 else "owned")
    return chosen


def owned(tree, every):
    """All that belongs to mediac in a tree: the files that any build has, but seeds."""
    return {path: tree[path] for path in every if path in tree and isinstance(tree[path], File) and path != SEED}


def check(machine, walk):
    chance = random.Random(walk.number)
    every = {path for entries in walk.entries for path in entries}
    users = dict(USERS)
    lay(machine.root, users)
    known, wrong, counts = {}, [], Counter()
    data = None
    for step in range(STEPS):
        back = known and chance.random() < 0.4
        if back:
            number = chance.choice(list(known))
            done = machine.run("rollback", str(number), "--yes")
            wanted = known[number]
            counts["rollbacks"] += 1
        else:
            index = chance.randrange(len(walk.places))
            done = machine.run("apply", "--from", walk.places[index], "--yes")
            wanted = expected(walk.entries[index])
            counts["applies"] += 1
        tree = machine.look()
        if done.returncode:
            wrong.append(f"step {step}: exit {done.returncode}: {done.stderr[-200:]}")
            break
        wrong += differences(f"step {step}:", owned(tree, every), wanted)
        if data and tree.get(SEED) != data:
            wrong.append(f"step {step}: the seed was touched")
        mine = {path: entry for path, entry in users.items() if tree.get(path) != entry}
        wrong += [f"step {step}: the user's {path} was touched" for path in mine]
        known[machine.journal()["current"]] = wanted
        # The program works with its file, and somebody adds another.
        data = File(0o600, 1500, 1500, b'{"step": %d}\n' % step)
        users[f"/srv/app/user-{step}"] = File(0o644, 1500, 1500, b"mine\n")
        lay(machine.root, tree | {SEED: data, f"/srv/app/user-{step}": users[f"/srv/app/user-{step}"]}, tree)
    return counts, wrong


def expected(entries):
    return {
        path: File(entry.mode, builds.ACCOUNTS[entry.owner], builds.ACCOUNTS[entry.owner], builds.filled(entry.text).encode())
        for path, entry in entries.items()
        if entry.text is not None and path != SEED
    }


def section(crew):
    base = crew.folder / "walks"
    old = (crew.workshop.old, USERS)
    for name, (place, tree) in {"tiny": old, "one-disk": project("one-disk"), "home": project("home")}.items():
        called, wrong = again(Machine(crew.mediac, base / name), place, tree)
        yield f"again-{name}", f"{called} programs called first, then 0 calls that change files, 0 programs", wrong
    chance = random.Random(4)
    entries = [pool(chance) for _ in range(BUILDS)]
    places = [builds.write(base / f"build-{index}", chosen) for index, chosen in enumerate(entries)]
    total, violations = Counter(), []
    for walk, (counts, wrong) in crew.each(check, (Walk(number, places, entries) for number in range(WALKS)), 4):
        total += counts
        if wrong:
            violations.append(f"walk {walk.number}: {'; '.join(wrong[:3])}")
    shown = f"{WALKS} walks through {BUILDS} builds, {total['applies']} applies, {total['rollbacks']} rollbacks"
    yield "walks", f"{shown}, {len(violations)} violations", violations
