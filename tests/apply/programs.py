"""Programs that fail, do not end, lie, or see mediac killed: at every call and every question, forward and on the way back."""

import json
from collections import Counter
from dataclasses import dataclass, replace

import builds
from builds import Entry
from fakes import Desk, out_of_step
from scenarios import differences
from world import USERS, journal, target

UNITS = "/etc/systemd/system/mediac-{}.service"
CADDY = "exec -T asked caddy reload"
# Calls whose lies cannot be noticed, and what is wrong then.
UNSEEN = {
    # What a folder should be is said in a language of its own; systemd-tmpfiles is the only one to know.
    "sh -c systemd-tmpfiles --create": "folders",
    # Accounts may have been there before, and stay when they are taken out of the list.
    "sh -c systemd-sysusers": "accounts",
    # What a program in a container has in its memory, only that program could say.
    f"docker compose --file /etc/mediac/compose.yaml --project-name mediac {CADDY}": "taken asked",
}


def unit(text):
    return Entry(f"[Unit]\nDescription=x\n[Service]\nExecStart=/bin/{text}\n[Install]\nWantedBy=multi-user.target\n")


def compose(networks, services):
    lines = ["name: mediac", "networks:"]
    lines += [f"  {name}: {{ipam: {{config: [{{subnet: {subnet}}}]}}}}" for name, subnet in networks.items()]
    lines.append("services:")
    for name, (image, where) in services.items():
        label = f"{name}{''.join(letter for letter in image + where if letter.isalnum())}"
        lines.append(f'  {name}: {{image: "{image}", {where}, labels: {{mediac.definition: {label}}}}}')
    return Entry("\n".join(lines) + "\n")


def caddyfile(service, text):
    return {f"/etc/mediac/live/{service}/Caddyfile": Entry(f"{text}\n", origin=f"services.{service}")}


def on(network):
    return f"networks: {{{network}: {{}}}}"


# A service whose container is asked to read its file again, and one that cannot be asked.
INVENTORY = json.dumps({
    "host": "tiny", "routes": {}, "networks": {}, "disks": {}, "secrets": {}, "packages": [], "repositories": {},
    "policies": {"firewall": True, "killswitch": False},
    "services": {
        "asked": {"title": "a", "kind": "c", "reload": ["caddy", "reload"]},
        "started": {"title": "b", "kind": "c"},
    },
})
# Units only, for every pair of calls; and everything that there are steps for.
FEW = {"same": unit("same"), "one": unit("one-old"), "gone": unit("gone")}
FEW_OLD = {UNITS.format(name): text for name, text in FEW.items()} | {"/etc/tmpfiles.d/mediac.conf": Entry("d /old\n")}
FEW_NEW = {
    UNITS.format("same"): FEW["same"],
    UNITS.format("one"): unit("one-new"),
    UNITS.format("new"): unit("new"),
    "/etc/tmpfiles.d/mediac.conf": Entry("d /new\n"),
}
SERVICES = {"keeper": ("k:1", on("n")), "kept": ("i:1", "network_mode: 'service:keeper'"), "same": ("s:1", on("n")),
            "asked": ("c:1", on("n")), "started": ("c:1", on("n")), "moved": ("m:1", on("m"))}
ALL_OLD = FEW_OLD | caddyfile("asked", "old") | caddyfile("started", "old") | {
    UNITS.format("firewall"): unit("nft"),
    UNITS.format("killswitch"): unit("nft"),
    "/etc/mediac/firewall.nft": Entry("old\n"),
    "/etc/mediac/killswitch.nft": Entry("old\n"),
    "/etc/systemd/networkd.conf.d/10-mediac.conf": Entry("old\n"),
    "/etc/sysusers.d/mediac.conf": builds.SYSUSERS,
    "/etc/mediac/compose.yaml": compose({"n": "10.0.0.0/24", "m": "10.0.1.0/24"}, SERVICES | {"gone": ("g:1", on("n"))}),
}
ALL_NEW = FEW_NEW | caddyfile("asked", "new") | caddyfile("started", "new") | {
    UNITS.format("firewall"): unit("nft"),
    "/etc/mediac/firewall.nft": Entry("new\n"),
    "/etc/systemd/networkd.conf.d/10-mediac.conf": Entry("new\n"),
    "/etc/sysusers.d/mediac.conf": replace(builds.SYSUSERS, text=f"{builds.SYSUSERS.text}g more 1600 -\n"),
    "/etc/mediac/compose.yaml": compose({"n": "10.0.0.0/24", "m": "10.0.2.0/24"},
                                        SERVICES | {"keeper": ("k:2", on("n")), "new": ("n:1", on("n"))}),
}


@dataclass
class Course:
    """An apply that goes well, and its way back: what the machine is before and after, and what is called."""

    new: object
    before: tuple  # files, and what is in memory
    after: tuple
    forward: dict  # calls and questions by their names, in order
    calls: int  # on the way back
    questions: int

    def asked(self, call):
        """How many questions there are before a call."""
        names = list(self.forward)
        return sum(name[0] == "q" for name in names[: names.index(f"c{call}")])


@dataclass
class Trial:
    name: str
    script: dict  # what the programs do at which call or question
    end: tuple  # exit codes
    course: Course


def check(machine, trial):
    desk, course = Desk(machine), trial.course
    desk.lay(*course.before)
    done = desk.run(trial.script, "apply", "--from", course.new, "--yes")
    log, tree, wrong, found = desk.log(), machine.look(), [], Counter({"runs": 1})
    lies = [log[at] for at, what in trial.script.items() if what in ("lie", "half") and at in log]
    seen = Judge(desk, lies, wrong, found)
    if done.returncode not in trial.end:
        wrong.append(f"exit {done.returncode}, not {trial.end}: {done.stderr.strip()[-300:]}")
    if done.returncode in (0, 4):
        wrong += settled(tree, (course.after if done.returncode == 0 else course.before)[0])
        seen.in_step("in the end")
    elif done.returncode == 5:
        wrong += differences("exit 5:", target(tree), target(course.before[0]))
        pending = [" ".join(step["command"]) for step in journal(tree)["pending"]]
        wrong += not_pending(trial, log, pending)
        # It goes wrong again, then well; or the next apply does it.
        all_again = len(trial.script) > 2
        again = desk.run({f"c{at}": "fail" for at in range(1, len(pending) + 1 if all_again else 2)}, "recover")
        left = [" ".join(step["command"]) for step in machine.journal()["pending"]]
        if again.returncode != 5 or left[:1] != pending[:1] or (all_again and left != pending):
            wrong.append(f"a recover that fails again: exit {again.returncode}, pending {left}")
        kept = machine.look(), desk.state()
        wrong += finish(desk, left, "recover", settled_as=course.before[0])
        seen.in_step("after a recover")
        desk.lay(*kept)
        wrong += finish(desk, left, "apply", "--from", course.new, "--yes", settled_as=course.after[0])
        seen.in_step("after another apply")
        found["runs"] += 3
    else:
        wrong += finish(desk, [], "recover", settled_as=course.before[0])
        seen.in_step("after a recover")
        found["runs"] += 1
    return found, wrong


@dataclass
class Judge:
    """Says whether the machine does what its files say."""

    desk: Desk
    lies: list
    wrong: list
    found: Counter

    def in_step(self, when):
        stale = out_of_step(self.desk, self.desk.machine.look())
        unseen = {UNSEEN[lie]: lie for lie in self.lies if lie in UNSEEN}
        for about in stale:
            if about in unseen:
                self.found[unseen[about]] += 1
            else:
                self.wrong.append(f"I8 {when}, {about} is not as its files say")


def not_pending(trial, log, pending):
    """What failed on the way back has to be pending, and nothing else that did not lie."""
    first, *rest = [at for at in trial.script if at in log]
    may = ("lie", "half")
    failed = Counter(log[at] for at in rest if at[0] == "c" and trial.script[at] not in may)
    lied = Counter(log[at] for at in rest if trial.script[at] in may)
    names = list(log)
    for at in rest:
        if at[0] == "q":
            # A question belongs to the call before it or to the one after it.
            index = names.index(at)
            near = [log[name] for name in names[index::-1] if name[0] == "c"][:1]
            near += [log[name] for name in names[index:] if name[0] == "c"][:1]
            lied.update(near)
            if not set(near) & set(pending):
                failed[near[0]] += 1
    owed = Counter(pending)
    more = owed - failed - lied
    # With one step for containers go all; and what systemd did not read, nothing can be started by.
    takes = [kind for kind in ("docker", "systemctl") if any(mark(kind) in step for step in owed - more)]
    unexpected = [step for step in more if not any(kind in step for kind in takes)]
    if failed - owed or unexpected:
        yield f"failed: {dict(failed)}; lied: {dict(lied)}; pending: {pending}"


def mark(kind):
    return "systemctl daemon-reload" if kind == "systemctl" else "docker"


def settled(tree, wanted):
    wrong = differences("I1", target(tree), target(wanted))
    known = journal(tree)
    if known["work"] is not None or known["pending"] or known["current"] != journal(wanted)["current"]:
        # A build that was taken back has used up its number.
        if known["work"] is not None or known["pending"] or known["current"] == journal(wanted)["last"]:
            wrong.append(f"I3 {known['current']}, pending {known['pending']}, under way {known['work'] is not None}")
    return wrong


def finish(desk, owed, *words, settled_as):
    """The next command does what is left."""
    done = desk.run({}, *words)
    calls, tree = desk.log().values(), desk.machine.look()
    wrong = [f"{words[0]} afterwards: exit {done.returncode}: {done.stderr[-300:]}"] if done.returncode else []
    wrong += [f"{words[0]} afterwards did not call `{step}`" for step in owed if step not in calls]
    known = journal(tree)
    if known["work"] is not None or known["pending"]:
        wrong.append(f"{words[0]} afterwards: something is left")
    return wrong + differences(f"{words[0]} afterwards:", target(tree), target(settled_as))


def pairs(course):
    """Every call of the way there, and with it every call of the way back."""
    forward = sum(name[0] == "c" for name in course.forward)
    yield Trial("nothing goes wrong", {}, (0,), course)
    for k in range(1, forward + 1):
        for what, end in (("fail", 4), ("hang", 4), ("kill", -9)):
            yield Trial(f"call {k}: {what}", {f"c{k}": what}, (end,), course)
        back = [f"c{at}" for at in range(k + 1, k + course.calls + 1)]
        for at in back:
            yield Trial(f"call {k} fails, and {at} on the way back", {f"c{k}": "fail", at: "fail"}, (5,), course)
            yield Trial(f"call {k} fails, and mediac is killed at {at}", {f"c{k}": "fail", at: "kill"}, (-9,), course)
        yield Trial(f"call {k} fails, and all on the way back", {f"c{k}": "fail"} | dict.fromkeys(back, "fail"), (5,), course)
        yield Trial(f"call {k} does not end, nor does the last one back", {f"c{k}": "hang", back[-1]: "hang"}, (5,), course)


def lies(course):
    """Every call says that it worked, and did nothing, or what it should have called did; and no question is answered."""
    forward = sum(name[0] == "c" for name in course.forward)
    yield Trial("nothing goes wrong", {}, (0,), course)
    for k in range(1, forward + 1):
        # 0 is right where there was nothing to do, and where it cannot be seen; it is looked at what came of it.
        yield Trial(f"call {k} lies", {f"c{k}": "lie"}, (0, 4), course)
        yield Trial(f"call {k} does half of it", {f"c{k}": "half"}, (0, 4), course)
        yield Trial(f"call {k} fails", {f"c{k}": "fail"}, (4,), course)
        yield Trial(f"call {k}: mediac is killed", {f"c{k}": "kill"}, (-9,), course)
    ups = [name for name, call in course.forward.items() if name[0] == "c" and " up --detach " in call]
    # The first of them is noticed already: the others are then calls of the way back, and may be left over.
    yield Trial("Compose takes every container for the right one", dict.fromkeys(ups, "half"), (4, 5), course)
    for k in (1, forward):
        back = [f"c{at}" for at in range(k + 1, k + course.calls + 1)]
        for at in back:
            for what in ("lie", "half"):
                script = {f"c{k}": "fail", at: what}
                yield Trial(f"call {k} fails, and {at} on the way back: {what}", script, (4, 5), course)
        yield Trial(f"call {k} fails, and all on the way back lie", {f"c{k}": "fail"} | dict.fromkeys(back, "lie"), (5,), course)
    questions = sum(name[0] == "q" for name in course.forward)
    for k in range(1, questions + 1):
        yield Trial(f"question {k} fails", {f"q{k}": "fail"}, (4,), course)
    for what, end in (("hang", 4), ("kill", -9)):
        yield Trial(f"the last question: {what}", {f"q{questions}": what}, (end,), course)
    asked = course.asked(forward)
    for at in range(asked + 1, asked + course.questions + 1):
        script = {f"c{forward}": "fail", f"q{at}": "fail"}
        yield Trial(f"the last call fails, and question {at} on the way back", script, (5,), course)
    yield Trial("no question is answered on the way back",
                {f"c{forward}": "fail"} | {f"q{at}": "fail" for at in range(asked + 1, asked + course.questions + 1)}, (5,), course)


def course(machine, folder, old, new):
    """An apply that goes well, and the way back of one that fails in its last call."""
    old, new = (builds.write(folder / name, entries, inventory=INVENTORY) for name, entries in (("old", old), ("new", new)))
    desk = Desk(machine)
    desk.lay(USERS, desk.state())
    done = desk.run({}, "apply", "--from", old, "--yes")
    assert done.returncode == 0, done.stderr
    before = machine.look(), desk.state()
    done = desk.run({}, "apply", "--from", new, "--yes")
    assert done.returncode == 0, done.stderr
    found = Course(new, before, (machine.look(), desk.state()), desk.log(), 0, 0)
    desk.lay(*before)
    last = next(name for name in reversed(list(found.forward)) if name[0] == "c")
    assert desk.run({last: "fail"}, "apply", "--from", new, "--yes").returncode == 4
    back = list(desk.log())[list(found.forward).index(last) + 1:]
    return replace(found, calls=sum(name[0] == "c" for name in back), questions=sum(name[0] == "q" for name in back))


def section(crew):
    for name, old, new, kinds in (("programs", FEW_OLD, FEW_NEW, pairs), ("programs-lie", ALL_OLD, ALL_NEW, lies)):
        there = course(crew.workshop.machine(USERS, f"{name}/machine"), crew.folder / name, old, new)
        all_trials, found, wrong = list(kinds(there)), Counter(), []
        for trial, (counts, violations) in crew.each(check, all_trials, 1):
            found += counts
            if violations:
                wrong.append(f"{trial.name}: {'; '.join(violations[:3])}")
        forward = Counter(at[0] for at in there.forward)
        shown = f"{len(all_trials)} ways to go wrong at {forward['c']} calls forward and {there.calls} back"
        shown += f", {forward['q']} and {there.questions} questions, {found.pop('runs')} runs"
        if kinds is lies:
            shown += f", {len(found)} kinds of lies cannot be noticed"
            wrong += [f"it can be noticed that `{call}` lies" for call in UNSEEN if call not in found]
        yield name, f"{shown}, {len(wrong)} violations", wrong
