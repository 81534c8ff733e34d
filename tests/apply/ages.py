"""Old builds go, and none that could still be needed."""

import json
import time

import builds
from world import STATE, USERS, Machine, lay

DAY = 86_400
# How many days ago each build was made, by its number; the last one is the current one. A clock may have been wrong.
AGES = [100, 40, 31, 29, -5, 90, 80]
TRIALS = [
    (["--keep", "0"], [6, 7]),
    (["--keep", "0", "--older-than", "30"], [4, 5, 6, 7]),
    (["--keep", "4", "--older-than", "30"], [4, 5, 6, 7]),
    (["--keep", "5", "--older-than", "30"], [3, 4, 5, 6, 7]),
    (["--keep", "0", "--older-than", "39"], [3, 4, 5, 6, 7]),
    (["--keep", "0", "--older-than", "1000"], [1, 2, 3, 4, 5, 6, 7]),
    (["--older-than", "1"], [1, 2, 3, 4, 5, 6, 7]),
    (["--keep", "0", "--older-than", "0"], [5, 6, 7]),
]


def age(machine, ages):
    for number, days in enumerate(ages, 1):
        path = machine.root / f"{STATE}/generations/{number}/meta.json".lstrip("/")
        meta = json.loads(path.read_text())
        path.write_text(json.dumps(meta | {"time": int(time.time()) - days * DAY - 60}))


def there(machine):
    return sorted(int(path.name) for path in (machine.root / f"{STATE}/generations".lstrip("/")).iterdir())


def section(crew):
    base = crew.folder / "ages"
    machine = Machine(crew.mediac, base / "machine")
    lay(machine.root, USERS)
    for number in range(len(AGES)):
        place = builds.write(base / f"build-{number}", builds.OLD | {"/etc/demo/age.conf": builds.Entry(f"{number}\n")})
        machine.must("apply", "--from", place, "--yes")
    age(machine, AGES)
    before, wrong = machine.look(), []
    for words, wanted in TRIALS:
        lay(machine.root, before)
        machine.must("gc", *words)
        if there(machine) != wanted:
            wrong.append(f"{' '.join(words)}: {there(machine)} stay, not {wanted}")
        # What it goes back to is there.
        machine.must("rollback", "--yes")
    yield "ages", f"{len(TRIALS)} ways to say what is old", wrong
    cut = next(scenario for scenario in crew.scenarios if scenario.name == "recover")
    lay(machine.root, cut.before)
    age(machine, [100, 90])
    machine.must("gc", "--keep", "0", "--older-than", "1")
    wrong = [] if there(machine) == [1, 2] else [f"{there(machine)} stay"]
    machine.must("recover")
    yield "ages-cut-off", "a build that is under way stays, and so does the one before", wrong + cut.judge(machine.look())
