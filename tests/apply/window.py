"""The time in which somebody has to say that the machine can be reached: it ends, nobody waits any more, the machine boots."""

import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import builds
from calls import MUTATING, inject, strace
from locks import until
from fakes import Desk, out_of_step
from programs import FEW_NEW as NEW, FEW_OLD as OLD
from scenarios import differences
from world import ENVIRONMENT, STATE, USERS, File, Machine, journal, target

BOOT = "/proc/sys/kernel/random/boot_id"
# Longer than it takes until all are asked, and short enough to be waited for.
SHORT, LONG = 2, 60
RACES, APART = 24, 0.05
FAULTS = ("error=ENOSPC", "error=EIO", "signal=SIGKILL")
AT_ONCE = 8
THIRD = OLD | {"/etc/demo/third.conf": builds.Entry("third\n")}


class Room:
    """A machine that has the old build, and programs; what it looks like before, and with the new one."""

    def __init__(self, crew, base):
        self.mediac, self.base = crew.mediac, base
        self.old, self.new, self.third = (builds.write(base / f"build-{index}", build) for index, build in enumerate((OLD, NEW, THIRD)))
        self.before, self.state = USERS, None
        trial = self.trial("first")
        trial.must("apply", "--from", self.old, "--yes")
        self.before, self.state = trial.machine.look(), trial.desk.state()
        trial.must("apply", "--from", self.new, "--yes")
        self.after = trial.machine.look()

    def trial(self, name):
        trial = Trial(self, Machine(self.mediac, self.base / name))
        trial.reset()
        return trial


class Trial:
    def __init__(self, room, machine):
        self.room, self.machine, self.desk = room, machine, Desk(machine)
        self.programs = ["--programs", self.desk.base / "bin"]
        self.wrong = []

    def reset(self):
        """The machine as it was before."""
        self.desk.lay(self.room.before, self.desk.state() if self.room.state is None else self.room.state)
        self.desk.ready({})

    def run(self, *words, under=()):
        return self.machine.run(*words, *([] if words[0] in ("confirm", "gc", "status") else self.programs), under=under)

    def must(self, *words):
        self.expect(0, *words)
        if self.wrong:
            raise RuntimeError(self.wrong)

    def expect(self, code, *words, says="", under=()):
        done = self.run(*words, under=under)
        if done.returncode != code or says not in done.stderr:
            self.wrong.append(f"{' '.join(map(str, words))}: exit {done.returncode}, not {code}: {done.stderr.strip()[-200:]}")
        return done

    @contextmanager
    def waiting(self, seconds, build=None):
        """An apply that waits, and its word."""
        words = ["apply", "--from", build or self.room.new, "--yes", "--confirm-within", str(seconds), *self.programs]
        process = subprocess.Popen(self.machine.argv(*words), env=ENVIRONMENT, cwd="/", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            until(lambda: (self.work().get("waiting") or {}).get("until"))
            yield process, self.work()["waiting"]["token"]
        finally:
            process.kill()
            process.communicate()

    def work(self):
        path = self.machine.root / STATE.lstrip("/") / "journal.json"
        return journal({f"{STATE}/journal.json": File(0, 0, 0, path.read_bytes())})["work"] or {}

    def ended(self, process, code):
        said = process.communicate(timeout=30)[1]
        if process.returncode != code:
            self.wrong.append(f"the apply: exit {process.returncode}, not {code}: {said.strip()[-200:]}")

    def waits(self):
        if self.work().get("phase") != "waiting":
            self.wrong.append("it does not wait any more")

    def is_(self, wanted, *history):
        """The machine is byte for byte as it should be, whoever was told of a file has that one, and so says the history."""
        tree = self.machine.look()
        self.wrong += differences("files:", target(tree), target(wanted))
        self.wrong += [f"{about} is out of step" for about in out_of_step(self.desk, tree)]
        known = journal(tree)
        if known["work"] is not None or known["pending"]:
            self.wrong.append(f"left: {known['work'] is not None}, {known['pending']}")
        lines = self.machine.run("history").stdout.splitlines()
        has = [line.split("UTC", 1)[1].strip() for line in lines][-len(history):]
        if has != list(history):
            self.wrong.append(f"the history says {has}, not {list(history)}")


KEPT = ("apply waiting", "confirm applied")
BACK = ("apply waiting", "recover undone: not confirmed")


def expires(trial):
    with trial.waiting(SHORT) as (process, token):
        trial.ended(process, 4)
        trial.expect(3, "confirm", token)
    trial.is_(trial.room.before, *BACK)


def confirmed(trial):
    with trial.waiting(LONG) as (process, token):
        trial.expect(0, "confirm", token)
        trial.ended(process, 0)
    trial.is_(trial.room.after, *KEPT)


def confirmed_twice(trial):
    with trial.waiting(LONG) as (process, token):
        trial.expect(0, "confirm")
        trial.expect(3, "confirm", says="nothing waits")
        trial.expect(3, "confirm", token, says="nothing waits")
        trial.ended(process, 0)
    trial.is_(trial.room.after, *KEPT)


def confirmed_late(trial):
    """Whoever waited is gone, and nobody has taken it back yet."""
    with trial.waiting(SHORT) as (process, token):
        process.kill()
        time.sleep(SHORT + 1.1)
        trial.expect(3, "confirm", token, says="too late")
        trial.waits()
        trial.expect(0, "recover", "--by=watch")
        trial.expect(3, "confirm", token, says="nothing waits")
    trial.is_(trial.room.before, *BACK)


def stale(trial):
    """The word of an earlier apply."""
    with trial.waiting(LONG) as (process, old):
        trial.expect(0, "confirm", old)
        trial.ended(process, 0)
    with trial.waiting(LONG, trial.room.third) as (process, token):
        for word in (old, "", token[:-1]):
            trial.expect(3, "confirm", word, says="another apply")
        trial.waits()
        trial.expect(0, "recover")
        trial.ended(process, 4)
    trial.is_(trial.room.after, *KEPT, *BACK)


def hung_up(trial):
    for code, end in ((0, trial.room.after), (4, trial.room.before)):
        trial.reset()
        with trial.waiting(LONG if code == 0 else SHORT) as (process, token):
            process.send_signal(signal.SIGHUP)
            time.sleep(0.3)
            if process.poll() is not None:
                trial.wrong.append(f"it ended with {process.returncode}")
            if code == 0:
                trial.expect(0, "confirm", token)
            trial.ended(process, code)
        trial.is_(end, *(KEPT if code == 0 else BACK))


def another_boot(trial):
    """A word for `unshare`: whatever follows sees another boot."""
    boot = trial.desk.base / "boot_id"
    boot.write_text("11111111-2222-3333-4444-555555555555\n")
    return ["unshare", "--mount", "sh", "-c", f'mount --bind {boot} {BOOT} && exec "$@"', "sh"]


def booted(trial):
    """It boots while there is time: what had to be confirmed is taken back, and what that starts follows later."""
    with trial.waiting(LONG) as (process, token):
        trial.expect(0, "recover", "--by=boot")
        trial.waits()
        process.kill()
        process.wait()
        after = another_boot(trial)
        trial.expect(3, "confirm", token, says="too late", under=after)
        trial.expect(0, "recover", "--by=boot", under=after)
        trial.wrong += differences("booted:", target(trial.machine.look()), target(trial.room.before))
        trial.expect(0, "recover", "--by=rest", under=after)
    trial.is_(trial.room.before, *BACK)


def killed(trial):
    """The timer of systemd does what the one who waited would have done, and not before."""
    for code, end in ((0, trial.room.after), (3, trial.room.before)):
        trial.reset()
        with trial.waiting(SHORT) as (process, token):
            process.kill()
            process.wait()
            trial.expect(0, "recover", "--by=watch")
            trial.waits()
            if code:
                time.sleep(SHORT + 1.1)
                trial.expect(0, "recover", "--by=watch")
            trial.expect(code, "confirm", token)
        trial.is_(end, *(KEPT if code == 0 else BACK))


def clock_set_back(trial):
    """It began tomorrow, as the clock has it now: that must not be a time of a day and more."""
    with trial.waiting(LONG) as (process, token):
        process.send_signal(signal.SIGSTOP)
        path = trial.machine.root / STATE.lstrip("/") / "journal.json"
        waiting = trial.work()["waiting"]
        text = path.read_text()
        for time_ in (waiting["since"], waiting["until"]):
            text = text.replace(str(time_), str(time_ + 86_400))
        path.write_text(text)
        trial.expect(3, "confirm", token, says="too late")
        process.send_signal(signal.SIGCONT)
        trial.ended(process, 4)
    trial.is_(trial.room.before, *BACK)


def others(trial):
    """Nobody else takes it back by surprise; who wants that can have it."""
    with trial.waiting(LONG) as (process, _):
        before = trial.machine.look()
        refused = dict(says="build 2 waits to be confirmed\n  = help: `mediac confirm` keeps it, `mediac recover` takes it back now")
        for words in (["apply", "--from", trial.room.third, "--yes"], ["rollback", "--yes"], ["rollback", "1", "--yes"],
                      ["remove", "--yes"], ["gc", "--keep", "0"]):
            trial.expect(3, *words, **refused)
        trial.expect(0, "status")
        changed = differences("changed:", trial.machine.look(), before)
        trial.wrong += [line for line in changed if f"{STATE}/lock" not in line]
        if process.poll() is not None:
            trial.wrong.append("it waits no longer")
        trial.expect(0, "recover")
        trial.ended(process, 4)
    trial.is_(trial.room.before, *BACK)
    trial.must("gc", "--keep", "0")


def left_as_it_is(trial):
    """A build that failed, and is to be looked at: until somebody takes it back, or the machine boots."""
    last = "recover undone: failed before"
    for words, end in ((["recover"], trial.room.before), (["recover", "--by=boot"], trial.room.before),
                       (["apply", "--from", trial.room.new, "--yes"], trial.room.after)):
        trial.reset()
        trial.desk.ready({"c6": "fail"})
        trial.expect(5, "apply", "--from", trial.room.new, "--yes", "--no-rollback", says="it stays as it is")
        trial.desk.ready({})
        trial.expect(0, "recover", "--by=watch")
        trial.expect(5, "status")
        trial.wrong += [] if trial.work().get("phase") == "failed" else ["it does not stay"]
        if differences("new", target(trial.machine.look()), target(trial.room.after)):
            trial.wrong.append("its files are not there")
        trial.expect(0, *words, under=another_boot(trial) if "--by=boot" in words else ())
        trial.expect(0, "recover", "--by=rest")
        trial.is_(end, last, *(["apply applied"] if words[0] == "apply" else []))


def overtaken(trial):
    """The next apply follows before the one who waited has looked again."""
    with trial.waiting(LONG) as (process, token):
        process.send_signal(signal.SIGSTOP)
        trial.expect(0, "confirm", token)
        trial.expect(0, "apply", "--from", trial.room.third, "--yes")
        process.send_signal(signal.SIGCONT)
        trial.ended(process, 0)


def race(trial, number):
    """Somebody confirms around the very end: either both say that it stays, or both that it does not."""
    with trial.waiting(1) as (process, token):
        left = trial.work()["waiting"]["until"] + 1 - time.time()
        time.sleep(max(left + (number - RACES / 2) * APART / 4, 0))
        code = trial.run("confirm", token).returncode
        if code == 6:
            code = 3  # the one who waited has the lock, and takes it back
        kept = {0: True, 3: False}[code]
        trial.ended(process, 0 if kept else 4)
    trial.is_(trial.room.after if kept else trial.room.before, *(KEPT if kept else BACK))
    return kept


def faults(room):
    """All calls from the moment that all is done, with a time of no seconds: it is taken back, or begins to be."""
    trial = room.trial("faults")
    words = ["apply", "--from", room.new, "--yes", "--confirm-within", "0", *trial.programs]
    calls = [call for call in strace(trial.machine.argv(*words), MUTATING) if call.mutates]
    writer = calls[0].pid
    calls = [call for call in calls if call.pid == writer and any(str(trial.machine.root) in str(path) for path in call.paths)]
    noted = next(index for index, call in enumerate(calls) if any("history" in str(path) for path in call.paths))
    for call in calls[noted - 4:]:
        for fault in FAULTS:
            yield call, fault


def faulty(room, number, call, fault):
    trial = room.trial(f"faulty-{number}")
    words = ["apply", "--from", room.new, "--yes", "--confirm-within", "0", *trial.programs]
    done, injected = inject(trial.machine.argv(*words), call.name, f"{fault}:when={call.number}")
    # While it waits it opens files again and again: one more or less of them.
    wrong = [] if injected or call.name == "openat" else ["it never came to that"]
    tree = trial.machine.look()
    if done.returncode not in (4, 5, -signal.SIGKILL):
        wrong.append(f"exit {done.returncode}: {done.stderr.strip()[-200:]}")
    if done.returncode == 4:
        wrong += differences("exit 4:", target(tree), target(room.before))
    if trial.work().get("phase") == "waiting":
        # Even a time of no seconds lasts until the next one begins.
        time.sleep(1.1)
    trial.expect(0, "recover", "--by=watch")
    trial.wrong += differences("recovered:", target(trial.machine.look()), target(room.before))
    if trial.machine.journal()["current"] != 1 or trial.work():
        trial.wrong.append("it is not the build before")
    shutil.rmtree(trial.machine.root)
    return [f"{call.name}#{call.number} {fault}: {line}" for line in wrong + trial.wrong]


CASES = {
    "expires": expires, "confirmed": confirmed, "confirmed late": confirmed_late, "confirmed twice": confirmed_twice,
    "a word of another apply": stale, "hung up": hung_up, "booted": booted, "killed": killed,
    "the clock is set back": clock_set_back, "others are refused": others, "overtaken": overtaken,
    "left as it is": left_as_it_is,
}


def case(room, name):
    trial = room.trial(name.replace(" ", "-"))
    CASES[name](trial)
    return trial.wrong


def raced(room, number):
    trial = room.trial(f"race-{number}")
    return race(trial, number), trial.wrong


def section(crew):
    room = Room(crew, crew.folder / "window")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda name: (name, case(room, name)), CASES))
        for name, wrong in found:
            yield f"window-{name.replace(' ', '-')}", f"{len(wrong)} violations", wrong
        races = list(pool.map(lambda number: raced(room, number), range(RACES)))
        kept = sum(kept for kept, _ in races)
        wrong = [line for _, lines in races for line in lines]
        wrong += [] if 0 < kept < RACES else ["it never was a race"]
        yield "window-race", f"{RACES} around the end of the time, {kept} confirmed, {RACES - kept} taken back, all say so", wrong
        all_faults = list(faults(room))
        found = pool.map(lambda item: faulty(room, item[0], *item[1]), enumerate(all_faults))
        wrong = [line for lines in found for line in lines]
    yield "window-faults", f"{len(all_faults)} faults while it waits and is taken back, {len(wrong)} violations", wrong
