"""A torrent runs through the tunnel, and everything that can happen to it happens: what leaves the machine?"""

import re
import time

from booted import images, tunnel
from booted.checks import Note
from booted.load import Load
from booted.machine import Broken, Machine, until
from booted.outside import EXIT, HOME, HOST, ROUTER, TABLES_AT_THE_END, VPN, VPN_PORT, Outside
from booted.prepare import SECRETS
from booted.scenario import CHILD, OWNER, PORTS, Scenario
from booted.torrent import NAME, Api, Torrent
from booted.uplink import Uplink
from harness import references
from harness.manifest import Host

PRIVATE_KEY = f"{SECRETS}/{OWNER}/private_key"
_COPY = "/srv/ssd/rogue"
_ROGUE = (f"docker run --detach --name rogue --volume {_COPY}/config:/config "
          f"--volume {_COPY}/downloads:/srv/ssd/downloads "
          "--env PUID=1501 --env PGID=1500 --env UMASK=002 --env WEBUI_PORT=8090")
# Without tables there is the belt, which cannot tell WireGuard from other packets to the server's port.
BELT_SPARES = rf"UDP \S+ -> {VPN} port {VPN_PORT}"
_KEEPER = "mediac-namespace-nordlynx"
_GATES = "mediac-killswitch mediac-firewall"
_MACVLAN = f"docker network create --driver macvlan --subnet 192.168.1.0/24 --gateway {ROUTER} --opt parent=host0 house"
_TABLES = ("inet mediac_killswitch", "inet mediac_firewall", "netdev mediac_uplinks")
_OPEN = "; ".join(["systemctl stop mediac-killswitch-check.timer", *(f"nft delete table {name}" for name in _TABLES),
                   "ip -4 rule flush proto 77", "ip -6 rule flush proto 77"])


class Leaking(Scenario):
    def __init__(self, machine: Machine, host: Host, world: Outside, uplink: Uplink, load: Load, report):
        super().__init__(machine, host, report)
        self.world, self.uplink, self.load = world, uplink, load
        self.spared = 0
        self.torrent = Torrent(world)
        password = references.plain(CHILD, "password")
        # From a computer at home, by the published port.
        self.api = Api(world.client, f"http://{HOST}:8080", password)

    def play(self) -> None:
        self.prepare()
        self.works()
        self.tunnel_fails()
        self.rules()
        self.strays()
        self.reboots()
        self.all_in_all()
        self.control()

    def prepare(self) -> None:
        if self.world.public_key() not in self.compose.read_text(encoding="utf-8"):
            raise Broken("the compose file names another server than the one of this test")
        self.machine.boot()
        images.build(self.machine, self.compose, PORTS, tunnel.WIREGUARD)
        self.torrent.seed()
        self.machine.must("systemctl restart mediac-stack", timeout=180)
        until(lambda: self.together() and self.api.answers(), 25, self.states)
        # Until here, images were looked for that did not exist yet.
        self.uplink.forget()

    def works(self) -> None:
        self.check("the client is bound to the tunnel, as seeded",
                   lambda: self.api.json("app/preferences")["current_network_interface"] == "wg0")
        self.torrent.add(self.api, "with")
        self.fault("a torrent comes through the tunnel", lambda: None)
        self.check("the page answers at home", lambda: self.home(f"curl -sf -m 5 -o /dev/null http://{HOST}:8080/"))
        self.check("ssh answers at home", lambda: self.home(
            f"exec 3<>/dev/tcp/{HOST}/22 && read -t 5 -n 4 -u 3 it && [ $it = SSH- ]"))
        self.check("Caddy answers at home", lambda: self.home(
            f"curl -s -m 5 -o /dev/null -w '%{{http_code}}' http://{HOST}/ | grep -q ^308 && "
            f"exec 3<>/dev/tcp/{HOST}/443"))
        # It would stop itself, and the rules would have nothing to do.
        self.api.set("app/setPreferences", json='{"current_network_interface": "", "current_interface_address": ""}')
        self.check("the client is no longer bound to the tunnel",
                   lambda: self.api.json("app/preferences")["current_network_interface"] == "")
        self.fault("the client is not bound", lambda: time.sleep(2))

    def tunnel_fails(self) -> None:
        run = self.machine.must
        self.fault("the VPN server stopped", lambda: (self.world.stop_vpn(), time.sleep(5)), heals=False)
        self.check("with the VPN server stopped, the page answers at home", self.api.answers)
        self.fault("the VPN server came back", self.world.start_vpn)
        self.fault("the tunnel's interface was deleted", self.cut, heals=False)
        self.check("without the tunnel's interface, the page answers at home", self.api.answers)
        self.fault("the tunnel's container restarted", lambda: run(f"docker restart -t 2 {OWNER}"))
        self.fault("the tunnel's container was paused",
                   lambda: run(f"docker pause {OWNER}; sleep 4; docker unpause {OWNER}"))
        self.fault("the tunnel's container was killed",
                   lambda: run(f"docker kill {OWNER}; sleep 4; docker start {OWNER}"))

    def rules(self) -> None:
        run = self.machine.must
        self.fault("the rules were loaded 100 times", lambda: run(
            "for i in $(seq 100); do nft -f /etc/mediac/killswitch.nft; nft -f /etc/mediac/firewall.nft; done",
            timeout=120))
        self.fault("the units were reloaded 100 times", lambda: run(
            f"for i in $(seq 100); do systemctl reload {_GATES} || "
            f"{{ journalctl --no-pager -n 20 -o cat $(printf -- '-u %s ' {_GATES}); exit 1; }}; done", timeout=120))
        # Whoever knocks meanwhile is answered by the host itself, which has no firewall then.
        self.world.knock(False)
        # Docker's own rules go as well, and come back only with Docker.
        self.fault("all rules were flushed and the tunnel's interface deleted",
                   lambda: (run("nft flush ruleset"), self.cut(), run("systemctl start mediac-killswitch-check")),
                   heals=False, spared=BELT_SPARES)
        self.world.knock(True)
        self.fault("Docker restarted", lambda: run("systemctl restart docker", timeout=180))

    def strays(self) -> None:
        """The client without the tunnel's network, on all others that it could be on."""
        run = self.machine.must
        run(f"mkdir -p {_COPY}")
        run(f"cp -a /srv/ssd/config/qbittorrent {_COPY}/config; cp -a /srv/ssd/downloads {_COPY}/downloads")
        self.image = self.services[CHILD]
        self.fault("a client ran on Docker's default network", lambda: self.stray("bridge"), heals=False)
        run(_MACVLAN)
        self.fault("a client ran on a macvlan of the uplink", lambda: self.stray("house --ip 192.168.1.240"), heals=False)
        run(f"systemctl stop {_KEEPER}")
        for what, text in (("the tunnel's network", "network_mode: !reset null\n    networks: [nordlynx]"),
                           ("the network of the others", "network_mode: !reset null\n    networks: [services]"),
                           ("the network of the host", "network_mode: host")):
            self.fault(f"the client was recreated on {what}", lambda text=text: self.recreate(text), heals=False)
        # A machine that is busy may not get the process started at once; the unit tries again by itself.
        self.fault("the client was put back", lambda: run(
            f"systemctl start {_KEEPER} || {{ journalctl --no-pager -n 20 -o cat -u {_KEEPER} >&2; sleep 8; "
            f"systemctl is-active {_KEEPER}; }}"))

    def reboots(self) -> None:
        # One that Docker starts by itself, as early as it can.
        self.machine.must(f"{_ROGUE} --restart always {self.image}")
        self.fault("the machine was shut down", self.machine.power_off, heals=False)
        self.fault("the machine booted", self.machine.boot)
        self.check("the rules were there to the end of the shutdown", self.stayed)
        self.check("a client on another network was there from the start", lambda: self.running("rogue"))
        self.machine.must("docker rm -f rogue")

    def all_in_all(self) -> None:
        self.check("in all", self.sum)
        self.check("the tracker was asked from the tunnel only", lambda: _only(self.world.announcers(), EXIT))
        self.check("the seeder is connected with the tunnel's exit", lambda: _only(self.torrent.peers(), EXIT))
        self.torrent.unleash()
        self.check("the torrent arrives complete", self.complete)

    def control(self) -> None:
        """The same without rules: a counter that shows nothing now has shown nothing before."""
        run = self.machine.must
        run(_OPEN)
        self.leaks("without rules, a deleted interface leaks", lambda: (self.cut(), self.announce()))
        self.check("without rules, the tracker sees the house", lambda: until(
            lambda: HOME in self.world.announcers(), 30, lambda: str(self.world.announcers()[-3:])))
        run(f"systemctl stop {_KEEPER}; docker kill {CHILD} {OWNER}", timeout=120)
        self.leaks("without rules, a client on Docker's default network leaks", lambda: self.stray("bridge"))
        self.leaks("without rules, a client on a macvlan of the uplink leaks",
                   lambda: self.stray("house --ip 192.168.1.240"))
        self.leaks("without rules, a client on the host's network leaks", lambda: self.recreate("network_mode: host"))

    # -- what happens

    def cut(self) -> None:
        pid = self.machine.must(f"docker inspect -f '{{{{.State.Pid}}}}' {OWNER}")
        self.machine.must(f"nsenter --net=/proc/{pid}/ns/net ip link del wg0")
        time.sleep(4)

    def announce(self) -> None:
        self.api.set("torrents/reannounce", hashes=self.torrent.hash)
        time.sleep(4)

    def stray(self, network: str) -> None:
        self.machine.must(f"{_ROGUE} --network {network} {self.image}; sleep 5; docker rm -f rogue")

    def recreate(self, text: str) -> None:
        override = f"services:\n  {CHILD}:\n    {text}\n"
        self.machine.run("tee", "/root/override.yaml", stdin=override.encode())
        files = "-f /etc/mediac/compose.yaml -f /root/override.yaml"
        self.machine.must(f"docker compose {files} -p mediac up --detach --no-deps --force-recreate {CHILD}; sleep 5")

    # -- what is asked

    def fault(self, name: str, act, heals: bool = True, spared: str = "") -> None:
        """Nothing may leave while something happens; and then the transfer goes on, if it can."""
        def check() -> Note:
            before, tried = len(self.uplink.leaks()), self.load.tried()
            act()
            if heals:
                self.goes_on()
            seen, tried = self.uplink.leaks()[before:], self.load.tried() - tried
            leaks = [kind for kind in seen if not (spared and re.fullmatch(spared, kind))]
            self.spared += len(seen) - len(leaks)
            if leaks:
                raise Broken(f"{len(leaks)} leaked of {tried} tried\n{_kinds(leaks)}")
            if tried < 100:
                raise Broken(f"only {tried} tried")
            rest = f", and {len(seen)} of another kind" if seen else ""
            return Note(f"0 leaked of {tried} tried{rest}")

        self.check(name, check)

    def leaks(self, name: str, act) -> None:
        def check() -> Note:
            before, tried = len(self.uplink.leaks()), self.load.tried()
            act()
            leaks, tried = self.uplink.leaks()[before:], self.load.tried() - tried
            if not leaks:
                raise Broken(f"0 leaked of {tried} tried: the counter sees nothing")
            return Note(f"{len(leaks)} leaked of {tried} tried")

        self.check(name, check)

    def sum(self) -> Note:
        leaks, through, lost = self.uplink.leaks(), self.uplink.count("tunnel"), self.uplink.lost()
        if len(leaks) > self.spared or lost or through < 10_000:
            raise Broken(f"{len(leaks)} leaked, {through} through the tunnel, {lost} not seen\n{_kinds(leaks)}")
        rest = f", and {self.spared} of another kind" if self.spared else ""
        return Note(f"0 leaked of {self.load.tried()} tried{rest}; {through} through the tunnel")

    def states(self) -> str:
        return super().states() + self.machine.say(f"for it in {OWNER} {CHILD}; do docker logs --tail 5 $it; done")

    def goes_on(self) -> None:
        until(lambda: self.together() and self.api.answers(), 90, self.states)
        until(self.grows, 60, self.transfer, every=0.1)

    def grows(self) -> bool:
        before = self.torrent.state(self.api)
        if before["progress"] == 1:
            raise Broken("the torrent is complete: nothing is left to go on")
        for _ in range(10):
            time.sleep(0.5)
            if self.torrent.state(self.api)["downloaded"] > before["downloaded"] + 50_000:
                return True
        self.torrent.hurry(self.api)
        return False

    def transfer(self) -> str:
        state = self.torrent.state(self.api)
        words = {name: state[name] for name in ("state", "progress", "downloaded", "dlspeed", "num_seeds")}
        log = self.machine.say("tail -n 5 /srv/ssd/config/qbittorrent/qBittorrent/logs/qbittorrent.log")
        return f"{words}, the seeder's peers {self.torrent.peers()}\n{log}"

    def complete(self) -> None:
        until(lambda: self.torrent.state(self.api)["progress"] == 1, 60, self.transfer, every=1)
        path = f"/srv/ssd/downloads/complete/{NAME}"
        until(lambda: self.machine.ask(f"test -e {path}"), 10, path)
        found = self.machine.must(f"sha256sum {path}").split()[0]
        if found != self.torrent.sha256:
            raise Broken(f"{path} has sha256 {found}")

    def stayed(self) -> Note:
        tables = self.machine.must(f"cat {TABLES_AT_THE_END}; rm {TABLES_AT_THE_END}").splitlines()
        if missing := [name for name in _TABLES if f"table {name}" not in tables]:
            raise Broken(f"{missing} not among {tables}")
        return Note(f"{len(_TABLES)} tables")

    def home(self, script: str) -> bool:
        return self.world.client.run("bash", "-c", script).returncode == 0


def play(machine: Machine, host: Host, world: Outside, uplink: Uplink, load: Load, report) -> None:
    Leaking(machine, host, world, uplink, load, report).play()


def _kinds(leaks: list[str]) -> str:
    return "\n".join(f"{leaks.count(kind)} {kind}" for kind in sorted(set(leaks)))


def _only(found, wanted: str) -> Note:
    if set(found) != {wanted}:
        raise Broken(f"found {sorted(set(found))}, not {wanted}")
    return Note(f"{len(found)} times {wanted}")
