"""A bare machine, one command, and every service knows the others; after a reboot as well."""

import json

from booted import images
from booted.applying import MEDIAC, QUICK, code
from booted.checks import Note
from booted.desk import Desk
from booted.machine import Broken, Machine, until
from booted.scenario import PORTS, Scenario
from booted.stage import STANDINS
from harness import manifest
from harness.manifest import Host


class Wiring(Scenario):
    def __init__(self, machine: Machine, host: Host, desk: Desk, report):
        super().__init__(machine, host, report)
        self.desk = desk
        self.build = manifest.load(desk.build("home", QUICK))

    def play(self) -> None:
        self.machine.boot()
        images.build(self.machine, self.compose, PORTS, standins=STANDINS)
        said = self.desk.apply("home", "--yes")
        if not self.check("a bare machine takes the build over SSH", lambda: code(said, 0)):
            raise Broken("without it there is nothing to go on with")
        self.check("without another command, every service is wired", lambda: self.wired("the first apply"))
        self.check("a second run sends nothing", self.second)
        self.check("no unit failed", lambda: self.machine.say("systemctl --failed --plain --no-legend") == "")
        self.check("the real qBittorrent has its categories", self.categories)
        # The stand-ins keep nothing: they come back as after their first start.
        self.machine.power_off()
        self.machine.boot()
        self.check("after a boot they are wired again", lambda: self.wired("the boot"))

    def wired(self, after: str) -> Note:
        until(lambda: self.plan()[0] == 0, 150, lambda: f"after {after}: {self.plan()[1][-3000:]}", every=2)
        log = self.machine.say("journalctl -b -u mediac-wire.service --no-pager -o cat")
        made = [line for line in log.splitlines() if any(word in line for word in (": made ", ": changed ", ": done"))]
        for line in made:
            print(f"     {line}")
        if not made:
            raise Broken(f"the unit made nothing:\n{log[-2000:]}")
        return Note(f"{len(made)} things were done")

    def plan(self) -> tuple[int, str]:
        done = self.machine.run(MEDIAC, "wire", "plan", "--exit-code", "--wait", "1", timeout=60)
        return done.returncode, done.stdout.decode(errors="replace")

    def second(self) -> bool:
        done = self.machine.run(MEDIAC, "wire", "apply", "--json", timeout=60)
        document = json.loads(done.stdout)
        return done.returncode == 0 and not document["done"] and not document["writes"]

    def categories(self) -> bool:
        path = "/srv/ssd/config/qbittorrent/qBittorrent/categories.json"
        return {"movies", "tv"} <= set(json.loads(self.machine.say(f"cat {path}")))


def play(machine: Machine, host: Host, desk: Desk, report) -> None:
    Wiring(machine, host, desk, report).play()
