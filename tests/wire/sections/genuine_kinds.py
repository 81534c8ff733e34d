"""What there is to know of each kind of real program: the host it is on, how one logs in, and other values it takes."""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True)
class Kind:
    # The services of its host, itself among them.
    services: str
    # Whether a password lets one in, given the program's port; None where there is no password.
    login: Callable | None
    # By the last name of a field: what somebody else may set it to; None for what nobody else sets.
    others: dict = field(default_factory=dict)
    # What the stand-in has to answer alike, one after the other: method, path, form; `{key}` is the key.
    asked: tuple = ()
    # Fields that it may not have yet: the stand-in is of the version that is declared.
    newer: tuple = ()
    # Whom of the others it has talked to, given its port and key.
    knows: Callable | None = None
    # Ends of the paths of those that write although they are GETs.
    writes: tuple = ()


def _sent(port, path, form):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def _bazarr(port, password):
    return _sent(port, "/api/system/account?action=login", {"username": "admin", "password": password}).status == 204


def _known_to_bazarr(port, key):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/system/status", headers={"X-Api-Key": key})
    status = json.loads(connection.getresponse().read())["data"]
    return {name for name in ("sonarr", "radarr") if status[f"{name}_version"] not in ("", "unknown")}


def _sabnzbd(port, password):
    return "login_cookie" in str(_sent(port, "/login/", {"username": "admin", "password": password}).headers)


_SETTINGS = "/api/system/settings"
_PROFILE = {"profileId": 1, "name": "a", "cutoff": None, "mustContain": ["x"], "mustNotContain": [], "originalFormat": None,
            "tag": None, "items": [{"id": 1, "language": "en", "hi": "False", "forced": "False", "audio_exclude": "False",
                                    "audio_only_include": "False"}]}
_BAZARR = (
    ("GET", "/api/system/ping", None),
    ("GET", "/api/system/languages/profiles", None),
    ("GET", "/api/none", None),
    ("PUT", _SETTINGS, {"a": "b"}),
    ("POST", _SETTINGS, {"settings-none-x": "1"}),
    ("POST", _SETTINGS, {"settings-general-page_size": "50"}),
    ("POST", _SETTINGS, {"settings-general-page_size": "51"}),
    ("POST", _SETTINGS, {"settings-general-use_plex": "maybe"}),
    ("POST", _SETTINGS, {"settings-sonarr-port": "abc"}),
    ("POST", _SETTINGS, {"settings-sonarr-port": "99999"}),
    ("POST", _SETTINGS, {"settings-sonarr-apikey": "12345"}),
    ("POST", _SETTINGS, {"settings-sonarr-base_url": "5"}),
    ("POST", _SETTINGS, {"settings-general-enabled_providers": ""}),
    ("POST", _SETTINGS, {"languages-enabled": "en"}),
    ("POST", _SETTINGS, {"languages-profiles": "none"}),
    ("POST", _SETTINGS, {"languages-profiles": json.dumps([{"profileId": 1}])}),
    ("POST", _SETTINGS, {"languages-profiles": json.dumps([_PROFILE])}),
    ("GET", "/api/system/languages/profiles", None),
    ("POST", _SETTINGS, {"languages-profiles": json.dumps([{**_PROFILE, "cutoff": 65535, "tag": "t"}])}),
    ("GET", "/api/system/languages/profiles", None),
    ("POST", _SETTINGS, {"languages-profiles": "[]"}),
    ("GET", "/api/system/languages/profiles", None),
    ("POST", _SETTINGS, {"languages-enabled": ""}),
)


def _config(mode, section, key="{key}", **more):
    return "/api?" + urlencode({"mode": mode, "section": section, "output": "json", "apikey": key, **more}, safe="{}")


_NEWS = {"keyword": "news", "host": "NEWS.example.net", "port": "99999", "ssl": "2", "timeout": "1", "password": "p#w"}
_SABNZBD = (
    ("GET", _config("get_config", "categories"), None),
    ("GET", _config("get_config", "servers"), None),
    ("GET", _config("get_config", "none"), None),
    ("GET", _config("get_config", "misc", keyword="url_base"), None),
    ("GET", _config("get_config", "categories", key="wrong"), None),
    ("GET", _config("get_config", "categories", key=""), None),
    ("GET", "/api?mode=auth&output=json", None),
    ("GET", "/api?mode=auth&output=json&key=wrong", None),
    ("GET", "/api?mode=none&output=json&apikey={key}", None),
    # One that is made too early is lost.
    ("POST", _config("set_config", "categories"), {"keyword": "TV", "dir": "/srv/x"}),
    ("GET", _config("get_config", "categories"), None),
    ("GET", "/api?mode=get_cats&output=json&apikey={key}", None),
    ("POST", _config("set_config", "categories"), {"keyword": "TV", "dir": "/srv/x"}),
    ("POST", _config("set_config", "categories"), {"keyword": "a b", "order": "1000", "priority": "7"}),
    ("POST", _config("set_config", "servers"), _NEWS),
    ("GET", _config("get_config", "servers"), None),
    ("POST", _config("set_config", "misc"), {"keyword": "none", "value": "1"}),
    ("POST", _config("set_config", "misc"), {"keyword": "host_whitelist", "value": "a.B, c"}),
    ("POST", _config("del_config", "categories", keyword="none"), {}),
    ("POST", _config("del_config", "categories", keyword="tv"), {}),
    ("POST", _config("del_config", "misc", keyword="port"), {}),
    ("GET", _config("get_config", "categories"), None),
    ("POST", _config("del_config", "categories", keyword="*"), {}),
    ("GET", _config("get_config", "categories"), None),
)

_SERVERS = {"activeProfileId": 99, "minimumAvailability": "announced", "baseUrl": "/other"}
KINDS = {
    "bazarr": Kind(
        "bazarr.options = { languages = { de = true, en = true }, providers.podnapisi = true }, sonarr = {}, radarr = {},",
        _bazarr,
        {
            "ip": "localhost", "apikey": "f" * 32, "base_url": "/other", "enabled_providers": ["opensubtitlescom"],
            "items": [], "cutoff": 65535, "mustContain": ["x"], "mustNotContain": ["y"], "originalFormat": 1, "tag": "z",
        },
        _BAZARR,
        knows=_known_to_bazarr,
    ),
    "sabnzbd": Kind(
        """sabnzbd = {
      options.servers.news = { host = "news.example.net", username = "me" },
      wiring.categories.anime.dir = "/srv/data/downloads/complete/anime",
    },
    sonarr = {}, radarr = {},""",
        _sabnzbd,
        {"dir": "/srv/data/downloads/elsewhere", "host": "news.example.org", "ssl": 0, "enable": 0},
        _SABNZBD,
        newer=("pipelining_requests",),
    ),
    "seerr": Kind(
        "plex = { options.account = true, gpu = false }, seerr = {}, sonarr = {}, radarr = {},",
        None,
        {**_SERVERS, "id": None},
        writes=("/settings/plex/library",),
    ),
    "jellyseerr": Kind(
        "jellyfin = { gpu = false }, jellyseerr = {}, sonarr = {}, radarr = {},",
        None,
        # It saves no way to Jellyfin on which it does not get there.
        {**_SERVERS, "id": None, "ip": "localhost", "port": None, "useSsl": None, "urlBase": None},
        writes=("/settings/jellyfin/library",),
    ),
    "maintainerr": Kind(
        "plex = { options.account = true, gpu = false }, seerr = {}, maintainerr = {}, sonarr = {}, radarr = {},",
        None,
        {
            "media_server_type": "jellyfin", "plex_ssl": 1, "plex_manual_mode": 0, "seerr_url": "http://elsewhere:5055",
            "url": "http://elsewhere:1",
        },
    ),
}
