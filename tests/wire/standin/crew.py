"""The stand-in for each kind of service that Debian has no program of."""

import json

from harness import references

from .bazarr import Bazarr
from .jellyfin import Jellyfin
from .maintainerr import Maintainerr
from .plex import Plex
from .sabnzbd import Sabnzbd
from .seerr import Seerr
from .servarr import Servarr


def make(kind, name, port, *, hosts, reach, folders, others, specs, seeds, **more):
    """A service of a kind, with the secrets of its name. `others` are those made before it, media servers first; `seeds` has
    a folder for each service; `more` is for the kinds that know it."""
    secret = lambda of: references.plain(name, of)
    if kind in ("sonarr", "radarr", "lidarr", "prowlarr"):
        service = Servarr(kind, secret("api_key"), port, specs=specs, reach=reach, folders=folders)
        service.hosts = hosts
        return service
    if kind in ("seerr", "jellyseerr"):
        return Seerr(secret("api_key"), port, specs=specs, flavour=kind, plex_token=references.plain("plex", "token"),
                     plex=others.get("plex"), jellyfin=others.get("jellyfin"), seed=seeded(seeds / name / "settings.json"),
                     **more)
    if kind == "plex":
        return Plex(secret("token"), port, specs=specs, folders=folders)
    if kind == "bazarr":
        return Bazarr(secret("api_key"), port, specs=specs, wrong="refuse")
    if kind == "jellyfin":
        return Jellyfin("admin", secret("password"), port, specs=specs, **more)
    if kind == "sabnzbd":
        return Sabnzbd(secret("api_key"), port, specs=specs, refusal=403)
    if kind == "maintainerr":
        return Maintainerr(port, specs=specs)
    raise KeyError(f"nothing stands in for {kind}")


def seeded(path):
    """A seed in JSON, with the values of its secrets."""
    return json.loads(references.fill(path.read_bytes()))
