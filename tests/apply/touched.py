"""Who reads a file again when it is written although nobody redefined it: it was edited, removed, or a secret is another."""

import json

import builds
from builds import Entry
from programs import unit
from world import USERS, File, lay

CONF, UNIT, ENV = "/etc/demo/demo.conf", "/etc/systemd/system/demo.service", "/run/mediac/demo.env"
BOX, TABLE = "/etc/demo/box.conf", "/etc/mediac/firewall.nft"
BUILD = {
    CONF: Entry("a = 1\n", origin="services.demo.files"),
    ENV: Entry("TOKEN=mediac-secret(demo/token)\n", 0o400, kept="secret", origin="services.demo.secrets"),
    UNIT: unit("demo"),
    BOX: Entry("TOKEN=mediac-secret(demo/token)\n", 0o400, kept="secret", origin="services.box.secrets"),
    TABLE: Entry("table inet mediac_firewall\n"),
    "/etc/systemd/system/mediac-firewall.service": unit("nft"),
}
INVENTORY = {
    "host": "tiny",
    "services": {
        "demo": {"title": "Demo", "kind": "demo", "unit": "demo.service"},
        "box": {"title": "Box", "kind": "box", "image": "demo:1"},
    },
    "routes": {}, "networks": {}, "disks": {}, "policies": {"firewall": True, "killswitch": False},
    "secrets": {"demo/token": "given"}, "packages": [], "repositories": {},
}
TOKEN = "/etc/mediac/secrets/demo/token"
RESTART = "systemctl restart demo.service"
BOXED = "docker compose --file /etc/mediac/compose.yaml --project-name mediac restart box"
# What happened to the machine, what is called then, and what is not.
TRIALS = {
    "nothing": ({}, [], [RESTART, BOXED]),
    "its file is edited": ({CONF: b"a = 2\n"}, [RESTART], [BOXED]),
    "its file is gone": ({CONF: None}, [RESTART], [BOXED]),
    "its unit is edited": ({UNIT: b"[Service]\nExecStart=/bin/other\n"}, ["systemctl daemon-reload", RESTART], [BOXED]),
    "its unit is gone": ({UNIT: None}, ["systemctl daemon-reload", "systemctl start demo.service"], [BOXED]),
    "a secret is another": ({TOKEN: b"another\n"}, [RESTART, BOXED], []),
    "rules are edited": ({TABLE: b"open\n"}, ["systemctl reload-or-restart mediac-firewall.service"], [RESTART, BOXED]),
}


def section(crew):
    base = crew.folder / "touched"
    (base / "bin").mkdir(parents=True)
    for name in ("systemctl", "docker", "sh"):
        fails = "" if name == "sh" else f"[ ! -e {base}/bad ] || exit 1"
        (base / "bin" / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{base}/log\n{fails}\n')
        (base / "bin" / name).chmod(0o755)
    place = builds.write(base / "build", BUILD, inventory=json.dumps(INVENTORY, indent=2) + "\n")
    machine = crew.workshop.machine(USERS, "touched/machine")
    words = ["apply", "--from", place, "--yes", "--drift", "overwrite", "--programs", base / "bin"]
    machine.must(*words)
    applied, wrong = machine.look(), []
    for name, (edits, wanted, unwanted) in TRIALS.items():
        before = {path: entry for path, entry in applied.items() if edits.get(path, b"") is not None}
        for path, content in edits.items():
            if content is not None:
                before[path] = applied[path]._replace(content=content)
        wrong += [f"{name}: {line}" for line in trial(machine, base, words, before, wanted, unwanted)]
    yield "touched", f"{len(TRIALS)} ways to come to another file: who reads it is told, and told again when it is taken back", wrong


def trial(machine, base, words, before, wanted, unwanted):
    lay(machine.root, before)
    plan = machine.run(*["plan", *words[1:3], "--drift", "overwrite", "--json"])
    steps = [" ".join(step["command"]) for step in json.loads(plan.stdout)["steps"]]
    for failing in (True, False):
        (base / "log").write_text("")
        (base / "bad").touch() if failing else (base / "bad").unlink(missing_ok=True)
        done = machine.run(*words)
        calls = (base / "log").read_text().splitlines()
        if not wanted:
            if calls or done.returncode:
                yield f"exit {done.returncode}, {calls}"
            continue
        if failing:
            # The first step fails, and what was begun is answered: the files are what they were.
            if done.returncode not in (4, 5):
                yield f"it fails with {done.returncode}: {done.stderr[-200:]}"
            after = machine.look()
            yield from (f"{path} is not what it was" for path, entry in before.items()
                        if isinstance(entry, File) and not path.startswith("/var/lib/mediac") and after.get(path) != entry)
            lay(machine.root, before)
            continue
        if done.returncode:
            yield f"exit {done.returncode}: {done.stderr[-200:]}"
        yield from (f"`{call}` is not called, but {calls}" for call in wanted if call not in calls)
        yield from (f"`{call}` is called" for call in unwanted if call in calls)
        yield from (f"`{call}` is not in the plan" for call in calls if call not in steps and not call.startswith("sh "))
    if any(path.startswith("/run/mediac/undo") for path in machine.look()):
        yield "something is left in /run/mediac/undo"
