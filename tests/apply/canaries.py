"""Twenty secrets that must not be seen anywhere but in the files that are theirs."""

import base64
import json
import os
import random
import signal
import string
import subprocess
import threading
import time
import urllib.parse

import builds
from builds import Entry
from locks import until
from fakes import FAKES
from world import ENVIRONMENT, USERS, File, Machine, lay

COUNT = 20
PLAIN = string.ascii_letters + string.digits + "._~+/=@:,-"
# The last ones have characters that formats take for their own: they fit only where they are the whole file.
WILD = PLAIN + "\"\\'<>&%$ \t{}äß"


def canaries():
    chance = random.Random(5)
    for index in range(COUNT):
        letters = PLAIN if index < COUNT - 4 else WILD
        yield f"key{index}", "".join(chance.choice(letters) for _ in range(24 + index))


def disguises(value):
    """A value as it may be seen: as it is, in base64 at any offset, hexadecimal, in a URL, in JSON."""
    raw = value.encode()
    yield raw
    yield urllib.parse.quote(value, safe="").encode()
    yield json.dumps(value)[1:-1].encode()
    yield json.dumps(value, ensure_ascii=False)[1:-1].encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for offset in range(3):
        # Without the letters at both ends that depend on what is around.
        yield base64.b64encode(b"\0" * offset + raw).rstrip(b"=")[4 if offset else 0 : -2]
        yield base64.urlsafe_b64encode(b"\0" * offset + raw).rstrip(b"=")[4 if offset else 0 : -2]


class Search:
    def __init__(self, values):
        self.names = {disguise: name for name, value in values for disguise in disguises(value)}
        self.looked = 0

    def find(self, where, data):
        self.looked += 1
        return [f"{name} is in {where}" for disguise, name in self.names.items() if disguise in data]


class Watch(threading.Thread):
    """Reads what everybody can read of a process as long as it lives."""

    def __init__(self, process):
        super().__init__()
        self.process, self.seen = process, {}

    def run(self):
        while self.process.poll() is None:
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{self.process.pid}/{name}", "rb") as file:
                        self.seen.setdefault(name, set()).add(file.read())
                except OSError:
                    pass
            time.sleep(0.002)


def version(number, values):
    """A build with all of them, in all formats."""
    entries = {"/etc/sysusers.d/mediac.conf": builds.SYSUSERS, "/etc/demo/plain.conf": Entry(f"plain {number}\n")}
    for index, (name, value) in enumerate(values):
        reference = f"mediac-secret(demo/{name})"
        whole = not set(value) <= set(PLAIN)
        formats = f'{{"v{number}": "{reference}"}}\n', f"A{number}={reference}\n", f"<a{number}>{reference}</a{number}>\n"
        text = f"{reference}\n" if whole else formats[index % 3]
        kept = "seed" if index % 5 == 4 else "secret"
        entries[f"/srv/demo/{name}"] = Entry(text, 0o400 if whole else 0o600, "media", kept)
    entries["/etc/tmpfiles.d/mediac.conf"] = Entry(f"d /a{number}\n")
    return entries


def section(crew):
    values = list(canaries())
    search, base, wrong = Search(values), crew.folder / "canaries", []
    fakes = base / "bin"
    fakes.mkdir(parents=True)
    for name in FAKES:
        # One fails, so that there is something to undo and to be told, and says all it knows.
        (fakes / name).write_text(f"#!/bin/sh\n/usr/bin/env >>{base}/programs\necho $* >>{base}/programs\nexec /bin/sleep 0.1\n")
        (fakes / name).chmod(0o755)
    bad = base / "bad"
    bad.mkdir()
    for name in FAKES:
        (bad / name).write_text("#!/bin/sh\necho no >&2\nexit 1\n")
        (bad / name).chmod(0o755)
    places = [builds.write(base / f"build-{number}", version(number, values)) for number in (1, 2)]
    machine = Machine(crew.mediac, base / "machine")
    given = "/etc/mediac/secrets/demo"
    lay(machine.root, USERS | {f"{given}/{name}": File(0o400, 0, 0, f"{value}\n".encode()) for name, value in values})
    first, second = (["--from", place] for place in places)
    for code, *words in (
        (0, "plan", *first),
        (0, "apply", *first, "--yes", "--programs", fakes),
        (0, "apply", *first, "--yes", "--programs", fakes),
        (0, "plan", *second),
        (5, "apply", *second, "--yes", "--programs", bad),
        (0, "recover", "--programs", fakes),
        (0, "apply", *second, "--yes", "--programs", fakes),
        (0, "rollback", "--yes", "--programs", fakes),
        (0, "status"),
        (0, "history", "--json"),
    ):
        process = subprocess.Popen(machine.argv(*words), env=ENVIRONMENT, cwd="/", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        watch = Watch(process)
        watch.start()
        out, err = process.communicate(timeout=60)
        watch.join()
        if process.returncode != code:
            wrong.append(f"{words[0]}: exit {process.returncode}, not {code}: {err.decode()[-200:]}")
        wrong += search.find(f"the output of {words[0]}", out) + search.find(f"the errors of {words[0]}", err)
        for name, texts in watch.seen.items():
            for text in texts:
                wrong += search.find(f"/proc/PID/{name} of {words[0]}", text)
    wrong += in_files(search, machine, base, places, given)
    diff = subprocess.run([machine.mediac, "diff", *places], env=ENVIRONMENT, capture_output=True, cwd="/")
    wrong += search.find("the difference", diff.stdout + diff.stderr)
    yield "canaries", f"{COUNT} values in {len(search.names)} disguises, {search.looked} texts searched, {len(wrong)} found", wrong
    yield "canaries-search", "all of them are found where they belong", list(blind(search, machine, values))
    yield "canaries-core", *core(machine, base, search, second)


def core(machine, base, search, build):
    """mediac is killed in a way that leaves its memory in a file, if it may; another program shows that it would."""
    slow = base / "slow"
    slow.mkdir()
    for name in FAKES:
        (slow / name).write_text(f"#!/bin/sh\necho >{base}/at-work\nexec /bin/sleep 1\n")
        (slow / name).chmod(0o755)
    dumped, places = [], [base / "core-mediac", base / "core-other"]
    other = ["/bin/sh", "-c", f"echo >{base}/at-work; while :; do :; done"]
    for place, argv in zip(places, (machine.argv("apply", *build, "--yes", "--programs", slow), other)):
        place.mkdir()
        process = subprocess.Popen(["/usr/bin/prlimit", "--core=unlimited:unlimited", *argv], env=ENVIRONMENT, cwd=place,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until((base / "at-work").exists)
        (base / "at-work").unlink()
        # Not SIGQUIT: whoever starts the tests in the background has it ignored.
        process.send_signal(signal.SIGABRT)
        dumped.append(os.WCOREDUMP(os.waitpid(process.pid, 0)[1]))
    machine.run("recover", "--programs", base / "bin")
    wrong = ["mediac left a core"] if dumped[0] else []
    for file in places[0].iterdir():
        wrong += search.find(file.name, file.read_bytes())
    others = "one" if dumped[1] else "none, so that this shows nothing here"
    return f"mediac left {'a core' if dumped[0] else 'no core'}, another program {others}", wrong


def in_files(search, machine, base, places, given):
    """Files of the machine, of the builds and of programs."""
    tree, theirs = machine.look(), {path for path in version(1, list(canaries())) if path.startswith("/srv/demo/")}
    for path, entry in tree.items():
        if isinstance(entry, File) and not path.startswith(given):
            if path in theirs:
                if entry.mode not in (0o400, 0o600):
                    yield f"{path} has mode {entry.mode:o}"
                continue
            yield from search.find(path, entry.content)
    for folder, _, names in [walked for place in places for walked in os.walk(place)]:
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                yield from search.find(f"{folder}/{name}", file.read())
    yield from search.find("what programs saw", (base / "programs").read_bytes())


def blind(search, machine, values):
    """Values that the search would not find where they are."""
    tree = machine.look()
    for name, _ in values:
        if not any(found.startswith(f"{name} ") for found in search.find("there", tree[f"/srv/demo/{name}"].content)):
            yield f"{name} is not found in its own file"
