"""The power goes: whatever was not synced is there, or not, or in part. Then `recover`.

Every run is recorded once. After each of its steps, entries that were not synced are lost in prefixes, but for one, all but
one, and at random; contents and rights that were not synced are the old ones, half there, or there without the other.
Folders change whole or not, but two changes of one folder need not come in order.
"""

import random
from dataclasses import dataclass

import mutants
from recording import record
from scenarios import Scenario, differences
from world import STATE, File, Machine, lay, target

WANTED = 7_500
# Mutants are found long before that.
ENOUGH = 4_000
AGAIN = 20


def pending(ops):
    """What is not on the disk for sure after these: changes of entries, and older versions of nodes."""
    synced = {}
    for index, op in enumerate(ops):
        if op.kind == "sync":
            synced[op.node] = index
    entries = [index for index, op in enumerate(ops) if op.kind == "entry" and synced.get(op.node, -1) < index]
    nodes = {}
    for index, op in enumerate(ops):
        if op.kind == "data":
            durable, _ = nodes.get(op.node, (None, None))
            nodes[op.node] = (op.version if index < synced.get(op.node, -1) else durable, op.version)
    return entries, nodes


def choices(recording, nodes):
    """The versions that each node may have instead of its latest."""
    found = {}
    for number, (durable, latest) in nodes.items():
        durable = durable or recording.nodes[number]
        if durable == latest:
            continue
        others = {"old": durable}
        if isinstance(latest, File):
            others["half"] = latest._replace(content=latest.content[: len(latest.content) // 2])
            others["content"] = durable._replace(content=latest.content)
            others["rights"] = latest._replace(content=durable.content)
        found[number] = others
    return found


def subsets(entries):
    yield from (entries[:count] for count in range(len(entries), -1, -1))
    yield from ([other for other in entries if other != one] for one in entries)
    yield from ([one] for one in entries)


def versions(others):
    """None is older; all are, in each way; all are but one; only one is."""
    yield {}
    for way in ("old", "half", "content", "rights"):
        yield {number: ways[way] for number, ways in others.items() if way in ways}
    for number, ways in others.items():
        yield from ({number: version} for version in ways.values())
        yield {other: ways["old"] for other, ways in others.items() if other != number}


def crashes(recording):
    """Ways to lose power: after how many ops, which of the entries are there, and which nodes are older."""
    base, ways = {}, []
    for count in range(len(recording.ops) + 1):
        entries, nodes = pending(recording.ops[:count])
        others = choices(recording, nodes)
        base[count] = entries, others
        durable = set(range(count)) - set(entries)
        ways += [(count, durable | set(some), older) for some in subsets(entries) for older in versions(others)]
    # So that a mutant is met early, wherever it is.
    random.Random(2).shuffle(ways)
    yield from ways
    chance = random.Random(3)
    for _ in range(8 * WANTED):
        count = chance.randrange(len(recording.ops) + 1)
        entries, others = base[count]
        kept = set(range(count)) - {index for index in entries if chance.random() < 0.5}
        older = {number: chance.choice(list(ways.values())) for number, ways in others.items() if chance.random() < 0.5}
        yield count, kept, older


def states(recording, limit):
    """Distinct trees."""
    seen = set()
    for way in crashes(recording):
        tree = recording.state(*way)
        key = hash(frozenset(tree.items()))
        if key not in seen:
            seen.add(key)
            yield way, tree
            if len(seen) == limit:
                return


def halves(scenario, tree):
    """Files that are neither as before nor as after: whoever reads them does not wait for the recover."""
    known = [scenario.before, scenario.after, *scenario.whole.values()]
    for path, entry in target(tree).items():
        contents = {whole[path].content for whole in known if isinstance(whole.get(path), File)}
        if contents and isinstance(entry, File) and entry.content not in contents:
            yield path


@dataclass
class Share:
    """The work of one worker: a scenario, or one with a fault."""

    scenario: Scenario
    recording: object
    mutant: str = ""


def judge(machine, scenario, tree, present, twice):
    """What is wrong after the recover, and what is there then."""
    lay(machine.root, tree, present)
    done = machine.run("recover")
    found = machine.look()
    wrong = [f"half there: {path}" for path in halves(scenario, tree)]
    wrong += [f"recover ended with {done.returncode}: {done.stderr.strip()[-200:]}"] if done.returncode else scenario.judge(found)
    if twice and not wrong:
        again, before, found = machine.run("recover"), found, machine.look()
        differs = differences("I5 the second recover:", found, before)
        wrong = [line for line in differs if f"{STATE}/lock" not in line]
        wrong += [f"I5 the second recover ended with {again.returncode}"] if again.returncode else []
    return wrong, found


def check(machine, share):
    """States seen, and what was wrong; of a mutant only until something is."""
    seen, wrong, present = 0, [], None
    for index, (way, tree) in enumerate(states(share.recording, ENOUGH if share.mutant else WANTED)):
        seen += 1
        found, present = judge(machine, share.scenario, tree, present, index % AGAIN == 0)
        if found:
            last = share.recording.ops[way[0] - 1] if way[0] else None
            wrong.append(f"{share.scenario.name}, after {last and (last.kind, last.path)}: {'; '.join(found[:3])}")
            if share.mutant:
                break
    return seen, wrong


def section(crew):
    machine = Machine(crew.mediac, crew.folder / "recorded")
    # What is remembered in memory is gone with the power: then the values of today are all there is.
    by_name = {scenario.name: scenario for scenario in crew.scenarios if scenario.name != "rotate"}
    recordings = {name: record(machine, scenario.before, scenario.words) for name, scenario in by_name.items()}
    shares = [Share(scenario, recordings[name]) for name, scenario in by_name.items()]
    for name, of, spoil in mutants.MUTANTS:
        spoiled = spoil(recordings[of])
        assert spoiled.ops != recordings[of].ops, f"{name} changes nothing"
        shares.append(Share(by_name[of], spoiled, name))
    caught, missed = 0, []
    for share, (seen, wrong) in crew.each(check, shares, 1):
        name, of = share.mutant, share.scenario.name
        if not name:
            whole = "" if seen >= WANTED else ", which is all that were found"
            yield f"power-{of}", f"{seen} states of {len(share.recording.ops)} steps{whole}, {len(wrong)} violations", wrong
        elif wrong:
            caught += 1
            print(f"   caught after {seen} states, {of}: {name} ({wrong[0].split(': ', 1)[1][:80]})", flush=True)
        else:
            missed.append(f"not caught in {seen} states, {of}: {name}")
    yield "power-mutants", f"{caught} of {caught + len(missed)} caught", missed
