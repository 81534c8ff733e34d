"""Download clients as Debian has them: each is wired, found as wired, changed and wired again; Sonarr logs in to each."""

import os
import subprocess
import tempfile
from pathlib import Path

import claims
from harness import references
from harness.sandbox import Sandboxes
from machine import Machine
from real import Nzbget, QBittorrent, Transmission
from standin.relay import Relay
from standin.servarr import Servarr
from standin.servarr_peers import default_reach

_HOST = """{
  name = "clients",
  lan.ipv4 = ["192.168.1.0/24"],
  storage = { config = "/srv/config", downloads.root = "/srv/data/downloads", library.root = "/srv/data/media" },
  services = { transmission.options.ratio = 2.5, nzbget = {}, sonarr = {} },
}
"""
_BEHIND = 20000


def section(world, report):
    report.check("transmission-daemon and nzbget", lambda: others(world))
    report.check("qbittorrent-nox of Debian 12", lambda: older(world))


def others(world):
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "hosts").mkdir()
        (project / "hosts/clients.ncl").write_text(_HOST)
        subprocess.run([world.machine.program, "-C", project, "build"], check=True, capture_output=True)
        machine = Machine(world.machine.program, project / "root", project / "out/clients")
        world.halt()
        ports = {name: machine.port(name) for name in machine.wiring["services"]}
        password = lambda name: references.plain(name, "password")
        programs = [
            Transmission(world.sandbox, "admin", password("transmission"), _BEHIND + ports["transmission"]).program,
            Nzbget(world.sandbox, "admin", password("nzbget"), _BEHIND + ports["nzbget"]).program,
        ]
        for program in programs:
            program.start()
        tested = lambda implementation, fields: default_reach(implementation, fields, hosts=ports, ports=ports)
        services = {
            "transmission": Relay("transmission", _BEHIND + ports["transmission"], ports["transmission"], ("session-get",)),
            "nzbget": Relay("nzbget", _BEHIND + ports["nzbget"], ports["nzbget"], ("config", "loadconfig", "version")),
            "sonarr": Servarr("sonarr", references.plain("sonarr", "api_key"), ports["sonarr"], specs=world.specs,
                              reach=tested, folders=("/srv/data/media/tv",)),
        }
        try:
            return _wired(machine, services)
        finally:
            for service in services.values():
                service.stop()
            for program in programs:
                program.stop()
            world.fresh()


def _wired(machine, services):
    done = [deed["what"] for deed in claims.wired(machine).document["done"]]
    assert {"download_clients/transmission", "download_clients/nzbget", "session", "config"} <= set(done), done
    claims.settled(machine, services)
    machine.define(lambda all: (all["transmission"]["wiring"]["session"].update({"peer-port": 51999}),
                                all["nzbget"]["wiring"]["config"].update(KeepHistory="31")))
    said = machine.wire("plan")
    assert set(said.changes) == {"transmission/session", "nzbget/config"}, said
    said = machine.wire("apply")
    assert said.code == 0, said
    said = machine.wire("plan", "--exit-code")
    assert said.code == 0 and not said.changes, said
    return f"{len(done)} things were done, and Sonarr logged in to both"


def older(world):
    tree = Path(os.environ["MEDIAC_WIRE_BOOKWORM"])
    world.halt()
    with Sandboxes(tree).make() as sandbox:
        sandbox.path("/srv/ssd/downloads/complete").mkdir(parents=True)
        old = QBittorrent(sandbox, world.qbittorrent.seeds, world.qbittorrent.fill, _BEHIND)
        version = sandbox.expect("qbittorrent-nox", "--version").strip().rsplit("v", 1)[-1]
        assert version.startswith("4."), version
        old.fresh()
        machine = world.machine
        machine.restore()
        machine.forget()
        machine.define(lambda all: [all.pop(name) for name in list(all) if name != "qbittorrent"])
        old.reset()
        relay = Relay("qbittorrent", _BEHIND, machine.port("qbittorrent"), ("auth/login",))
        try:
            said = machine.wire("apply")
            assert said.code == 0 and len(said.document["done"]) >= 2, said
            claims.settled(machine, {"qbittorrent": relay})
            old.post("torrents/editCategory", category="tv", savePath="/srv/ssd/downloads/elsewhere")
            said = machine.wire("plan")
            assert [one["cause"] for one in said.changes["qbittorrent/categories/tv"]["fields"]] == ["service"], said
            said = machine.wire("apply")
            assert said.code == 0, said
            return version
        finally:
            relay.stop()
            old.program.stop()
            machine.restore()
            world.fresh()
