"""Programs that fail, do not end, do nothing, or see mediac killed: at every call, forward and on the way back."""

import zlib
from collections import Counter
from dataclasses import dataclass

import builds
from builds import Entry
from scenarios import differences
from world import USERS, File, journal, lay, target

UNITS = "/etc/systemd/system/mediac-{}.service"
FAKES = ("systemctl", "docker", "sh", "nft", "env", "mount")
# The unit's file at the time of the call is part of what is noted: a restart that came too early is none.
FAKE = """#!/bin/sh
count=1
while read -r _; do count=$((count + 1)); done <{base}/log
for last; do :; done
file={root}/etc/systemd/system/$last
seen=none
[ ! -f "$file" ] || seen=$(/usr/bin/cksum <"$file")
echo "{name} $*|$seen" >>{base}/log
while read -r at what; do
    [ "$at" = "$count" ] || continue
    case $what in
        fail) echo "it does not work" >&2; exit 3 ;;
        hang) exec /bin/sleep 20 ;;
        kill) kill -9 $PPID; exit 0 ;;
    esac
done <{base}/script
"""


def unit(text):
    return Entry(f"[Unit]\nDescription=x\n[Service]\nExecStart=/bin/{text}\n[Install]\nWantedBy=multi-user.target\n")


SAME = {"/etc/demo/same.conf": Entry("same\n"), UNITS.format("same"): unit("same")}
OLD = SAME | {
    UNITS.format("one"): unit("one-old"),
    UNITS.format("two"): unit("two-old"),
    UNITS.format("gone"): unit("gone"),
    "/etc/tmpfiles.d/mediac.conf": Entry("d /old\n"),
}
NEW = SAME | {
    UNITS.format("one"): unit("one-new"),
    UNITS.format("two"): unit("two-new"),
    UNITS.format("new"): unit("new"),
    "/etc/tmpfiles.d/mediac.conf": Entry("d /new\n"),
}


@dataclass
class Trial:
    name: str
    script: dict  # what the programs do at which call
    end: int  # the exit code
    before: dict
    after: dict
    new: object
    commands: list  # all calls of an apply that goes well, and then those of its way back


class Desk:
    """A machine with programs that do what they are told."""

    def __init__(self, machine):
        self.machine, self.base = machine, machine.root.parent / f"{machine.root.name}-programs"
        (self.base / "bin").mkdir(parents=True, exist_ok=True)
        for name in FAKES:
            fake = self.base / "bin" / name
            fake.write_text(FAKE.format(base=self.base, root=machine.root, name=name))
            fake.chmod(0o755)

    def run(self, script, *words):
        (self.base / "script").write_text("".join(f"{at} {what}\n" for at, what in script.items()))
        (self.base / "log").write_text("")
        return self.machine.run(*words, "--programs", self.base / "bin", "--program-timeout", "1")

    def calls(self):
        return [line.split("|") for line in (self.base / "log").read_text().splitlines()]


def checksum(entry):
    """As cksum(1) has it."""
    if not isinstance(entry, File):
        return "none"
    crc, length = 0, len(entry.content)
    for byte in entry.content + length.to_bytes((length.bit_length() + 7) // 8, "little"):
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return f"{crc ^ 0xFFFFFFFF} {length}"


def late(calls, tree):
    """I8: a unit that is there was last told about the file that is there, and one that is not was told to stop."""
    last = {command.rsplit(" ", 1)[1]: (command.split()[1], seen) for command, seen in calls if ".service" in command}
    for name, (verb, seen) in last.items():
        file = tree.get(f"/etc/systemd/system/{name}")
        if verb in ("stop", "disable", "reset-failed"):
            if file is not None:
                yield f"I8 {name} was told to {verb} last, and is there"
        elif seen != checksum(file):
            yield f"I8 {name} was called last with another file than the one that is there"


def check(machine, trial):
    desk = Desk(machine)
    lay(machine.root, trial.before)
    done = desk.run(trial.script, "apply", "--from", trial.new, "--yes")
    calls, tree, wrong, counts = desk.calls(), machine.look(), [], Counter({"runs": 1})
    if done.returncode != trial.end:
        wrong.append(f"exit {done.returncode}, not {trial.end}: {done.stderr.strip()[-200:]}")
    if done.returncode in (0, 4):
        wanted = trial.after if done.returncode == 0 else trial.before
        wrong += settled(tree, wanted) + list(late(calls, tree))
    elif done.returncode == 5:
        wrong += differences("exit 5:", target(tree), target(trial.before))
        failed = [calls[at - 1][0] for at in trial.script if at <= len(calls) and at > min(trial.script)]
        pending = [" ".join(step["command"]) for step in journal(tree)["pending"]]
        if Counter(failed) != Counter(pending):
            wrong.append(f"failed: {failed}; pending: {pending}")
        # It goes wrong again, then well; or the next apply does it.
        again = desk.run(dict.fromkeys(range(1, len(pending) + 1), "fail"), "recover")
        left = [" ".join(step["command"]) for step in machine.journal()["pending"]]
        if again.returncode != 5 or left != pending:
            wrong.append(f"a recover that fails again: exit {again.returncode}, pending {left}")
        kept = machine.look()
        wrong += finish(desk, calls, pending, "recover", settled_as=trial.before)
        lay(machine.root, kept)
        wrong += finish(desk, calls, pending, "apply", "--from", trial.new, "--yes", settled_as=trial.after)
        counts["runs"] += 3
    else:
        wrong += finish(desk, calls, [], "recover", settled_as=trial.before)
        counts["runs"] += 1
    return counts, wrong


def settled(tree, wanted):
    wrong = differences("I1", target(tree), target(wanted))
    known = journal(tree)
    if known["work"] is not None or known["pending"] or known["current"] != journal(wanted)["current"]:
        # A build that was taken back has used up its number.
        if known["work"] is not None or known["pending"] or known["current"] == journal(wanted)["last"]:
            wrong.append(f"I3 {known['current']}, pending {known['pending']}, under way {known['work'] is not None}")
    return wrong


def finish(desk, before, owed, *words, settled_as):
    """The next command does what is left."""
    done = desk.run({}, *words)
    calls, tree = desk.calls(), desk.machine.look()
    wrong = [f"{words[0]} afterwards: exit {done.returncode}: {done.stderr[-200:]}"] if done.returncode else []
    wrong += [f"{words[0]} afterwards did not call `{step}`" for step in owed if step not in [call for call, _ in calls]]
    known = journal(tree)
    if known["work"] is not None or known["pending"]:
        wrong.append(f"{words[0]} afterwards: something is left")
    return wrong + differences(f"{words[0]} afterwards:", target(tree), target(settled_as)) + list(late(before + calls, tree))


def trials(before, after, new, forward, backward):
    """What the programs do, and how it has to end."""
    def trial(name, script, end):
        return Trial(name, script, end, before, after, new, [])

    yield trial("all do nothing and say it worked", {}, 0)
    for k in range(1, forward + 1):
        for what, end in (("fail", 4), ("hang", 4), ("kill", -9)):
            yield trial(f"call {k}: {what}", {k: what}, end)
        back = range(k + 1, k + backward + 1)
        for at in back:
            yield trial(f"call {k} fails, and {at} on the way back", {k: "fail", at: "fail"}, 5)
            yield trial(f"call {k} fails, and mediac is killed at {at}", {k: "fail", at: "kill"}, -9)
        yield trial(f"call {k} fails, and all on the way back", {k: "fail"} | dict.fromkeys(back, "fail"), 5)
        yield trial(f"call {k} does not end, nor does the last one back", {k: "hang", back[-1]: "hang"}, 5)


def section(crew):
    folder = crew.folder / "programs"
    old, new = builds.write(folder / "old", OLD), builds.write(folder / "new", NEW)
    machine = crew.workshop.machine(USERS, "programs/machine")
    desk = Desk(machine)
    assert desk.run({}, "apply", "--from", old, "--yes").returncode == 0
    before = machine.look()
    assert desk.run({}, "apply", "--from", new, "--yes").returncode == 0
    after, forward = machine.look(), len(desk.calls())
    assert desk.run({}, "rollback", "--yes").returncode == 0
    backward = len(desk.calls())
    runs, wrong = 0, []
    all_trials = list(trials(before, after, new, forward, backward))
    for trial, (counts, found) in crew.each(check, all_trials, 1):
        runs += counts["runs"]
        if found:
            wrong.append(f"{trial.name}: {'; '.join(found[:3])}")
    shown = f"{len(all_trials)} ways to go wrong at {forward} calls forward and {backward} back, {runs} runs"
    yield "programs", f"{shown}, {len(wrong)} violations", wrong
