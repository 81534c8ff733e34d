"""What programs are told: every JSON document is what its published schema says, on machines in every state."""

import json
from pathlib import Path

import jsonschema

import builds
from fakes import Desk
from programs import FEW_NEW as NEW, FEW_OLD as OLD
from world import USERS, lay

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas/json"
SAID = {"plan": ("plan",), "status": ("status", "verify"), "history": ("history",), "doctor": ("doctor",)}
# A field that is not described, and one that is missing: both have to show.
BROKEN = ("new", "gone")


def validators(machine, wrong):
    found = {}
    for name in SAID:
        schema = json.loads((SCHEMAS / f"{name}.json").read_text())
        said = machine.run("schema", name, rooted=False).stdout
        if said != (SCHEMAS / f"{name}.json").read_text():
            wrong.append(f"`mediac schema {name}` says something else than schemas/json/{name}.json")
        jsonschema.Draft202012Validator.check_schema(schema)
        found[name] = jsonschema.Draft202012Validator(schema)
    return found


def broken(document):
    """The same document, wrong in two ways."""
    first = document[0] if isinstance(document, list) else document
    for what in BROKEN:
        other = dict(first)
        if what == "new":
            other["unheard_of"] = 1
        else:
            other.pop(next(iter(other)))
        yield [other] if isinstance(document, list) else other


def states(crew, machine, folder):
    """Machines in every state, and what may be planned there."""
    desk = Desk(machine)
    old, new = builds.write(folder / "old", OLD), builds.write(folder / "new", NEW)
    for scenario in crew.scenarios:
        lay(machine.root, scenario.before)
        yield f"before {scenario.name}", crew.workshop.new
        lay(machine.root, scenario.after)
        yield f"after {scenario.name}", crew.workshop.old
    # Without a value for a secret, and with steps that are left, or under way.
    lay(machine.root, {path: entry for path, entry in USERS.items() if "/secrets/" not in path})
    yield "without secrets", crew.workshop.new
    lay(machine.root, USERS)
    assert desk.run({}, "apply", "--from", old, "--yes").returncode == 0
    yield "with units", new
    assert desk.run({f"c{call}": "fail" for call in range(1, 99)}, "apply", "--from", new, "--yes").returncode == 5
    yield "with steps left", new
    assert desk.run({}, "recover").returncode == 0
    # What took how long is known now.
    assert desk.run({}, "apply", "--from", new, "--yes").returncode == 0
    assert desk.run({}, "rollback", "--yes").returncode == 0
    yield "with durations", new
    desk.run({"c1": "kill"}, "apply", "--from", new, "--yes")
    yield "cut off", new


def section(crew):
    folder, wrong, counts = crew.folder / "contract", [], dict.fromkeys(SAID, 0)
    machine = crew.workshop.machine(USERS, "contract/machine")
    checks, caught, timed = validators(machine, wrong), dict.fromkeys(SAID, 0), 0
    for state, build in states(crew, machine, folder):
        for name, commands in SAID.items():
            for command in commands:
                words = ["--from", build] if command == "plan" else []
                text = machine.run(command, *words, "--json").stdout
                # What is between two builds has no plan.
                if command == "plan" and machine.journal()["work"] is not None:
                    wrong += [f"{state}: there is a plan"] if text else []
                    continue
                document = json.loads(text)
                counts[name] += 1
                wrong += [f"{state}: {command}: {error.message[:200]}" for error in checks[name].iter_errors(document)]
                if document:
                    caught[name] += sum(not checks[name].is_valid(other) for other in broken(document))
                if command == "plan":
                    timed += any("seconds" in turn for turn in document["turns"])
                    again = machine.root.parent / "plan.json"
                    machine.run("plan", *words, "--output", again)
                    lasting = json.loads(again.read_text())
                    wrong += [f"{state}: --output: {error.message[:200]}" for error in checks[name].iter_errors(lasting)]
                    if any("seconds" in turn for turn in lasting["turns"]):
                        wrong.append(f"{state}: --output says how long something took")
    for name, count in caught.items():
        if not count or count % len(BROKEN):
            wrong.append(f"{name}: {count} broken documents were noticed, of an even number")
    if not timed:
        wrong.append("no plan says how long anything took")
    shown = ", ".join(f"{count} {name}" for name, count in counts.items())
    yield "contract", f"{shown}: all as published, {sum(caught.values())} broken ones noticed", wrong
