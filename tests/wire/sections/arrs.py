"""What people do to Sonarr, Radarr and Prowlarr, and what these refuse: each is told, and nothing else waits for it."""

import claims
from sections.hosts import house
from standin.base import Raw, StandIn

SERVICES = """
  qbittorrent.options.queueing = true,
  radarr.wiring.download_clients.qbittorrent.fields.recentMoviePriority = 1,
  sonarr.wiring = {
    tags.anime = {},
    delay_profiles.anime = { preferredProtocol = "torrent", torrentDelay = 60 },
    custom_formats.Good = {
      specifications = {
        group = { implementation = "ReleaseGroupSpecification", required = true, fields.value = "good" },
        title = { implementation = "ReleaseTitleSpecification", negate = true, fields.value = "bad" },
        size = { implementation = "SizeSpecification", fields = { min = 1, max = 9.5 } },
      },
    },
    quality_profiles.Mine = {
      cutoff = "mediac-own(/items/HDTV-1080p/quality/id)",
      items."HDTV-1080p".allowed = true,
      formatItems.Good.score = 10,
    },
  },
  prowlarr.wiring = {
    tags.slow = {},
    app_profiles.browse.enableRss = false,
    applications.sonarr.fields.syncCategories = [5000, 5030, 5040],
    indexer_proxies.solver = {
      implementation = "FlareSolverr",
      configContract = "FlareSolverrSettings",
      tags = ["mediac-made(prowlarr/tags/slow:id)"],
      fields.host = "http://solver:8191/",
    },
    indexers.tracker = {
      enable = true,
      implementation = "Torznab",
      configContract = "TorznabSettings",
      priority = 25,
      appProfileId = "mediac-made(prowlarr/app_profiles/Standard:id)",
      tags = ["mediac-made(prowlarr/tags/slow:id)"],
      fields = { baseUrl = "http://tracker:%d", apiPath = "/api"},
    },
  },
"""


class Tracker(StandIn):
    """An indexer."""

    name = "tracker"

    def answer(self, request):
        return Raw("<?xml version='1.0'?><caps/>", "application/rss+xml")


def section(world, report):
    tracker = Tracker()
    try:
        with house(world, SERVICES % tracker.port, {"tracker": tracker}) as (machine, services):
            for name, act in CHECKS:
                report.check(name, lambda act=act: act(machine, services, tracker))
                # The next one finds everything running, and as declared.
                machine.restore()
                for service in (*services.values(), tracker):
                    if service._server is None:
                        service.start()
                machine.wire("apply")
    finally:
        tracker.stop()


def away(machine, services, tracker):
    """It is there, switched off, and nothing else waits for it."""
    prowlarr = services["prowlarr"]
    tracker.stop()
    # It may be away for long: the unit is to try again.
    for _ in range(3):
        said = machine.wire("apply")
        assert said.code == 5 and said.document["left"] == {"prowlarr": ["indexers/tracker"]}, said
        # Radarr gives priorities, which qBittorrent has to know of by then.
        assert not [deed for deed in said.document["done"] if deed["untested"]], said
        failed = [deed["failed"]["message"] for deed in said.document["done"] if deed["failed"]]
        assert failed and all("tried it out, and leaves it off" in one and "refused (tracker" in one for one in failed), failed
        [made] = prowlarr.snapshot()["indexer"]
        assert not made["enable"], made
    tracker.start()
    said = machine.wire("apply")
    assert said.code == 0 and [deed["untested"] for deed in said.document["done"]] == [None], said
    claims.settled(machine, services)
    claims.violations(services)
    [made] = prowlarr.snapshot()["indexer"]
    assert made["enable"], made


def dead(machine, services, tracker):
    prowlarr, radarr = services["prowlarr"], services["radarr"]
    with prowlarr.lock:
        prowlarr.state["applications"].clear()
    radarr.stop()
    said = machine.wire("apply", wait=1)
    untested = {deed["what"]: deed["untested"] for deed in said.document["done"] if deed["service"] == "prowlarr"}
    assert untested["applications/radarr"] and not untested["applications/sonarr"], said
    levels = {one["name"]: one["syncLevel"] for one in prowlarr.snapshot()["applications"]}
    assert levels == {"radarr": "fullSync", "sonarr": "fullSync"}, levels
    said = machine.wire("apply", wait=1)
    assert not said.document["done"] and not said.document["writes"], said
    radarr.start()
    claims.settled(machine, services)


def unheard(machine, services, tracker):
    """Nobody is there to be told of something: it is noted all the same."""
    plex = {"implementation": "PlexServer", "configContract": "PlexServerSettings", "onMovieFileDelete": True,
            "onHealthRestored": True, "fields": {"host": "plex", "authToken": "x"}}
    machine.define(lambda all: all["radarr"]["wiring"].update(notifications={"plex": plex}))
    said = machine.wire("apply")
    [deed] = said.document["done"]
    assert said.code == 0 and deed["untested"], said
    [made] = services["radarr"].snapshot()["notification"]
    assert made["onMovieFileDelete"] and made["onHealthRestored"] and not made["onGrab"], made
    claims.settled(machine, services)


def manual(machine, services, tracker):
    """What the service fills in is sent back to it when what it made is switched on."""
    client = {"implementation": "Transmission", "configContract": "TransmissionSettings", "enable": True, "priority": 1,
              "fields": {"host": "nowhere", "category": "prowlarr"}}
    machine.define(lambda all: all["prowlarr"]["wiring"].update(download_clients={"away": client}))
    said = machine.wire("apply")
    [deed] = said.document["done"]
    assert said.code == 0 and deed["untested"], said
    [made] = services["prowlarr"].snapshot()["downloadclient"]
    assert made["enable"] and made["categories"] == [], made
    claims.settled(machine, services)


def clicked(machine, services, tracker):
    """A list of categories is in the order in which they were clicked; what is left out of a profile is as Prowlarr has it."""
    prowlarr = services["prowlarr"]
    [browse] = [one for one in prowlarr.snapshot()["appprofile"] if one["name"] == "browse"]
    assert browse["enableInteractiveSearch"] and browse["minimumSeeders"] == 1 and not browse["enableRss"], browse
    with prowlarr.lock:
        [sonarr] = [one for one in prowlarr.state["applications"] if one["name"] == "sonarr"]
        [field] = [one for one in sonarr["fields"] if one["name"] == "syncCategories"]
        assert field["value"] == [5000, 5030, 5040], field
        field["value"].reverse()
    claims.settled(machine, services)


def parts(machine, services, tracker):
    sonarr = services["sonarr"]
    before = sonarr.snapshot()
    with sonarr.lock:
        sonarr.state["qualityprofile"][-1]["name"] = "HD"
        [good] = sonarr.state["customformat"]
        good["specifications"][0]["required"] = False
        good["specifications"].pop()
        sonarr.state["tags"][0]["label"] = "cartoons"
    said = machine.wire("plan")
    causes = {name: {field["cause"] for field in change["fields"]} for name, change in said.changes.items()}
    named = ("quality_profiles/Mine", "custom_formats/Good", "tags/anime")
    assert causes == {f"sonarr/{name}": {"service"} for name in named}, said
    said = machine.wire("apply")
    assert said.code == 0, said
    assert sonarr.snapshot() == before, said
    claims.settled(machine, services)


def fewer(machine, services, tracker):
    """A condition that is declared no longer goes; one that somebody added stays."""
    sonarr = services["sonarr"]
    with sonarr.lock:
        specifications = sonarr.state["customformat"][0]["specifications"]
        specifications.append(specifications[0] | {"name": "theirs"})
    claims.settled(machine, services)
    machine.define(lambda all: all["sonarr"]["wiring"]["custom_formats"]["Good"]["specifications"].pop("size"))
    said = machine.wire("plan")
    [change] = said.changes.values()
    found = [(field["field"], field["cause"]) for field in change["fields"]]
    assert found == [("specifications.size", "definition")], said
    said = machine.wire("apply")
    assert said.code == 0, said
    names = [one["name"] for one in sonarr.snapshot()["customformat"][0]["specifications"]]
    assert names == ["group", "title", "theirs"], names
    claims.settled(machine, services)


def untagged(machine, services, tracker):
    """Tags that are in use cannot be deleted, so whoever does it takes them off first."""
    prowlarr = services["prowlarr"]
    with prowlarr.lock:
        prowlarr.state["tags"].clear()
        for name in ("indexerproxy", "indexer"):
            prowlarr.state[name][0]["tags"] = []
    said = machine.wire("apply")
    done = [deed["what"] for deed in said.document["done"]]
    assert said.code == 0 and done == ["tags/slow", "indexer_proxies/solver", "indexers/tracker"], said
    [tag] = prowlarr.snapshot()["tags"]
    for name in ("indexerproxy", "indexer"):
        assert prowlarr.snapshot()[name][0]["tags"] == [tag["id"]], prowlarr.snapshot()[name]
    claims.settled(machine, services)


def stumbles(machine, services, tracker):
    """What breaks Sonarr is told, and the rest is done."""
    def more(all):
        wiring = all["sonarr"]["wiring"]
        wrong = {"implementation": "NoSuchSpecification", "fields": {"value": "x"}}
        wiring["custom_formats"]["Wrong"] = {"specifications": {"x": wrong}}
        wiring["tags"]["zoo"] = {}
        wiring["media_management"]["importExtraFiles"] = True

    machine.define(more)
    said = machine.wire("apply")
    assert said.code == 5 and said.document["left"] == {"sonarr": ["custom_formats/Wrong"]}, said
    failed = [deed["failed"]["message"] for deed in said.document["done"] if deed["failed"]]
    assert failed and all("NoSuchSpecification is not a valid specification" in one for one in failed), failed


def unknown(machine, services, tracker):
    """What refers to an object that is not there says so, and what to do about it."""
    tagged = {"implementation": "CustomScript", "configContract": "CustomScriptSettings", "fields": {"path": "/x"},
              "tags": ["mediac-made(radarr/tags/none:id)"]}
    machine.define(lambda all: all["radarr"]["wiring"].update(notifications={"script": tagged}))
    said = machine.wire("apply")
    [deed] = said.document["done"]
    assert said.code == 1 and "the id of radarr's tags `none` is not known" in deed["failed"]["message"], said
    assert "declare it in `wiring`" in deed["failed"]["help"], said


def moved(machine, services, tracker):
    """A root folder has its path for good: another path is another folder, and what was filed in the first stays there."""
    def elsewhere(all):
        all["sonarr"]["wiring"]["root_folders"]["library"]["path"] = "/srv/data/media/anime"

    machine.define(elsewhere)
    said = machine.wire("plan")
    [change] = said.changes.values()
    assert change["action"] == "make", said
    said = machine.wire("apply")
    assert said.code == 0, said
    paths = [one["path"] for one in services["sonarr"].snapshot()["rootfolder"]]
    assert paths == ["/srv/data/media/tv", "/srv/data/media/anime"], paths
    claims.settled(machine, services)


def dropped(machine, services, tracker):
    """The score of a format that there is not is dropped by Sonarr without a word. It is told, and not sent again."""
    score = lambda all: all["sonarr"]["wiring"]["quality_profiles"]["Mine"]["formatItems"].update(Typo={"score": 5})
    machine.define(score)
    said = machine.wire("apply")
    assert said.code == 0, said
    [told] = claims.settled(machine, services).document["services"]["sonarr"]["rewritten"]
    assert "formatItems.Typo.score" in told, told


def rekeyed(machine, services, tracker):
    sonarr = services["sonarr"]
    key, sonarr.api_key = sonarr.api_key, "0" * 32
    said = machine.wire("apply", wait=0)
    sonarr.api_key = key
    assert "does not accept the login" in said.document["services"]["sonarr"]["trouble"]["message"], said
    assert not said.document["writes"], said
    claims.settled(machine, services)


CHECKS = (
    ("an indexer that does not answer", away),
    ("an application whose program is away", dead),
    ("a notification for a server that is away", unheard),
    ("a download client of Prowlarr that is away", manual),
    ("what is left out, and in another order, in Prowlarr", clicked),
    ("a profile, a tag and parts of a custom format, changed in Sonarr", parts),
    ("a part of a custom format, taken out of the definition", fewer),
    ("a tag in use, deleted in Prowlarr", untagged),
    ("another root folder in the definition", moved),
    ("a score for a format that there is not", dropped),
    ("another key in Sonarr", rekeyed),
    ("a reference to what is not there", unknown),
    ("what Sonarr stumbles over", stumbles),
)
