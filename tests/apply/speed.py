"""How long it takes, on a disk and with the build of the example host: medians of whole processes."""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import builds
from calls import MUTATING, inject, strace
from scenarios import differences
from walks import project
from world import Machine, lay, target

RUNS = 7
# Seconds. What people wait for while their machine is between two builds, or while nothing happens.
BOUND = 1.0
CHANGED = "/etc/fail2ban/jail.d/mediac.conf"
# Not in memory: there, waiting for a disk takes no time.
DISK = "/var/tmp"


class Course:
    """A machine that has the build, and the same build with one line more."""

    def __init__(self, crew, base):
        self.machine = Machine(crew.mediac, base / "machine")
        self.place, tree = project("home")
        self.changed = builds.with_line(self.place, base / "changed", CHANGED, "# changed\n")
        self.first = ["apply", "--from", self.place, "--yes"]
        self.second = ["apply", "--from", self.changed, "--yes"]
        self.bare = tree
        lay(self.machine.root, tree)
        self.machine.must(*self.first)
        self.applied = self.machine.look()
        self.cut = self.cut_off()

    def cut_off(self):
        """All files of a first apply are there, and the last step never came."""
        lay(self.machine.root, self.bare)
        calls = strace(self.machine.argv(*self.first), MUTATING)
        last = [call for call in calls if call.name.startswith("rename")][-1]
        lay(self.machine.root, self.bare)
        inject(self.machine.argv(*self.first), last.name, f"signal=SIGKILL:when={last.number}")
        return self.machine.look()

    def time(self, tree, *words):
        """The median of some runs from a machine that looks like this, and what was wrong with them."""
        times, wrong = [], []
        for _ in range(RUNS):
            lay(self.machine.root, tree)
            begin = time.monotonic()
            done = self.machine.run(*words)
            times.append(time.monotonic() - begin)
            if done.returncode:
                wrong.append(f"exit {done.returncode}: {done.stderr.strip()[-200:]}")
            if words[0] == "recover":
                wrong += differences("recovered:", target(self.machine.look()), target(self.bare))
        return times, wrong

    def all(self):
        """What is measured, from which machine, and its bound."""
        yield "recover", "what an apply of all files left", self.cut, ["recover"], BOUND
        yield "again", "an apply of the same build", self.applied, self.first, BOUND
        yield "one-file", "an apply with one changed file, without programs", self.applied, self.second, BOUND
        yield "first", "an apply of all files, without programs", self.bare, self.first, None
        yield "plan", "a plan with one changed file", self.applied, ["plan", *self.second[1:3]], None
        yield "status", "the status", self.applied, ["status"], None


def section(crew):
    base = Path(tempfile.mkdtemp(dir=DISK, prefix="mediac-speed-"))
    try:
        course = Course(crew, base)
        for name, what, tree, words, bound in course.all():
            times, wrong = course.time(tree, *words)
            median = statistics.median(times)
            if bound and median > bound:
                wrong.append(f"more than {bound} s")
            shown = f"{what}: {median * 1000:.0f} ms, from {min(times) * 1000:.0f} to {max(times) * 1000:.0f}"
            yield f"speed-{name}", shown, wrong
    finally:
        shutil.rmtree(base)
