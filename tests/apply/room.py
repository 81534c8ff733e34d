"""A disk that gets full, runs out of inodes, or cannot be written to: never half of a build, and recovered when there is room."""

import os
import subprocess
from collections import Counter
from dataclasses import dataclass

from scenarios import Scenario, differences
from sweep import truth
from world import Machine, lay, look

PAGE = 4096
LARGE = "16m"
SCENARIOS = ("first", "update", "rollback")


@dataclass
class Limit:
    scenario: Scenario
    kind: str  # size or nr_inodes
    free: int  # pages or inodes


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
    """Pages and inodes that are in use at most: what the end needs, and what there is only meanwhile."""
    with Disk(machine.root) as disk:
        lay(machine.root, scenario.before)
        before = disk.used()
        machine.must(*scenario.words)
        after = disk.used()
    return {kind: max(after[kind] - before[kind], 0) + 6 for kind in before}


def check(machine, limit):
    wrong, counts = [], Counter({"runs": 1})
    with Disk(machine.root) as disk:
        lay(machine.root, limit.scenario.before)
        disk.limit(limit.kind, limit.free)
        done = machine.run(*limit.scenario.words)
        tree = machine.look()
        counts[f"exit {done.returncode}"] += 1
        wrong += truth(limit.scenario, done, tree)
        # First without more room: then with.
        full = machine.run("recover")
        if done.returncode == 5:
            counts["recovered while it is full" if full.returncode == 0 else "recovered with room only"] += 1
            found = limit.scenario.judge(machine.look()) if full.returncode == 0 else []
            # There is no room for that.
            wrong += [line for line in found if not line.startswith("history")]
        disk.unlimited()
        after = machine.run("recover")
        wrong += [f"recover with room: {after.returncode}: {after.stderr}"] if after.returncode else []
        wrong += limit.scenario.judge(machine.look())
    return counts, wrong


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


def section(crew):
    machine = Machine(crew.mediac, crew.folder / "room")
    chosen = [scenario for scenario in crew.scenarios if scenario.name in SCENARIOS]
    limits = []
    for scenario in chosen:
        for kind, most in need(machine, scenario).items():
            limits += [Limit(scenario, kind, free) for free in range(0, most + most // 10 + 2)]
    counts, wrong = {"size": Counter(), "nr_inodes": Counter()}, {"size": [], "nr_inodes": []}
    for limit, (seen, found) in crew.each(check, limits, 4):
        counts[limit.kind] += seen
        if found:
            wrong[limit.kind].append(f"{limit.scenario.name}, {limit.free} free: {'; '.join(found[:3])}")
    for name, kind in (("full", "size"), ("inodes", "nr_inodes")):
        shown = ", ".join(f"{count} {what}" for what, count in sorted(counts[kind].items()))
        # With the last ones there was room enough: otherwise it never came to the end of what is tried.
        missing = [] if counts[kind]["exit 0"] else ["it never had enough"]
        yield f"room-{name}", f"{shown}, {len(wrong[kind])} violations", wrong[kind] + missing
    for scenario in chosen:
        yield f"room-read-only-{scenario.name}", "exit 1, nothing changed", read_only(machine, scenario)
