"""Other hosts than the example: two instances of one program, Jellyfin instead of Plex, Usenet, Maintainerr."""

import contextlib
import json
import re
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import claims
from house import PROJECT, compiled
from machine import Machine
from standin import crew
from standin.relay import Relay
from standin.servarr_peers import default_reach
from world import QBITTORRENT

LIBRARY = ("movies", "tv", "music", "anime")
FOLDERS = tuple(f"/srv/data/media/{folder}" for folder in LIBRARY)
HOSTS = {
    "two Sonarrs, Lidarr, Seerr and Maintainerr": """
    plex = { options.account = true, gpu = false }, seerr = {}, maintainerr = {}, qbittorrent = {}, radarr = {}, sonarr = {},
    prowlarr.options.url_base = "/indexers",
    lidarr.options.url_base = "music/",
    anime = {
      kind = "sonarr",
      category = "anime",
      options.url_base = "/anime",
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
    jellyfin = { gpu = false }, jellyseerr = {}, sabnzbd = {}, maintainerr = {}, sonarr = {}, bazarr = {},
    radarr.seeds.settings.content.Config.UrlBase = "films",
  """,
}


# Every kind that is wired.
EVERYTHING = """plex = { options.account = true, gpu = false }, jellyfin = {}, seerr = {}, maintainerr = {}, qbittorrent = {},
    transmission = {}, nzbget = {}, sabnzbd = {}, radarr = {}, sonarr = {}, lidarr = {}, prowlarr = {}, bazarr = {}"""
README = PROJECT / "README.md"


def section(world, report):
    report.check("the README names all that can be wired", lambda: listed(world))
    for name, services in HOSTS.items():
        report.check(f"{name}: wired, and wired once", lambda services=services: wired(world, services))


def wired(world, services):
    with house(world, services) as (machine, made):
        return _once(machine, made)


def listed(world):
    """A row for each kind, or for several: what of it can be made or changed."""
    said = {}
    for kinds, resources in re.findall(r"^\| (`[a-z`, ]+) \| (`[a-z_` ]+) \|$", README.read_text(), re.MULTILINE):
        for kind in re.findall("[a-z]+", kinds):
            said.setdefault(kind, set()).update(re.findall("[a-z_]+", resources))
    with built(world, EVERYTHING) as out:
        services = json.loads((out / "etc/mediac/wiring.json").read_text())["services"]
    found = {
        name: {of for of, resource in about["api"]["resources"].items() if resource.keys() & {"create", "update"}}
        for name, about in services.items()
    }
    # The same module under the name it had.
    found["jellyseerr"] = found["seerr"]
    assert said == found, {name: (said.get(name, set()) ^ found.get(name, set())) for name in said.keys() | found.keys()}
    return f"{sum(map(len, found.values()))} resources of {len(found)} services"


@contextlib.contextmanager
def built(world, services):
    """What a host with these services is compiled into."""
    with tempfile.TemporaryDirectory() as folder:
        yield compiled(world.machine.program, Path(folder), services, LIBRARY)


@contextlib.contextmanager
def house(world, services, more=None):
    """A host with these services: its machine, and what stands in for them. `more` are servers that are none of its
    services, by name."""
    with built(world, services) as out:
        world.reset()
        world.halt()
        machine = Machine(world.machine.program, out.parent.parent / "root", out)
        made = _stand_ins(machine, out, world.specs, more or {})
        try:
            yield machine, made
        finally:
            for service in made.values():
                service.stop()
            world.fresh()


def _once(machine, services):
    claims.wired(machine, wait=10)
    claims.violations(services)
    found = claims.settled(machine, services).document["services"]
    if "plex" in services and "maintainerr" in services:
        _signed_out(machine, services)
    # What a service makes of a value may be its way, or a value that is lost.
    rewritten = {name: about["rewritten"] for name, about in found.items() if about["rewritten"]}
    assert not rewritten, f"kept in another way: {rewritten}"
    return f"{sum(len(about['fine']) for about in found.values())} objects"


def _signed_out(machine, services):
    """Of what is shown in disguise one sees that it is gone."""
    service = services["maintainerr"]
    before = service.snapshot()
    for name, object in (("plex_auth_token", "account"), ("seerr_api_key", "settings")):
        with service.lock:
            service.state["settings"][name] = None
        said = machine.wire("plan")
        found = {path: {one["field"]: one["cause"] for one in change["fields"]} for path, change in said.changes.items()}
        assert found == {f"maintainerr/{object}": {name: "service"}}, said
        said = machine.wire("apply")
        assert said.code == 0 and service.snapshot() == before, said


def _stand_ins(machine, out, specs, more):
    inventory = json.loads((out / "inventory.json").read_text())["services"]
    kinds = {name: inventory[name]["kind"] for name in machine.wiring["services"]}
    ports = {name: machine.port(name) for name in kinds} | {name: server.port for name, server in more.items()}
    made = {}
    # Media servers first: others are told of them.
    for name in sorted(kinds, key=lambda name: (kinds[name] not in ("plex", "jellyfin"), name)):
        made[name] = _make(name, kinds[name], ports, made, out / "srv/config", specs)
        settings = out / "srv/config" / name / "config.xml"
        if settings.exists():
            base = ElementTree.parse(settings).findtext("UrlBase").strip("/")
            made[name].url_base = f"/{base}" if base else ""
    return made


def _make(name, kind, ports, made, seeds, specs):
    if kind == "qbittorrent":
        return Relay(name, QBITTORRENT, ports[name], ("auth/login",))
    # It asks the others by their names, which lead elsewhere here.
    known = lambda _kind, _body: {"profiles": [], "rootFolders": [], "tags": [], "urlBase": ""}
    more = {"arr": known} if kind in ("seerr", "jellyseerr") else {}
    tested = lambda implementation, fields: default_reach(implementation, fields, hosts=ports)
    return crew.make(kind, name, ports[name], hosts=ports, reach=tested, folders=FOLDERS, others=made, specs=specs, seeds=seeds,
                     **more)
