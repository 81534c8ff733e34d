"""Fifty at once, and a holder that is killed."""

import os
import signal
import subprocess
import time

import builds
from builds import Entry
from fakes import FAKES
from world import ENVIRONMENT, USERS, Machine, lay

MANY, QUICK, TAKEN = 50, 1.0, 0.1
HOLD = 4


def start(machine, *words):
    return subprocess.Popen(machine.argv(*words), env=ENVIRONMENT, cwd="/", stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("it never came to that")
        time.sleep(0.005)


def section(crew):
    base = crew.folder / "locks"
    fakes, log = base / "bin", base / "log"
    fakes.mkdir(parents=True)
    for name in FAKES:
        # Whoever has the lock is at work until the others have tried.
        (fakes / name).write_text(f"#!/bin/sh\necho $PPID >>{log}\nexec /bin/sleep {HOLD}\n")
        (fakes / name).chmod(0o755)
    # What these call cannot be asked about.
    files = {"/etc/sysusers.d/mediac.conf": builds.SYSUSERS, "/etc/tmpfiles.d/mediac.conf": Entry("d /a\n")}
    place = builds.write(base / "build", files)
    machine = Machine(crew.mediac, base / "machine")
    lay(machine.root, USERS)
    words = ["apply", "--from", place, "--yes", "--programs", fakes]
    yield "locks-many", *many(machine, words, log)
    yield "locks-killed", *killed(machine, words, log)


def many(machine, words, log):
    started = {process.pid: (process, time.monotonic()) for process in (start(machine, *words) for _ in range(MANY))}
    ended, slowest = {}, 0
    while len(ended) < MANY - 1:
        pid, status = os.wait3(0)[:2]
        if pid in started:
            ended[pid] = os.waitstatus_to_exitcode(status)
            slowest = max(slowest, time.monotonic() - started[pid][1])
    winner = next(process for pid, (process, _) in started.items() if pid not in ended)
    wrong = [f"exit {code}" for code in ended.values() if code != 6]
    for pid in ended:
        said = started[pid][0].stderr.read()
        # Between taking the lock and saying so there is a moment.
        if f"process {winner.pid}" not in said and "process ?" not in said:
            wrong.append(f"it does not say who holds the lock: {said}")
    if winner.wait(60):
        wrong.append(f"the winner: {winner.returncode}, {winner.stderr.read()}")
    if slowest > QUICK:
        wrong.append(f"the slowest took {slowest:.2f} s")
    callers = {line for line in log.read_text().splitlines()}
    if callers != {str(winner.pid)}:
        wrong.append(f"programs were called by {callers}")
    return f"{MANY} at once, 1 wins, {list(ended.values()).count(6)} end with 6, the slowest after {slowest:.2f} s", wrong


def killed(machine, words, log):
    """The holder dies while its program runs on: the next one gets the lock at once."""
    fastest, wrong = 9.0, []
    for _ in range(3):
        lay(machine.root, USERS)
        log.unlink()
        holder = start(machine, *words)
        until(lambda: log.exists() and log.read_text())
        refused = machine.run("recover")
        if refused.returncode != 6:
            wrong.append(f"while it is held: {refused.returncode}")
        begin = time.monotonic()
        holder.send_signal(signal.SIGKILL)
        taken = machine.run("recover")
        fastest = min(fastest, time.monotonic() - begin)
        holder.wait()
        if taken.returncode:
            wrong.append(f"after it was killed: {taken.returncode}, {taken.stderr}")
    if fastest > TAKEN:
        wrong.append(f"it took {fastest:.3f} s")
    return f"the next one has the lock, and all taken back, after {fastest * 1000:.0f} ms", wrong
