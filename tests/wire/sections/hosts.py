"""Other hosts than the example: two instances of one program, Jellyfin instead of Plex, Usenet, Maintainerr."""

import json
import subprocess
import tempfile
from pathlib import Path

from harness import references
from machine import Machine
from standin.bazarr import Bazarr
from standin.jellyfin import Jellyfin
from standin.maintainerr import Maintainerr
from standin.plex import Plex
from standin.relay import Relay
from standin.sabnzbd import Sabnzbd
from standin.seerr import Seerr
from standin.servarr import Servarr
from standin.servarr_peers import default_reach
from world import QBITTORRENT

_HOST = """{
  name = "%s",
  lan.ipv4 = ["192.168.1.0/24"],
  storage = {
    config = "/srv/config",
    downloads.root = "/srv/data/downloads",
    library = { root = "/srv/data/media", folders = { movies = "movies", tv = "tv", music = "music", anime = "anime" } },
    transcode = "/srv/transcode",
  },
  services = {%s},
}
"""
HOSTS = {
    "two Sonarrs, Lidarr and Seerr": """
    plex = { options.account = true, gpu = false }, seerr = {}, qbittorrent = {}, prowlarr = {}, radarr = {}, lidarr = {},
    sonarr = {},
    anime = {
      kind = "sonarr",
      category = "anime",
      endpoints.http.publish = 8990,
      wiring = {
        root_folders.library.path = "/srv/data/media/anime",
        tags.dubbed = {},
        custom_formats.dual.specifications.dual = {
          implementation = "ReleaseTitleSpecification",
          fields.value = "dual",
        },
        quality_profiles.Anime = {
          upgradeAllowed = true,
          cutoff = "mediac-own(/items/HDTV-1080p/quality/id)",
          items = { "HDTV-1080p".allowed = true, "HDTV-720p".allowed = true },
          formatItems.dual.score = 100,
        },
        delay_profile.torrentDelay = 30,
      },
    },
  """,
    "Jellyfin, SABnzbd and Maintainerr": """
    jellyfin = { gpu = false }, jellyseerr = {}, sabnzbd = {}, maintainerr = {}, sonarr = {}, radarr = {}, bazarr = {},
  """,
}


def section(world, report):
    for name, services in HOSTS.items():
        report.check(f"{name}: wired, and wired once", lambda services=services: wired(world, services))


def wired(world, services):
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "hosts").mkdir()
        (project / "hosts/other.ncl").write_text(_HOST % ("other", services))
        done = subprocess.run([world.machine.program, "-C", project, "build"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        world.reset()
        world.halt()
        machine = Machine(world.machine.program, project / "root", project / "out/other")
        made = _stand_ins(machine, json.loads((project / "out/other/inventory.json").read_text())["services"], world.specs)
        try:
            return _once(machine, made)
        finally:
            for service in made.values():
                service.stop()
            world.fresh()


def _once(machine, services):
    said = machine.wire("apply", wait=10)
    assert said.code == 0, said
    failed = [deed for deed in said.document["done"] if deed["failed"] or deed["untested"]]
    assert not failed, failed
    violations = [f"{name}: {one}" for name, service in services.items() for one in getattr(service, "violations", [])]
    assert not violations, "\n".join(violations)
    for service in services.values():
        service.forget()
    said = machine.wire("apply")
    assert said.code == 0 and not said.document["done"], said
    written = {name: service.writes() for name, service in services.items() if service.writes()}
    assert not written, written
    rewritten = {name: about["rewritten"] for name, about in said.document["services"].items() if about["rewritten"]}
    fine = sum(len(about["fine"]) for about in said.document["services"].values())
    return f"{fine} objects{f', kept in another way: {rewritten}' if rewritten else ''}"


def _stand_ins(machine, inventory, specs):
    about = machine.wiring["services"]
    ports = {name: machine.port(name) for name in about}
    made = {}
    for name in sorted(about, key=lambda name: (inventory[name]["kind"] not in ("plex", "jellyfin"), name)):
        made[name] = _make(name, inventory[name]["kind"], ports, made, specs)
    return made


def _make(name, kind, ports, made, specs):
    port, secret = ports[name], lambda of: references.plain(name, of)
    if kind in ("sonarr", "radarr", "lidarr", "prowlarr"):
        tested = lambda implementation, fields: default_reach(implementation, fields, hosts=ports)
        folders = tuple(f"/srv/data/media/{folder}" for folder in ("tv", "movies", "music", "anime"))
        service = Servarr(kind, secret("api_key"), port, specs=specs, reach=tested, folders=folders)
        service.hosts = ports
        return service
    if kind == "qbittorrent":
        return Relay(name, QBITTORRENT, port, ("auth/login",))
    if kind in ("seerr", "jellyseerr"):
        # It asks the others by their names, which lead elsewhere here.
        known = lambda _kind, body: {"profiles": [], "rootFolders": [], "tags": [], "urlBase": ""}
        return Seerr(secret("api_key"), port, specs=specs, flavour=kind, plex_token=references.plain("plex", "token"),
                     plex=made.get("plex"), jellyfin=made.get("jellyfin"), arr=known)
    if kind == "plex":
        return Plex(secret("token"), port, specs=specs)
    if kind == "jellyfin":
        return Jellyfin("admin", secret("password"), port, specs=specs)
    if kind == "bazarr":
        return Bazarr(secret("api_key"), port, specs=specs, wrong="refuse")
    if kind == "sabnzbd":
        return Sabnzbd(secret("api_key"), port, specs=specs, refusal=403)
    if kind == "maintainerr":
        return Maintainerr(port, specs=specs)
    raise KeyError(kind)
