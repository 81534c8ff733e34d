"""A host comes to a bare machine, changes, is cut off in every way, goes back, and goes."""

import json
import shutil
import time
from pathlib import Path

from booted import holdings, images, storage
from booted.bare import write
from booted.checks import Note
from booted.desk import Desk, Said
from booted.machine import Broken, Machine, until
from booted.scenario import PORTS, Scenario
from harness import manifest
from harness.manifest import Host

MEDIAC = "/var/lib/mediac/bin/mediac"
# Whether a container is well is seen within seconds; nothing else differs from the host of the project.
_CHECKED = (*PORTS, "caddy")
QUICK = ("    fail2ban = {},", "".join(f'    {name}.health.interval = "2s",\n' for name in _CHECKED) + "    fail2ban = {},")
ONE = ("sonarr = {},", 'sonarr.env.TEST = "1",')
CUT = ("ssh.options.users.anna = {},", "ssh = { options.users.anna = {}, endpoints.ssh.expose = 'host },")
MANY = ('timezone = "Europe/Oslo"', 'timezone = "Europe/Paris"')
UNDONE, REFUSED = 4, 3
# Found before the real one; it makes nothing, and says that it did.
LIAR = """\
#!/bin/sh
case "$*" in *" up "*) exit 0 ;; esac
exec /usr/bin/docker "$@"
"""


class Applying(Scenario):
    def __init__(self, machine: Machine, host: Host, desk: Desk, report):
        super().__init__(machine, host, report)
        self.desk = desk
        changes = {"home": (), "one": (ONE,), "cut": (ONE, CUT), "many": (ONE, MANY)}
        self.builds = {name: manifest.load(desk.build(name, QUICK, *given)) for name, given in changes.items()}

    def play(self) -> None:
        machine = self.machine
        machine.boot()
        images.build(machine, self.compose, PORTS)
        bare = holdings.everything(machine)
        self.first(bare)
        self.nothing()
        self.lie()
        self.one()
        self.cut()
        self.plug()
        self.back()
        self.gone(bare)

    # -- in order

    def first(self, bare: dict) -> None:
        asked = self.desk.apply("home")
        self.check("without --yes and nobody to ask, it is refused", lambda: code(asked, REFUSED))
        self.check("the plan says what is installed from packages", lambda: _says(
            asked, "packages are installed, and stay:", "plexmediaserver"))
        self.check("a plan changes nothing", lambda: _none(holdings.difference(bare, self.but_incoming())))
        self.copy("home")
        self.check("the plug is pulled in the middle of the first apply",
                   lambda: self.pull("home", lambda work: work["begun"] >= 9))
        self.machine.boot()
        self.check("pulled in the first apply, nothing is left to be done", lambda: until(
            self.is_clean, 60, lambda: self.mediac("status").text))
        self.check("pulled in the first apply, the machine is as it was", lambda: _none(
            holdings.difference(bare, self.but_incoming())))
        said = self.desk.apply("home", "--yes")
        if not self.check("a bare machine takes the build over SSH", lambda: code(said, 0)):
            raise Broken("without it there is nothing to go on with")
        self.well()
        self.check("kill-switch and firewall are loaded", self.tables)
        self.check("the belt's routing rules are there", self.belt)
        self.check("the folders have the owners and modes of the storage",
                   lambda: storage.compare(self.machine, self.host))
        self.check("the folders are on the disks", lambda: storage.on_disks(self.machine, self.host))
        self.settled("home", "after the first apply")

    def nothing(self) -> None:
        self.copy("home")
        self.check("an apply with nothing to do", lambda: self.timed("apply --from /root/home --yes"))
        self.check("a recover with nothing to do", lambda: self.timed("recover"))

    def lie(self) -> None:
        before, liar = self.lives(), self.machine.root / "usr/local/sbin/docker"
        write(liar, LIAR, 0o755)
        said = self.desk.apply("one", "--yes")
        liar.unlink()
        self.check("a docker that only says that it made a container is noticed", lambda: code(said, UNDONE))
        self.check("it is said what is not so", lambda: _says(said, "sonarr", "is not the one that is wanted"))
        self.check("after the lie, every container is the one that it was", lambda: _same(self.lives(), before))
        self.settled("home", "after the lie")

    def one(self) -> None:
        before = self.lives()
        said = self.desk.apply("one", "--yes")
        self.check("a change of one service is applied", lambda: code(said, 0))
        self.check("its plan names that service and no other", lambda: _same(
            # What is new is wired as well.
            [line for line in said.text.splitlines() if line.startswith("  > ") and "`mediac-wire.timer`" not in line],
            [line for line in said.text.splitlines() if line.startswith("  > ") and "`sonarr`" in line]))
        self.check("its plan says that the service restarts", lambda: _says(said, "`sonarr`"))
        after = self.lives()
        self.check("that service is a new container, and every other the same", lambda: _same(
            sorted(name for name in before if after.get(name) != before[name]), ["sonarr"]))
        self.settled("one", "after the change")

    def cut(self) -> None:
        said = self.desk.apply("cut", "--yes", "--confirm-within", "20")
        self.check("a firewall that shuts SSH out comes back by itself, with exit code 4", lambda: code(said, UNDONE))
        self.check("the history says that it was undone", lambda: _same(self.history()[-1]["result"], "undone"))
        self.settled("one", "after the shut-out")

    def plug(self) -> None:
        self.copy("many")
        moments = {
            "in the middle of its steps": lambda work: work["begun"] >= 3,
            "while it waits to be confirmed": lambda work: work["phase"] == "waiting",
        }
        for name, reached in moments.items():
            self.check(f"the plug is pulled {name}", lambda reached=reached: self.pull("many", reached))
            self.machine.boot()
            self.check(f"pulled {name}, it is taken back while the machine boots", self.taken_back)
            self.check(f"pulled {name}, every container is back", lambda: until(self.all_well, 120, self.states))
            self.settled("one", f"pulled {name}")

    def back(self) -> None:
        said = self.mediac("rollback --yes", timeout=200)
        self.check("a rollback", lambda: code(said, 0))
        self.check("after the rollback, every container is well", lambda: until(self.all_well, 60, self.states))
        self.settled("home", "after the rollback")
        self.machine.power_off()
        self.machine.boot()
        self.check("after a reboot, every container is back", lambda: until(self.all_well, 90, self.states))
        self.check("after a reboot, the client is in the tunnel's namespace",
                   lambda: until(self.together, 30, self.states))
        self.settled("home", "after the reboot")

    def gone(self, bare: dict) -> None:
        said = self.mediac("remove --yes", timeout=200)
        self.check("everything is removed", lambda: code(said, 0))
        self.check("then the machine is as it was", lambda: _none(
            holdings.difference(bare, holdings.everything(self.machine))))
        self.check("then SSH lets its user in", lambda: code(self.desk.ssh("true"), 0))
        self.check("what the programs made is still there", lambda: self.machine.must(
            "mount --mkdir /dev/disk/by-uuid/* /mnt && test -e /mnt/config/sonarr/config.xml; umount /mnt"))

    # -- what is done

    def copy(self, name: str) -> None:
        """Puts a build onto the machine, as if it had been copied there by hand."""
        tree = self.builds[name].tree
        shutil.copytree(tree, self.machine.root / "root" / name, dirs_exist_ok=True)

    def pull(self, name: str, reached) -> Note:
        machine = self.machine
        machine.must(f"systemd-run --quiet --collect --unit=test-apply {MEDIAC} apply --from /root/{name} --yes "
                     "--confirm-within 100")
        until(lambda: (work := self.journal()["work"]) and reached(work), 150, lambda: machine.say(
            "journalctl --no-pager -o cat -u test-apply"), every=0.005)
        work = self.journal()["work"] or {"phase": "over", "begun": 0}
        machine.pull_the_plug()
        return Note(f"{work['phase']}, {work['begun']} steps begun")

    def mediac(self, words: str, timeout: float = 60) -> Said:
        start = time.monotonic()
        done = self.machine.run("sh", "-c", f"exec {MEDIAC} {words}", timeout=timeout)
        return Said(done.returncode, done.stdout.decode(errors="replace"), time.monotonic() - start)

    def taken_back(self) -> Note:
        _same([self.history()[-1][key] for key in ("verb", "result")], ["recover", "undone"])
        began, ended = (int(self.machine.must(f"systemctl show -P ExecMain{what}TimestampMonotonic mediac-recover"))
                        for what in ("Start", "Exit"))
        return Note(f"{(ended - began) / 1e6:.2f} s")

    def timed(self, words: str) -> Note:
        said = self.mediac(words)
        code(said, 0)
        return Note(f"{said.seconds:.2f} s")

    # -- what is the case

    def settled(self, name: str, when: str) -> None:
        """The machine has a build, whole, and can be reached."""
        self.check(f"{when}, the machine has one build, whole",
                   lambda: holdings.is_build(self.machine, self.builds[name]))
        self.check(f"{when}, the status is clean", self.clean)
        self.check(f"{when}, SSH lets its user in", lambda: code(self.desk.ssh("true"), 0))
        self.check(f"{when}, no unit failed",
                   lambda: _same(self.machine.say("systemctl --failed --plain --no-legend"), ""))

    def clean(self) -> None:
        said = self.mediac("status --json --exit-code")
        code(said, 0)
        state = json.loads(said.text)
        _same([state["files"], state["work"], state["pending"]], [{}, None, []])

    def is_clean(self) -> bool:
        return self.mediac("status --exit-code").code == 0

    def journal(self) -> dict:
        path: Path = self.machine.root / "var/lib/mediac/journal.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"work": None}

    def history(self) -> list:
        return json.loads(self.mediac("history --json").text)

    def lives(self) -> dict[str, str]:
        """Which container each service is, and since when it runs."""
        form = "{{.Name}} {{.Id}} {{.State.StartedAt}}"
        said = self.machine.must(f"docker inspect --format '{form}' $(docker ps --all --quiet)")
        return {line.split()[0].lstrip("/"): line for line in said.splitlines()}

    def but_incoming(self) -> dict:
        """What may be left until the next boot is what is in memory."""
        found = holdings.everything(self.machine)
        found["files"] = [line for line in found["files"] if not line.startswith("/run/mediac")]
        return found


def play(machine: Machine, host: Host, desk: Desk, report) -> None:
    Applying(machine, host, desk, report).play()


def code(said: Said, wanted: int) -> Note:
    if said.code != wanted:
        raise Broken(f"exit code {said.code}, not {wanted}:\n{said.text[-3000:]}")
    return Note(f"{said.seconds:.1f} s")


def _says(said: Said, *words: str) -> None:
    if not any(all(word in line for word in words) for line in said.text.splitlines()):
        raise Broken(f"no line with {words}:\n{said.text[-3000:]}")


def _same(found, wanted) -> None:
    if found != wanted:
        raise Broken(f"found {found!r}, not {wanted!r}")


def _none(text: str) -> None:
    if text:
        raise Broken(text)
