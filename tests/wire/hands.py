"""Somebody who changes things in the services: by hand, in their state, as their own pages would."""

import copy
import json
from dataclasses import dataclass

# Where a resource is in the state of a stand-in.
STATE = {
    "root_folders": "rootfolder", "download_clients": "downloadclient", "media_management": "mediamanagement",
    "naming": "naming", "applications": "applications", "tags": "tags",
}
# Fields that make an object what it is: changed, it would be another one.
_IDENTITY = {"implementation", "configContract", "name", "path"}


@dataclass(frozen=True)
class Thing:
    """A declared object."""

    service: str
    resource: str
    name: str

    @property
    def path(self):
        return "/".join(filter(None, (self.service, self.resource, self.name)))


@dataclass(frozen=True)
class Field:
    """A declared field."""

    thing: Thing
    place: tuple
    value: object

    @property
    def object(self):
        return self.thing.path

    @property
    def name(self):
        return ".".join(self.place)


def objects(world):
    for service, about in sorted(world.machine.wiring["services"].items()):
        for resource, declared in sorted(about.get("wiring", {}).items()):
            if about["api"]["resources"][resource].get("count") == "one":
                yield Thing(service, resource, "")
            else:
                for name in sorted(declared):
                    yield Thing(service, resource, name)


def declared(world):
    """Every declared field of every object."""
    for thing in objects(world):
        about = world.machine.wiring["services"][thing.service]["wiring"][thing.resource]
        for place, value in _leaves(about[thing.name] if thing.name else about):
            if place[-1] not in _IDENTITY:
                yield Field(thing, place, value)


def _leaves(value, place=()):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*place, name))
    else:
        yield place, value


def declare(services, field, value):
    """Declares another value."""
    about = services[field.thing.service]["wiring"][field.thing.resource]
    about = about[field.thing.name] if field.thing.name else about
    for name in field.place[:-1]:
        about = about[name]
    about[field.place[-1]] = value


def other(value, field=None):
    """Another value of the same kind; none where there is none that a service would take."""
    if field is not None and str(value).startswith(("mediac-held(", "mediac-made(")):
        return None
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    return None


def change(world, field):
    """Changes a field in the service; False where nobody could see it there."""
    service = world.services[field.thing.service]
    if field.thing.service == "qbittorrent":
        return _change_qbittorrent(world, field)
    if field.place[-1] in ("password", "apiKey", "apikey") and field.thing.service in ("sonarr", "radarr", "prowlarr"):
        return False
    with service.lock:
        return _CHANGES[field.thing.service](service, field)


def _change_qbittorrent(world, field):
    if field.thing.resource == "categories":
        world.qbittorrent.post("torrents/editCategory", category=field.thing.name, savePath="/srv/ssd/downloads/elsewhere")
        return True
    if field.name.startswith("max_ratio"):
        # Each of the two changes the other.
        return False
    value = {"save_path": "/srv/ssd/downloads/other", "temp_path": "/srv/ssd/downloads/other-temp"}.get(field.name)
    value = other(field.value) if value is None else value
    world.qbittorrent.post("app/setPreferences", json=json.dumps({field.name: value}))
    return True


def _change_servarr(service, field):
    stored = _stored(service, field.thing)
    if field.place[0] == "fields":
        pair = next(one for one in stored["fields"] if one["name"] == field.place[1])
        pair["value"] = other(pair.get("value"), None) if pair.get("value") is not None else "x"
        return True
    if field.place[0] not in stored:
        # It follows from the implementation.
        return False
    value = stored[field.place[0]]
    stored[field.place[0]] = {"fullSync": "addOnly", "torrent": "usenet"}.get(value, other(value)) if isinstance(value, str) else other(value)
    return True


def _stored(service, thing):
    about = service.state[STATE[thing.resource]]
    if isinstance(about, dict):
        return about
    return next(one for one in about if thing.name.lower() in (str(one.get("name")).lower(), str(one.get("label")).lower())
                or len(about) == 1)


def _change_bazarr(service, field):
    if field.thing.resource == "settings":
        section, name = field.place
        value = service.state["settings"][section][name]
        service.state["settings"][section][name] = {
            "ip": "elsewhere", "apikey": "0" * 32, "base_url": "/other", "enabled_providers": ["podnapisi"],
        }.get(name, other(value))
        return True
    if field.thing.resource == "languages":
        service.state["enabled"] = []
        return True
    profile = service.state["profiles"][0]
    if field.place[-1] == "profileId":
        return False
    profile[field.place[-1]] = {
        "items": [], "cutoff": 65535, "mustContain": ["x"], "mustNotContain": ["y"], "originalFormat": 1, "tag": "z",
    }[field.place[-1]]
    return True


def _change_seerr(service, field):
    if field.thing.resource == "libraries":
        if field.place[-1] != "enabled":
            # Whose number it is, Plex says.
            return False
        next(one for one in service.state["plex"]["libraries"] if one["name"] == field.place[0])["enabled"] = False
        return True
    if field.thing.resource == "server":
        service.state["plex"][field.name] = other(field.value)
        return True
    stored = next(one for one in service.state[field.thing.resource] if one["name"] == field.thing.name)
    stored[field.place[-1]] = {"minimumAvailability": "announced", "baseUrl": "/x"}.get(
        field.place[-1], other(stored[field.place[-1]]))
    return True


def _change_plex(service, field):
    if field.thing.resource == "preferences":
        service.state["prefs"][field.name] = "other"
        return True
    stored = next(one for one in service.state["sections"] if one["title"] == field.thing.name)
    if field.name == "location":
        stored["Location"][0]["path"] = "/srv/hdd/media/other"
    elif field.name == "language":
        stored["language"] = "de-DE"
    else:
        return False
    return True


_CHANGES = {
    "sonarr": _change_servarr, "radarr": _change_servarr, "prowlarr": _change_servarr, "bazarr": _change_bazarr,
    "jellyseerr": _change_seerr, "plex": _change_plex,
}


def rename(world, thing):
    """Gives an object another name; False where it has none of its own."""
    service = world.services[thing.service]
    if thing.service in ("sonarr", "radarr", "prowlarr") and thing.resource in ("download_clients", "applications"):
        with service.lock:
            _stored(service, thing)["name"] = "renamed"
        return True
    if thing.service == "jellyseerr" and thing.name:
        with service.lock:
            next(one for one in service.state[thing.resource] if one["name"] == thing.name)["name"] = "renamed"
        return True
    if thing.service == "plex" and thing.resource == "libraries":
        with service.lock:
            next(one for one in service.state["sections"] if one["title"] == thing.name)["title"] = "renamed"
        return True
    return False


def delete(world, thing):
    """Deletes an object; False where there is always one."""
    service = world.services[thing.service]
    if not thing.name:
        return False
    if thing.service == "qbittorrent":
        world.qbittorrent.post("torrents/removeCategories", categories=thing.name)
        return True
    with service.lock:
        if thing.service == "jellyseerr":
            about, key = service.state[thing.resource], "name"
        elif thing.service == "plex":
            about, key = service.state["sections"], "title"
        else:
            about, key = service.state[STATE[thing.resource]], None
        stored = _stored(service, thing) if key is None else next(one for one in about if one[key] == thing.name)
        about.remove(stored)
    return True


def plain(snapshot):
    """A snapshot without the numbers that services give, which go on."""
    def strip(value):
        if isinstance(value, dict):
            return {name: strip(inner) for name, inner in value.items() if name not in ("id", "key", "last", "uuid")}
        if isinstance(value, list):
            return sorted((strip(item) for item in value), key=str)
        return value

    return strip(copy.deepcopy(snapshot))


def read(place, text):
    """The settings in a file of a program, by their names."""
    if place.suffix == ".ini":
        return _ini(text)
    if place.suffix == ".json":
        content = json.loads(text)
    else:
        import yaml  # noqa: PLC0415

        content = yaml.safe_load(text)
    return {".".join(name): value for name, value in _leaves(content)}


def _ini(text):
    found, section = {}, ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        elif "=" in line:
            name, value = (part.strip() for part in line.split("=", 1))
            # A list of one has a comma behind it.
            found[f"{section}{name}"] = value.rstrip(",").strip('"')
    return found
