"""The commands that are cut off: each from a machine that is ready for it, with what it looks like when all went well."""

import re
import shutil
from dataclasses import dataclass

import builds
from calls import MUTATING, inject, strace
from world import STATE, USERS, File, Link, Machine, journal, lay, look, target

EDITED = "/etc/demo/edited.conf"
FOREIGN = {
    "/etc/demo/foreign.conf": File(0o644, 0, 0, b"foreign\n"),
    "/etc/demo/link.conf": Link("user.txt"),
}


@dataclass
class Scenario:
    name: str
    words: list  # of the command line
    before: dict  # the machine before
    after: dict  # and after it, when nothing is in its way
    whole: dict  # the number of a build that the machine may have afterwards: its files
    kept: dict  # and those of the builds that are kept

    def judge(self, tree):
        """What is wrong with a machine on which nothing is under way any more."""
        try:
            known = journal(tree)
        except ValueError as error:
            return [f"I3 the journal is unreadable: {error}"]
        wrong = []
        if known["work"] is not None:
            wrong.append("I3 something is still under way")
        if known["pending"]:
            wrong.append("I8 something is still to be done")
        if known["current"] not in self.whole:
            return [*wrong, f"I3 the journal says build {known['current']}"]
        wrong += differences("I1", target(tree), self.whole[known["current"]])
        secret = builds.SECRET.encode()
        for path, entry in tree.items():
            name = path.rsplit("/", 1)[1]
            if name.startswith((".mediac-", ".journal", ".root.key", ".durations")) or f"{STATE}/generations/." in path:
                wrong.append(f"I4 left behind: {path}")
            if path.startswith(STATE) and isinstance(entry, File) and secret in entry.content:
                wrong.append(f"I4 a secret in {path}")
        history = tree.get(f"{STATE}/history.jsonl", File(0, 0, 0, b"")).content
        if any(line.count(b'{"time"') > 1 for line in history.splitlines()):
            wrong.append("a line of the history is lost in another one that was cut off")
        if known["current"] is not None and b'"to":%d,"result":"applied"' % known["current"] not in history:
            wrong.append(f"history: build {known['current']} is not in it")
        return wrong + self.judge_builds(tree, known)

    def judge_builds(self, tree, known):
        wrong, found = [], {}
        for path, entry in tree.items():
            if match := re.match(rf"{STATE}/generations/(\d+)(/.*)?$", path):
                found.setdefault(int(match[1]), {})[match[2] or ""] = entry
        if known["current"] is not None and known["current"] not in found:
            wrong.append(f"I10 build {known['current']} is not kept")
        for number, files in found.items():
            if number not in self.kept:
                wrong.append(f"I2 there is a build {number}")
                continue
            # The time in it is another one in every run.
            stated = {path: entry for path, entry in files.items() if path != "/meta.json"}
            wrong += differences(f"I10 build {number}:", stated, self.kept[number])
            if "/meta.json" not in files:
                wrong.append(f"I10 build {number} has no meta.json")
        return wrong


def differences(name, has, wanted):
    return [
        f"{name} {path} is {short(has.get(path))}, not {short(wanted.get(path))}"
        for path in sorted(has.keys() | wanted.keys())
        if has.get(path) != wanted.get(path)
    ]


def short(entry):
    return "absent" if entry is None else repr(tuple(entry))[:60]


def kept(*trees):
    """The builds that are kept in any of these, without the time at which they were made."""
    found = {}
    for tree in trees:
        for path, entry in tree.items():
            if (match := re.match(rf"{STATE}/generations/(\d+)(/.*)?$", path)) and match[2] != "/meta.json":
                found.setdefault(int(match[1]), {})[match[2] or ""] = entry
    return found


def has(mediac, command):
    """Whether this mediac knows a command."""
    return Machine(mediac, "/").run(command, "--help").returncode == 0


class Workshop:
    """Makes the scenarios, in a folder that is the same machine for all of them."""

    def __init__(self, mediac, base):
        self.mediac, self.base = mediac, base
        self.old = builds.write(base / "old", builds.OLD)
        self.new = builds.write(base / "new", builds.NEW)
        adopted = [word for path in FOREIGN for word in ("--adopt", path)]
        self.first = ["apply", "--from", self.old, "--yes"]
        self.update = ["apply", "--from", self.new, "--yes", "--drift", "overwrite", *adopted]

    def machine(self, tree, name="machine"):
        root = self.base / name
        machine = Machine(self.mediac, root)
        lay(root, tree)
        return machine

    def after(self, tree, *commands):
        machine = self.machine(tree)
        for command in commands:
            machine.must(*command)
        return machine.look()

    def applied(self):
        """The machine with the first build, and then somebody edits."""
        tree = self.after(USERS, self.first)
        edit = tree[EDITED]._replace(content=b"edited by hand\n")
        return tree | FOREIGN | {EDITED: edit, "/srv/demo/user.db": File(0o600, 1500, 1500, b"data")}

    def cut_off(self, tree, command):
        """The machine as it is when the very last step, which makes the build the machine's, does not come."""
        machine = self.machine(tree)
        calls = strace(machine.argv(*command), MUTATING)
        last = [call for call in calls if call.name.startswith("rename")][-1]
        machine = self.machine(tree)
        inject(machine.argv(*command), last.name, f"signal=SIGKILL:when={last.number}")
        cut = machine.look()
        assert journal(cut)["work"] is not None
        return cut

    def scenario(self, name, words, before, back=None):
        """`back`: it ends as this machine is, whatever happens."""
        after = self.after(before, words)
        was = before if back is None else back
        whole = {journal(tree)["current"]: target(tree) for tree in (was, after)}
        return Scenario(name, words, before, after, whole, kept(before, was, after))

    def all(self):
        applied = self.applied()
        updated = self.after(applied, self.update)
        yield self.scenario("first", self.first, USERS)
        yield self.scenario("update", self.update, applied)
        yield self.scenario("rollback", ["rollback", "--yes"], updated)
        token = "/etc/mediac/secrets/demo/token"
        other = applied[token]._replace(content=b"another-value\n")
        yield self.scenario("rotate", ["apply", "--from", self.old, "--yes"], applied | {token: other})
        yield self.scenario("recover", ["recover"], self.cut_off(applied, self.update), applied)
        if has(self.mediac, "gc"):
            grown = self.after(updated, ["rollback", "--yes"], ["rollback", "2", "--yes"])
            yield self.scenario("gc", ["gc", "--keep", "1"], grown)
        shutil.rmtree(self.base / "machine")
