"""Who reads a file again when it is written although nobody redefined it: it was edited, removed, or a secret is another."""

import json

import builds
from builds import Entry
from fakes import Desk
from programs import compose, on, unit
from world import USERS, File, target

CONF, UNIT, ENV = "/etc/demo/demo.conf", "/etc/systemd/system/demo.service", "/run/mediac/demo.env"
BOX, TABLE = "/etc/demo/box.conf", "/etc/mediac/firewall.nft"
BUILD = {
    CONF: Entry("a = 1\n", origin="services.demo.files"),
    ENV: Entry("TOKEN=mediac-secret(demo/token)\n", 0o400, kept="secret", origin="services.demo.secrets"),
    UNIT: unit("demo"),
    BOX: Entry("TOKEN=mediac-secret(demo/token)\n", 0o400, kept="secret", origin="services.box.secrets"),
    "/etc/mediac/compose.yaml": compose({"n": "10.0.0.0/24"}, {"box": ("demo:1", on("n"))}),
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
    place = builds.write(base / "build", BUILD, inventory=json.dumps(INVENTORY, indent=2) + "\n")
    machine = crew.workshop.machine(USERS, "touched/machine")
    desk = Desk(machine)
    words = ["apply", "--from", place, "--yes", "--drift", "overwrite"]
    first = desk.run({}, *words)
    wrong = [] if first.returncode == 0 else [f"the first: {first.returncode}, {first.stderr[-300:]}"]
    applied, state = machine.look(), desk.state()
    for name, (edits, wanted, unwanted) in TRIALS.items():
        before = {path: entry for path, entry in applied.items() if edits.get(path, b"") is not None}
        for path, content in edits.items():
            if content is not None:
                before[path] = applied[path]._replace(content=content)
        wrong += [f"{name}: {line}" for line in trial(desk, words, (before, state), wanted, unwanted)]
    yield "touched", f"{len(TRIALS)} ways to come to another file: who reads it is told, and told again when it is taken back", wrong
    yield "older", *older(crew)


def older(crew):
    """A program becomes an older one only when somebody says so: its data may be of the newer one."""
    base, wrong = crew.folder / "older", []
    def build(name, image):
        services = INVENTORY["services"] | {"box": INVENTORY["services"]["box"] | {"image": image}}
        box = {"/etc/mediac/compose.yaml": compose({"n": "10.0.0.0/24"}, {"box": (image, on("n"))})}
        return builds.write(base / name, BUILD | box, inventory=json.dumps(INVENTORY | {"services": services}, indent=2) + "\n")

    old, new = build("old", "demo:1.9"), build("new", "demo:1.10")
    machine = crew.workshop.machine(USERS, "older/machine")
    desk = Desk(machine)
    for code, *words in (
        (0, "apply", "--from", old, "--yes"), (0, "apply", "--from", new, "--yes"),
        (3, "plan", "--from", old), (3, "apply", "--from", old, "--yes"),
        # Going back is what was asked for.
        (0, "rollback", "--yes"), (0, "apply", "--from", new, "--yes"),
        (0, "plan", "--from", old, "--older"), (0, "apply", "--from", old, "--yes", "--older"),
    ):
        before = machine.look()
        done = desk.run({}, *words) if words[0] != "plan" else machine.run(*words)
        if done.returncode != code:
            wrong.append(f"{' '.join(map(str, words))}: exit {done.returncode}, not {code}: {done.stderr[-200:]}")
        if code == 3 and ("older than what ran on its data last: box" not in done.stderr or target(machine.look()) != target(before)):
            wrong.append(f"{words[0]}: {done.stderr[-200:]}")
        if code == 0 and old in words and "--older" in words and "older" not in done.stdout:
            wrong.append(f"{words[0]} does not say what is at risk")
    return "1.10 to 1.9 is refused, unless it is asked for; 1.9 to 1.10 is not", wrong


def called(desk):
    return [line for name, line in desk.log().items() if name[0] == "c"]


def trial(desk, words, before, wanted, unwanted):
    desk.lay(*before)
    plan = desk.machine.run("plan", *words[1:3], "--drift", "overwrite", "--json")
    steps = [" ".join(step["command"]) for step in json.loads(plan.stdout)["steps"]]
    done = desk.run({}, *words)
    calls = called(desk)
    if done.returncode:
        yield f"exit {done.returncode}: {done.stderr[-300:]}"
    yield from (f"`{call}` is not called, but {calls}" for call in wanted if call not in calls)
    yield from (f"`{call}` is called" for call in unwanted if call in calls)
    yield from (f"`{call}` is not in the plan" for call in calls if call not in steps and not call.startswith("sh "))
    if not wanted:
        if calls:
            yield f"there was nothing to do: {calls}"
        return
    # The last step fails: the files are what they were, and whoever was told is told again.
    desk.lay(*before)
    done = desk.run({f"c{len(calls)}": "fail"}, *words)
    if done.returncode != 4:
        yield f"a step fails: exit {done.returncode}: {done.stderr[-300:]}"
    after, again = desk.machine.look(), called(desk)[len(calls):]
    yield from (f"{path} is not what it was" for path, entry in before[0].items()
                if isinstance(entry, File) and not path.startswith("/var/lib/mediac") and after.get(path) != entry)
    told = {call.rsplit(" ", 1)[1] for call in wanted}
    yield from (f"{name} is not told again, but {again}" for name in told if not any(name in call for call in again))
    if any(path.startswith("/run/mediac/undo") for path in after):
        yield "something is left in /run/mediac/undo"
