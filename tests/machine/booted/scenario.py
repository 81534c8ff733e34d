"""What is asked of the booted machine, in order: a disk is missing, all is well, things fail, a reboot."""

import time

from booted import images, storage
from booted.machine import Broken, Machine, until
from booted.prepare import PASSWORD, SECRETS, USER
from booted.watch import Watch
from harness.manifest import Host

PORTS = {"sonarr": 8989, "radarr": 7878, "prowlarr": 9696, "bazarr": 6767, "jellyseerr": 5055}
OWNER, CHILD = "nordlynx", "qbittorrent"
SICK = f"{SECRETS}/{OWNER}/unhealthy"
# What has to be there before Docker starts.
FIRST = ("mediac-killswitch.service", "mediac-firewall.service", "mediac-storage.service")
SSH = "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"


class Scenario:
    def __init__(self, machine: Machine, host: Host, report):
        self.machine, self.host = machine, host
        self.check = report.check
        self.compose = host.tree / "etc/mediac/compose.yaml"
        self.services = images.services(self.compose)

    def play(self) -> None:
        machine = self.machine
        missing = "/dev/disk/by-label/media"
        machine.boot(absent=(missing,))
        self.without_disk()
        machine.power_off()
        machine.boot()
        images.build(machine, self.compose, PORTS)
        machine.power_off()
        with Watch() as watch:
            machine.boot()
            self.well()
            self.host_itself()
            self.namespace()
            self.rules()
            self.daemon()
            # The tunnel of the next boot is not healthy at first.
            self.reboot()
            self.check("the client never ran outside of the tunnel's namespace", lambda: _none(watch))

    # -- boots

    def without_disk(self) -> None:
        down = ("docker.service", "mediac-stack.service", "mediac-storage.service", "plexmediaserver.service")
        for unit in down:
            self.check(f"without a disk, {unit} does not start", lambda unit=unit: not self.active(unit))
        self.check("without a disk, ssh starts", lambda: self.active("ssh.service"))
        self.check("without a disk, the rules are loaded", self.tables)
        self.check("without a disk, nothing is written below its mount point",
                   lambda: _same(self.machine.say("ls -A /srv/hdd"), ""))

    def well(self) -> None:
        self.check("every container runs and is healthy", lambda: until(self.all_well, 90, self.states))
        self.check("the client is in the tunnel's namespace", lambda: until(self.together, 30, self.states))
        self.check("the client's page answers on the host", lambda: until(self.page, 30, "an answer on port 8080"))
        self.check("the client's page answers other containers", lambda: self.machine.must(
            "docker exec prowlarr wget -q -O /dev/null http://qbittorrent:8080/"))
        units = [path.rsplit("/", 1)[1] for path in self.host.files("/etc/systemd/system/*.*") if ".d/" not in path]
        # Started by its timer; over when it has nothing left to do.
        idle = {"mediac-killswitch-check.service", "mediac-recover-rest.service", "mediac-wire.service"}
        self.check("every unit of mediac is active",
                   lambda: _same([unit for unit in units if unit not in idle and not self.active(unit)], []))
        self.check("no unit failed", lambda: _same(self.machine.say("systemctl --failed --plain --no-legend"), ""))

    def reboot(self) -> None:
        machine = self.machine
        flag = "/etc/tmpfiles.d/mediac-test-sick.conf"
        machine.must(f"echo 'f {SICK} 0644 root root' >{flag}")
        machine.power_off()
        machine.boot()
        self.check("a boot with an unhealthy tunnel brings up all the others", lambda: until(
            lambda: self.all_well(but={OWNER, CHILD}), 90, self.states))
        self.check("a boot with an unhealthy tunnel does not start the client", lambda: not self.running(CHILD))
        self.check("an unhealthy tunnel fails no unit",
                   lambda: _same(machine.say("systemctl --failed --plain --no-legend"), ""))
        machine.must(f"rm {flag} {SICK}")
        self.check("the client starts when the tunnel is healthy", lambda: until(self.together, 60, self.states))
        machine.power_off()
        machine.boot()
        self.check("after a reboot, every container is back", lambda: until(self.all_well, 90, self.states))
        self.check("after a reboot, the client is in the tunnel's namespace",
                   lambda: until(self.together, 30, self.states))

    # -- the host

    def host_itself(self) -> None:
        self.check("kill-switch and firewall are loaded", self.tables)
        self.check("the belt's routing rules are there", self.belt)
        self.check("rules were loaded and folders made before Docker started", self.ordered)
        self.check("the folders have the owners and modes of the storage", lambda: storage.compare(self.machine, self.host))
        self.check("the folders are on the disks", lambda: storage.on_disks(self.machine, self.host))
        ask = self.machine
        self.check("ssh lets a key in", lambda: ask.must(f"{SSH} -i /root/key {USER}@127.0.0.1 true"))
        self.check("ssh lets root in with no key either", lambda: not ask.ask(f"{SSH} -i /root/key root@127.0.0.1 true"))
        for user in (USER, "root"):
            self.check(f"ssh offers {user} nothing but keys", lambda user=user: self.only_keys(user))
        self.check("fail2ban watches its jails", self.jails)

    def only_keys(self, user: str) -> None:
        ask = "-o PreferredAuthentications=password,keyboard-interactive -o BatchMode=no"
        script = (f"printf '#!/bin/sh\\necho {PASSWORD!r}\\n' >/tmp/ask; chmod +x /tmp/ask; SSH_ASKPASS=/tmp/ask "
                  f"SSH_ASKPASS_REQUIRE=force {SSH.replace('-o BatchMode=yes', ask)} {user}@127.0.0.1 true")
        said = self.machine.say(script)
        _same("Permission denied (publickey)." in said, True, said)

    def jails(self) -> None:
        said = self.machine.say("fail2ban-client status")
        _same(sorted(said.rpartition("Jail list:")[2].replace(",", " ").split()), ["sshd", "web-login"])

    # -- failures

    def namespace(self) -> None:
        run = self.machine.must
        pid = "$(docker inspect -f '{{.State.Pid}}' %s)"
        self.returns("docker restart of the tunnel", lambda: run(f"docker restart {OWNER}"))
        self.returns("a tunnel that crashed", lambda: run(f"kill -9 {pid % OWNER}"))
        self.returns("a client that crashed", lambda: run(f"kill -9 {pid % CHILD}"), same=True)
        up = "docker compose -f /etc/mediac/compose.yaml -p mediac"
        self.returns("a tunnel made anew", lambda: run(f"{up} up --detach --force-recreate {OWNER}", timeout=90))
        self.returns("a restart of the tunnel by Compose", lambda: run(f"{up} restart {OWNER}", timeout=90))
        run(f"docker kill {OWNER}")
        self.check("the client is stopped when the tunnel stays down",
                   lambda: until(lambda: not self.running(CHILD), 30, self.states))
        self.returns("docker kill of the tunnel, and a start", lambda: run(f"docker start {OWNER}"))
        self.unhealthy()
        self.returns("a restart of the stack", lambda: run("systemctl restart mediac-stack", timeout=180))
        self.check("a stop of the stack stops every container", self.stack_stops)
        self.returns("a start of the stack", lambda: run("systemctl start mediac-stack", timeout=180))

    def unhealthy(self) -> None:
        run = self.machine.must
        before = self.places()[CHILD]
        run(f"touch {SICK}")
        until(lambda: self.health(OWNER) == "unhealthy", 20, self.states)
        self.check("an unhealthy tunnel keeps its running client", lambda: _same(self.places()[CHILD], before))
        run(f"docker kill {CHILD}")
        time.sleep(15)
        self.check("an unhealthy tunnel gets no client", lambda: not self.running(CHILD))
        self.returns("a tunnel that is healthy again", lambda: run(f"rm {SICK}"), same=True)

    def stack_stops(self) -> None:
        self.machine.must("systemctl stop mediac-stack", timeout=180)
        time.sleep(5)
        _same(self.machine.say("docker ps -q"), "")

    def returns(self, name: str, act, same: bool = False) -> None:
        """After something happened the client runs again, in the namespace that the tunnel has then."""
        before = self.places()[OWNER]

        def check() -> None:
            act()
            if not same:
                until(lambda: self.places()[OWNER] not in ("", before), 60, f"another namespace; {self.states()}")
            until(lambda: self.together() and self.page(), 60, self.states)

        self.check(f"after {name}, the client is back in the tunnel's namespace", check)

    def rules(self) -> None:
        run = self.machine.must
        run("nft flush ruleset; ip -4 rule flush proto 77; ip -6 rule flush proto 77")
        self.check("after a flush of all rules, both tables and the belt are back",
                   lambda: until(lambda: self.tables() and self.belt(), 75, "tables and routing rules"))
        run("systemctl reload nftables")
        self.check("after a reload of nftables, both tables are back",
                   lambda: until(self.tables, 10, "tables", every=0.1))
        # The units that follow go on after systemctl has returned.
        run("systemctl restart nftables", timeout=180)
        self.check("after a restart of nftables, both tables are back",
                   lambda: until(self.tables, 10, "tables", every=0.1))
        self.check("after a restart of nftables, every container is back", lambda: until(self.all_well, 120, self.states))
        self.check("after a restart of nftables, Docker was started after the kill-switch was back", self.ordered)

    def daemon(self) -> None:
        run = self.machine.must
        run("systemctl restart docker", timeout=180)
        self.check("after a restart of Docker, every container is back", lambda: until(self.all_well, 120, self.states))
        self.check("after a restart of Docker, the client is in the tunnel's namespace",
                   lambda: until(self.together, 30, self.states))
        run("kill -9 $(systemctl show -P MainPID docker)")
        time.sleep(3)
        self.check("after a crash of Docker, every container is back", lambda: until(self.all_well, 120, self.states))
        self.check("after a crash of Docker, the client is in the tunnel's namespace",
                   lambda: until(self.together, 30, self.states))

    # -- what is the case

    def active(self, unit: str) -> bool:
        return self.machine.run("systemctl", "is-active", "--quiet", unit).returncode == 0

    def stamp(self, unit: str, name: str) -> int:
        return int(self.machine.must(f"systemctl show -P {name}TimestampMonotonic {unit}"))

    def ordered(self) -> None:
        docker = self.stamp("docker.service", "InactiveExit")
        late = [unit for unit in FIRST if not 0 < self.stamp(unit, "ActiveEnter") <= docker]
        _same(late, [])

    def tables(self) -> bool:
        return self.machine.ask("nft list table inet mediac_killswitch && nft list table inet mediac_firewall")

    def belt(self) -> bool:
        wanted = sum(1 for line in (self.host.tree / "etc/mediac/killswitch.belt").read_text().splitlines() if line)
        return len(self.machine.say("/usr/lib/mediac/killswitch-belt show").splitlines()) == wanted

    def containers(self) -> dict[str, list[str]]:
        form = "{{.Name}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}-{{end}} {{.State.Pid}}"
        said = self.machine.say(f"docker inspect --format '{form}' $(docker ps --all --quiet)")
        rows = (line.split() for line in said.splitlines())
        return {row[0].lstrip("/"): row[1:] for row in rows if len(row) == 4}

    def states(self) -> str:
        log = self.machine.say("journalctl -b -n 25 --no-pager -o cat -u 'mediac-*'")
        return "\n".join([f"{name} {' '.join(state)}" for name, state in self.containers().items()] + [log])

    def all_well(self, but: frozenset | set = frozenset()) -> bool:
        found = self.containers()
        return all(found.get(name, [""])[0] == "running" and found[name][1] in ("healthy", "-")
                   for name in self.services if name not in but)

    def running(self, name: str) -> bool:
        return self.containers().get(name, [""])[0] == "running"

    def health(self, name: str) -> str:
        return self.containers()[name][1]

    def places(self) -> dict[str, str]:
        """The network namespaces of tunnel and client; empty for one that does not run."""
        found = self.containers()
        pids = {name: found.get(name, ["", "", "0"])[2] for name in (OWNER, CHILD)}
        return {name: self.machine.say(f"readlink /proc/{pid}/ns/net") if pid != "0" else "" for name, pid in pids.items()}

    def together(self) -> bool:
        places = self.places()
        return places[OWNER] != "" and places[OWNER] == places[CHILD]

    def page(self) -> bool:
        return self.machine.say("curl -s -o /dev/null -m 3 -w '%{http_code}' http://127.0.0.1:8080/") in ("200", "401")


def play(machine: Machine, host: Host, report) -> None:
    Scenario(machine, host, report).play()


def _same(found, wanted, detail: str = "") -> None:
    if found != wanted:
        raise Broken(detail or f"found {found!r}, not {wanted!r}")


def _none(watch: Watch) -> None:
    if watch.outside or watch.samples < 100:
        raise Broken(f"{watch.samples} samples, outside: {watch.outside[:5]}")
