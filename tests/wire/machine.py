"""The machine as `mediac wire` sees it: a folder with the wiring, values of secrets in memory, and what was wired."""

import copy
import json
import shutil
import subprocess
import time
from pathlib import Path

from harness import references
from jsonschema import Draft202012Validator

_SCHEMA = Draft202012Validator(json.loads((Path(__file__).resolve().parents[2] / "schemas/json/wire.json").read_text()))


class Said:
    """What a run of mediac said."""

    def __init__(self, done, seconds):
        self.code, self.out, self.err, self.seconds = done.returncode, done.stdout, done.stderr, seconds
        self.text = self.out + self.err

    @property
    def document(self):
        document = json.loads(self.out)
        wrong = [error.message for error in _SCHEMA.iter_errors(document)]
        assert not wrong, f"not as `mediac schema wire` has it: {wrong}"
        return document

    @property
    def changes(self):
        """Every object that differs, as SERVICE/RESOURCE/NAME, with what happens to it."""
        found = {}
        for service, about in self.document["services"].items():
            for change in about["changes"]:
                name = "/".join(filter(None, (service, change["resource"], change["name"])))
                found[name] = change
        return found

    def __str__(self):
        return f"exit code {self.code} after {self.seconds:.1f} s\n{self.text[-3000:]}"


class Machine:
    def __init__(self, program: Path, folder: Path, host: Path):
        self.program, self.root = program, folder
        self.wiring = json.loads((host / "etc/mediac/wiring.json").read_text())
        self.base = copy.deepcopy(self.wiring)
        self.secrets = {}
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("etc/mediac", "run/mediac/wire", "var/lib/mediac"):
            (folder / name).mkdir(parents=True)
        for path in sorted((host / "run/mediac/wire").rglob("*")):
            if path.is_file():
                self.give(path.relative_to(host / "run/mediac/wire"), references.fill(path.read_bytes()).decode())
        (folder / "var/lib/mediac/root.key").write_bytes(bytes(range(32)))
        self.write()

    def twin(self, folder: Path):
        """Another machine that knows what this one knows: what it does with the services, somebody else has done."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.root, folder)
        other = copy.copy(self)
        other.root, other.wiring = folder, copy.deepcopy(self.wiring)
        return other

    def give(self, name, value):
        """Puts the value of a secret into memory."""
        place = self.root / "run/mediac/wire" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(value)
        self.secrets[str(name)] = value.strip()

    def write(self):
        (self.root / "etc/mediac/wiring.json").write_text(json.dumps(self.wiring))

    def define(self, change):
        """Changes the definition, as another build would."""
        change(self.wiring["services"])
        self.write()

    def restore(self):
        self.wiring = copy.deepcopy(self.base)
        self.write()

    def forget(self):
        """As if nothing had been wired yet."""
        (self.root / "var/lib/mediac/wired.json").unlink(missing_ok=True)

    def port(self, service):
        return int(self.wiring["services"][service]["url"].rsplit(":", 1)[1])

    def wire(self, verb, *words, wait=6, timeout=15, json=True):
        command = [str(self.program), "wire", verb, "--root", str(self.root), "--wait", str(wait),
                   "--timeout", str(timeout), *(["--json"] if json else []), *words]
        start = time.monotonic()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        return Said(done, time.monotonic() - start)

    def leaks(self, text):
        """Secrets in a text."""
        return [name for name, value in self.secrets.items() if value in text]
