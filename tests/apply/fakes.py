"""Programs that keep the state of a machine, as real ones would, and go wrong when they are told to; see `fake.sh`."""

import re
from pathlib import Path

from world import File, lay, look

SCRIPT = Path(__file__).with_name("fake.sh")
FAKES = ("systemctl", "docker", "sh", "nft", "ip", "env", "mount")
# What only other programs call: nothing outside must be found.
INNER = ("seq", "sleep", "cp", "apt-get", "systemd-tmpfiles", "systemd-sysusers", "udevadm")
PARTS = ("units", "running", "loaded", "enabled", "tables", "containers", "networks", "taken", "started")
UNIT, COMPOSE = "/etc/systemd/system/", "/etc/mediac/compose.yaml"
ONCE = {
    "/etc/tmpfiles.d/mediac.conf": "folders",
    "/etc/sysusers.d/mediac.conf": "accounts",
    "/etc/systemd/networkd.conf.d/10-mediac.conf": "unit systemd-networkd.service",
}
GATES = {"mediac-firewall.service": "firewall", "mediac-killswitch.service": "killswitch"}


class Desk:
    """A machine with programs that do what they are told."""

    def __init__(self, machine):
        self.machine, self.base = machine, machine.root.parent / f"{machine.root.name}-programs"
        if (self.base / "bin").is_dir():
            return
        for part in PARTS:
            (self.base / "state" / part).mkdir(parents=True)
        for part in ("tick", "load"):
            (self.base / "state" / part).write_text("1\n")
        (self.base / "bin").mkdir()
        for name in FAKES + INNER:
            fake = self.base / "bin" / name
            fake.write_text(f"#!/bin/sh\nname={name} root={machine.root} base={self.base}\n. {SCRIPT}\n")
            fake.chmod(0o755)

    def run(self, script, *words):
        """Calls mediac."""
        self.ready(script)
        return self.machine.run(*words, "--programs", self.base / "bin", "--program-timeout", "1")

    def ready(self, script):
        """From now on this goes wrong: `c3` is the third call, `q3` the third question."""
        (self.base / "script").write_text("".join(f"{at} {what}\n" for at, what in script.items()))
        for name in ("log", "c", "q"):
            (self.base / name).write_text("" if name == "log" else "0\n")

    def log(self):
        """Calls and questions by their names, in order."""
        return dict(line.split("|", 1) for line in (self.base / "log").read_text().splitlines())

    def state(self):
        return look(self.base / "state")

    def lay(self, tree, state):
        lay(self.machine.root, tree)
        lay(self.base / "state", state)

    def effective(self):
        """What the machine does, by what it is about."""
        def read(part):
            return {file.name: file.read_text() for file in (self.base / "state" / part).iterdir()}

        found = {f"unit {name}": text.strip() for name, text in read("running").items()}
        found |= {f"enabled {name}": "" for name in read("enabled")}
        found |= {f"failed {name}": "" for name, text in read("units").items() if text.startswith("failed")}
        found |= {f"table {name}": text.splitlines()[1] for name, text in read("tables").items()}
        found |= {f"network {name}": text.splitlines()[1] for name, text in read("networks").items()}
        found |= {f"taken {name}": text.strip() for name, text in read("taken").items()}
        for name, text in read("containers").items():
            found[f"container {name}"], found[f"health {name}"] = text.split()[1:]
        for name in ("folders", "accounts", "rules"):
            file = self.base / "state" / name
            found |= {name: file.read_text().strip()} if file.exists() else {}
        return found


def wanted(tree):
    """What a machine with these files does, when all of them have taken effect."""
    text = {path: entry.content.decode() for path, entry in tree.items() if isinstance(entry, File)}
    line = {path: content.replace("\n", ";") for path, content in text.items()}
    found = {}
    for path in line:
        name = path.removeprefix(UNIT)
        if path.startswith(UNIT) and "/" not in name:
            found[f"unit {name}"] = line[path]
            found |= {f"enabled {name}": ""} if "[Install]" in text[path] else {}
            if gate := GATES.get(name):
                found[f"table inet mediac_{gate}"] = line[f"/etc/mediac/{gate}.nft"]
                found |= {"rules": "belt"} if gate == "killswitch" else {}
        if match := re.fullmatch("/etc/mediac/live/(.*)/Caddyfile", path):
            found[f"taken {match[1]}"] = line[path]
    found |= {about: line[path] for path, about in ONCE.items() if path in line}
    for name, definition in re.findall(r"^  (\w+): .*mediac.definition: (\w+)", text.get(COMPOSE, ""), re.M):
        found |= {f"container {name}": definition, f"health {name}": "healthy"}
    networks = text.get(COMPOSE, "").split("services:")[0]
    return found | {f"network mediac_{name}": rest for name, rest in re.findall(r"^  (\w+): (.*)", networks, re.M)}


def out_of_step(desk, tree):
    """What does not do what its files say, or does something without any."""
    found, should = desk.effective(), wanted(tree)
    return sorted(about for about in found.keys() | should.keys() if found.get(about) != should.get(about))
