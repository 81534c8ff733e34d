"""A disk that gets full, runs out of inodes, or cannot be written to: never half of a build, and recovered when there is room.

Too little room is seen before anything is changed; so that a disk gets full in the middle all the same, the first program that
is called makes it small. Whatever does not go well names the bytes and files that it needs.
"""

import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass

import builds
from fakes import FAKES, INNER, Desk
from programs import FEW_NEW, FEW_OLD
from scenarios import EDITED, FOREIGN, Scenario, differences
from sweep import truth
from world import USERS, Machine, lay, look

PAGE = 4096
LARGE = "16m"
SCENARIOS = ("first", "update", "rollback")
KINDS = {"size": "full", "nr_inodes": "inodes"}
NEEDED = re.compile(r"(\d+) bytes and (\d+) files are needed at ")
# How much more may be asked for than stays in use: what is there only meanwhile, and folders, which take no page here.
SLACK = 3
# So much is left at most when a disk gets small in the middle.
FREE = 40
SHRINK = """#!/bin/sh
if [ -f {base}/shrink ]; then
    read -r kind free <{base}/shrink
    /usr/bin/rm {base}/shrink
    sizes=$(/usr/bin/stat --file-system --format='%b %f %c %d' {root})
    read -r pages left inodes unused <<EOF
$sizes
EOF
    case $kind in
        size) now=size=$(((pages - left + free) * 4096)) ;;
        *) now=nr_inodes=$((inodes - unused + free)) ;;
    esac
    /usr/bin/mount -o remount,$now mediac-apply {root} || exit 1
fi
exec {base}/bin/{name} "$@"
"""


@dataclass
class Limit:
    scenario: Scenario
    kind: str  # size or nr_inodes
    free: int  # pages or inodes
    stated: int  # what mediac says it needs of them
    state: dict | None = None  # of programs


class Disk:
    """A file system in memory on a machine's root."""

    def __init__(self, root):
        self.root = root

    def __enter__(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LARGE},nr_inodes=10000", "mediac-apply", self.root], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.root], check=True)

    def set(self, *options):
        subprocess.run(["mount", "-o", ",".join(["remount", *options]), self.root], check=True)

    def used(self):
        stat = os.statvfs(self.root)
        return {"size": stat.f_blocks - stat.f_bfree, "nr_inodes": stat.f_files - stat.f_ffree}

    def limit(self, kind, free):
        used = self.used()[kind] + free
        self.set(f"size={used * PAGE}" if kind == "size" else f"nr_inodes={used}")

    def unlimited(self):
        self.set(f"size={LARGE}", "nr_inodes=10000", "rw")


def need(machine, scenario):
    """Pages and inodes that mediac says it needs, and those that are in use when it is done."""
    with Disk(machine.root) as disk:
        lay(machine.root, scenario.before)
        before = disk.used()
        # The first page may be there: then all the rest is missing.
        disk.limit("size", 0)
        said = NEEDED.search(machine.run(*scenario.words).stderr)
        disk.unlimited()
        machine.must(*scenario.words)
        after = disk.used()
    stated = {"size": int(said[1]) // PAGE, "nr_inodes": int(said[2])}
    return stated, {kind: after[kind] - before[kind] for kind in before}


def named(name, done):
    """Whatever does not go well says what it needs."""
    if done.returncode in (1, 4, 5) and not NEEDED.search(done.stderr):
        yield f"{name} does not say what it needs: exit {done.returncode}: {done.stderr.strip()[-300:]}"


def check(machine, limit):
    """Too little from the beginning on."""
    with Disk(machine.root) as disk:
        lay(machine.root, limit.scenario.before)
        disk.limit(limit.kind, limit.free)
        done = machine.run(*limit.scenario.words)
        # What it said it needs is enough, and less is not tried.
        wanted = 0 if limit.free >= limit.stated else 1
        wrong = [] if done.returncode == wanted else [f"exit {done.returncode} and not {wanted}: {done.stderr.strip()[-300:]}"]
        return follow(machine, limit, disk, done, wrong, [])


def shrink(machine, limit):
    """Enough at first: then a program makes it as small as it is."""
    desk = Desk(machine)
    desk.ready({})
    bin_ = desk.base / "shrinking"
    bin_.mkdir(exist_ok=True)
    for name in FAKES + INNER:
        (bin_ / name).write_text(SHRINK.format(base=desk.base, root=machine.root, name=name))
        (bin_ / name).chmod(0o755)
    with Disk(machine.root) as disk:
        desk.lay(limit.scenario.before, limit.state)
        (desk.base / "shrink").write_text(f"{limit.kind} {limit.free}\n")
        words = ["--programs", bin_]
        done = machine.run(*limit.scenario.words, *words)
        wrong = [] if not (desk.base / "shrink").exists() else ["it never got smaller"]
        wrong += [] if done.returncode in (0, 4, 5) else [f"exit {done.returncode}: {done.stderr.strip()[-300:]}"]
        return follow(machine, limit, disk, done, wrong, words)


def follow(machine, limit, disk, done, wrong, words):
    """What it left, what `recover` makes of it while there is no room, and then with room."""
    counts = Counter({"runs": 1, f"exit {done.returncode}": 1})
    wrong += truth(limit.scenario, done, machine.look())
    full = machine.run("recover", *words)
    wrong += [*named(limit.scenario.words[0], done), *named("recover", full)]
    if done.returncode == 5:
        counts["recovered while it is full" if full.returncode == 0 else "recovered with room only"] += 1
        found = limit.scenario.judge(machine.look()) if full.returncode == 0 else []
        # There is no room for that.
        wrong += [line for line in found if not line.startswith("history")]
    disk.unlimited()
    after = machine.run("recover", *words)
    wrong += [f"recover with room: {after.returncode}: {after.stderr}"] if after.returncode else []
    wrong += limit.scenario.judge(machine.look())
    return counts, wrong


def shrinking(crew):
    """A change of many files, with a program that is called before any of them is written."""
    folder, workshop = crew.folder / "shrinking", crew.workshop
    old = builds.write(folder / "old", builds.OLD | FEW_OLD)
    many = {f"/opt/many/{number}/it.conf": builds.Entry(f"{number}\n" * 4_000) for number in range(8)}
    new = builds.write(folder / "new", builds.NEW | FEW_NEW | many)
    tree = workshop.after(USERS, ["apply", "--from", old, "--yes"])
    tree |= FOREIGN | {EDITED: tree[EDITED]._replace(content=b"edited by hand\n")}
    adopted = [word for path in FOREIGN for word in ("--adopt", path)]
    scenario = workshop.scenario("shrinking", ["apply", "--from", new, "--yes", "--drift", "overwrite", *adopted], tree)
    desk = Desk(workshop.machine(USERS))
    assert desk.run({}, "apply", "--from", old, "--yes").returncode == 0
    state = desk.state()
    shutil.rmtree(workshop.base / "machine")
    return scenario, state


def read_only(machine, scenario):
    wrong = []
    with Disk(machine.root) as disk:
        lay(machine.root, scenario.before)
        disk.set("ro")
        for words, code in ((scenario.words, 1), (["recover"], 1), (["status"], 0), (["history"], 0)):
            done = machine.run(*words)
            if done.returncode != code:
                wrong.append(f"{words[0]}: exit {done.returncode}, not {code}: {done.stderr.strip()[-200:]}")
        wrong += differences("read only:", look(machine.root), scenario.before)
    return wrong


def trials(crew, function, limits):
    """The figures of all of them, by what was short."""
    counts, wrong = {kind: Counter() for kind in KINDS}, {kind: [] for kind in KINDS}
    for limit, (seen, found) in crew.each(function, limits, 4):
        counts[limit.kind] += seen
        if found:
            wrong[limit.kind].append(f"{limit.scenario.name}, {limit.free} free: {'; '.join(found[:3])}")
    for kind, name in KINDS.items():
        shown = ", ".join(f"{count} {what}" for what, count in sorted(counts[kind].items()))
        yield name, f"{shown}, {len(wrong[kind])} violations", counts[kind], wrong[kind]


def section(crew):
    machine = Machine(crew.mediac, crew.folder / "room")
    chosen = [scenario for scenario in crew.scenarios if scenario.name in SCENARIOS]
    limits, shown, wrong = [], [], []
    for scenario in chosen:
        stated, used = need(machine, scenario)
        for kind, most in stated.items():
            limits += [Limit(scenario, kind, free, most) for free in range(0, most + most // 10 + 2)]
            shown.append(f"{scenario.name} {most}/{used[kind]}")
            if most > max(used[kind], 10) * SLACK:
                wrong.append(f"{scenario.name}: {kind}: {most} are asked for, and {used[kind]} stay in use")
    yield "room-asked", f"pages and inodes that are asked for, and that stay in use: {', '.join(shown)}", wrong
    for name, shown, counts, wrong in trials(crew, check, limits):
        # With the last ones there was room enough: otherwise it never came to the end of what is tried.
        missing = [f"never {end}" for end in ("exit 0", "exit 1") if not counts[end]]
        yield f"room-{name}", shown, wrong + missing
    scenario, state = shrinking(crew)
    limits = [Limit(scenario, kind, free, 0, state) for kind in KINDS for free in range(FREE)]
    for name, shown, counts, wrong in trials(crew, shrink, limits):
        missing = [f"never {end}" for end in ("exit 0", "exit 4") if not counts[end]]
        yield f"room-{name}-in-the-middle", shown, wrong + missing
    for scenario in chosen:
        yield f"room-read-only-{scenario.name}", "exit 1, nothing changed", read_only(machine, scenario)
