"""Every call that changes a file is made to fail, or is the last one before the end; then `recover`."""

import random
from collections import Counter
from dataclasses import dataclass

from calls import MUTATING, Call, inject, strace
from scenarios import Scenario, differences
from world import STATE, Machine, journal, lay, target

FAULTS = ("signal=SIGKILL", "error=ENOSPC", "error=EIO", "error=EROFS", "error=EDQUOT")
WANTED, WANTED_NESTED = 3_000, 300
MEMORY = "/run/mediac/undo/"
# Where somebody kills, and in how many places `recover` is killed after that.
KILLS, NESTED = 30, 5
KILLED = -9


@dataclass
class Run:
    scenario: Scenario
    call: Call
    fault: str
    nested: int = 0


def points(machine, scenario):
    """The calls of a scenario that change files of the machine."""
    lay(machine.root, scenario.before)
    calls = strace(machine.argv(*scenario.words), MUTATING)
    root = f"{machine.root}/"
    found = [call for call in calls if call.mutates and any(f"{path}/".startswith(root) for path in call.paths)]
    # strace counts in each thread: with two of them, a number would be two places.
    assert len({call.pid for call in found}) == 1, "more than one thread writes"
    return found


def plan(machine, scenarios):
    runs = []
    for scenario in scenarios:
        found = points(machine, scenario)
        runs += [Run(scenario, call, fault) for call in found for fault in FAULTS]
        # A disk that stays full, or that nobody can write to any more.
        runs += [Run(scenario, call, f"{fault}+") for call in found[::3] for fault in ("error=ENOSPC", "error=EROFS")]
        if scenario.name != "gc":
            chosen = random.Random(1).sample(found, min(KILLS, len(found)))
            runs += [Run(scenario, call, FAULTS[0], NESTED) for call in chosen]
    return runs


def spoil(machine, words, call, fault):
    when = f"{call.number}+" if fault.endswith("+") else call.number
    done, injected = inject(machine.argv(*words), call.name, f"{fault.rstrip('+')}:when={when}")
    return done, [] if injected else [f"it never came to {call.name}#{call.number}"]


def check(machine, run):
    """What happened, and what was wrong."""
    lay(machine.root, run.scenario.before)
    done, wrong = spoil(machine, run.scenario.words, run.call, run.fault)
    tree = machine.look()
    wrong += truth(run.scenario, done, tree)
    if not run.nested:
        return Counter({"runs": 1, f"exit {done.returncode}": 1}), wrong + ended(machine, run.scenario)
    # Inside the recover that follows.
    again = points(machine, Scenario("again", ["recover"], tree, {}, {}, {}))
    chosen = random.Random(run.call.number).sample(again, min(run.nested, len(again)))
    for call in chosen:
        lay(machine.root, tree)
        _, missed = spoil(machine, ["recover"], call, FAULTS[0])
        wrong += missed + ended(machine, run.scenario)
    return Counter({"nested": len(chosen)}), wrong


def truth(scenario, done, tree):
    """I9: the exit code says how the machine is."""
    code = done.returncode
    if code == KILLED:
        return []
    if code not in (0, 1, 4, 5):
        return [f"I9 exit {code}: {done.stderr.strip()[-200:]}"]
    try:
        known = journal(tree)
    except ValueError as error:
        return [f"I3 exit {code}, and the journal is unreadable: {error}"]
    before, after = journal(scenario.before), journal(scenario.after)
    open_end = known["work"] is not None or bool(known["pending"])
    if code == 5:
        return []
    wanted, has = (scenario.after, after) if code == 0 else (scenario.before, before)
    if scenario.name == "recover" and code:
        # It was in the middle of something, and may have come further.
        return [] if open_end else ["I9 it failed, and there is nothing to recover"]
    # What is remembered in memory goes with the next command when even that failed.
    seen = {path: entry for path, entry in target(tree).items() if not f"{path}/".startswith(MEMORY)}
    wrong = differences(f"I9 exit {code}:", seen, target(wanted))
    if open_end or known["current"] != has["current"]:
        wrong.append(f"I9 exit {code}: current is {known['current']}, under way is {known['work'] is not None}")
    return wrong


def ended(machine, scenario):
    """Recovers, twice: what is there then is one whole build, and stays."""
    done = machine.run("recover")
    wrong = [f"recover ended with {done.returncode}: {done.stderr.strip()[-200:]}"] if done.returncode else []
    tree = machine.look()
    wrong += scenario.judge(tree)
    again = machine.run("recover")
    if again.returncode:
        wrong.append(f"I5 the second recover ended with {again.returncode}")
    differs = differences("I5 the second recover:", machine.look(), tree)
    return wrong + [line for line in differs if f"{STATE}/lock" not in line]


def label(run):
    return f"{run.scenario.name} {run.call.name}#{run.call.number} {run.fault} {'nested' if run.nested else ''}".strip()


def section(crew):
    runs = plan(Machine(crew.mediac, crew.folder / "plan"), crew.scenarios)
    total, per_scenario, violations = Counter(), Counter(), []
    for run, (counts, wrong) in crew.each(check, runs):
        total += counts
        per_scenario[run.scenario.name] += counts["runs"] + counts["nested"]
        if wrong:
            violations.append(f"{label(run)}: {'; '.join(wrong[:3])}")
    exits = ", ".join(f"{count} {name}" for name, count in sorted(total.items()) if name.startswith("exit"))
    shown = ", ".join(f"{name} {count}" for name, count in per_scenario.items())
    yield "sweep", f"{total['runs']} runs ({shown}; {exits}), {len(violations)} violations", violations
    yield "sweep-size", f"{total['runs']} runs, {WANTED} wanted", [] if total["runs"] >= WANTED else ["too few"]
    nested = total["nested"]
    yield "sweep-nested", f"{nested} runs, {WANTED_NESTED} wanted", [] if nested >= WANTED_NESTED else ["too few"]
