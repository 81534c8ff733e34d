"""Seerr and Jellyseerr: an empty user table, a first sign-in that makes the admin, then settings by key."""

import json
import re
import urllib.request

from . import spec
from .base import Refused, StandIn
from .seerr_first import EMBY, JELLYFIN, NOT_CONFIGURED, PLEX, first_state, merge

BASE = "/api/v1"
ADMIN = 2

TEXT, NUMBER, FLAG, LIST = "string", "number", "boolean", "array"
NEEDED = {"name": TEXT, "hostname": TEXT, "port": NUMBER, "apiKey": TEXT, "useSsl": FLAG, "activeProfileId": NUMBER,
          "activeProfileName": TEXT, "activeDirectory": TEXT, "is4k": FLAG, "isDefault": FLAG}
SERVERS = {
    "radarr": {**NEEDED, "minimumAvailability": TEXT},
    "sonarr": {**NEEDED, "enableSeasonFolders": FLAG},
}
OPTIONAL = {"baseUrl": TEXT, "externalUrl": TEXT, "syncEnabled": FLAG, "preventSearch": FLAG, "tags": LIST,
            "tagRequests": FLAG, "overrideRule": LIST}
OPTIONAL_OF = {
    "radarr": OPTIONAL,
    "sonarr": {**OPTIONAL, "activeLanguageProfileId": NUMBER, "activeAnimeProfileId": NUMBER,
               "activeAnimeProfileName": TEXT, "activeAnimeDirectory": TEXT, "activeAnimeLanguageProfileId": NUMBER,
               "seriesType": TEXT, "animeSeriesType": TEXT, "animeTags": LIST, "monitorNewItems": TEXT},
}
AMONG = {"minimumAvailability": ("announced", "inCinemas", "released"), "monitorNewItems": ("all", "none"),
         "seriesType": ("standard", "daily", "anime"), "animeSeriesType": ("standard", "daily", "anime")}

OTHER_COLLECTIONS = ("music", "books", "musicvideos", "homevideos", "boxsets")
METHODS = {"settings/radarr": ("GET", "POST"), "settings/sonarr": ("GET", "POST"), "settings/initialize": ("POST",),
           **{f"settings/{name}": ("GET", "POST") for name in ("main", "network", "plex", "jellyfin")}}
SIGN_IN = {"auth/plex": ("authToken",), "auth/jellyfin": ("username", "password")}

# Fields the service reads although its own description does not name them.
FORGOTTEN = {
    "auth/jellyfin": ("port", "urlBase", "useSsl"),
    "settings/radarr": ("tags", "tagRequests", "overrideRule"),
    "settings/sonarr": ("tags", "tagRequests", "overrideRule", "seriesType", "animeSeriesType", "animeTags",
                        "monitorNewItems"),
    "settings/jellyfin": ("ip", "port", "urlBase", "useSsl", "apiKey"),
    "settings/main": ("cacheImages", "defaultQuotas", "discoverRegion", "streamingRegion", "originalLanguage",
                      "mediaServerLogin", "locale", "hideBlocklisted", "blocklistedTags", "blocklistedTagsLimit",
                      "hideBlacklisted", "blacklistedTags", "blacklistedTagsLimit", "youtubeUrl"),
    "settings/network": ("proxy", "apiRequestTimeout"),
}


class Seerr(StandIn):
    """`plex` and `jellyfin` are the stand-ins behind it; `reach(host, port)` says whether one can be reached under
    that name, and `arr(kind, body)` what a Radarr or Sonarr answers (None for nothing). `seed` is what its settings
    are before its first start."""

    name = "seerr"

    def __init__(self, api_key, port=0, specs=None, plex=None, flavour="jellyseerr", plex_token=None, reach=None,
                 jellyfin=None, arr=None, seed=None):
        self.plex, self.jellyfin, self.flavour = plex, jellyfin, flavour
        self.plex_token = plex_token or (plex.token if plex else None)
        self.reach, self.arr = reach or (lambda host, port: True), arr or ask_arr
        self.spec = spec.load(specs, flavour + "-api.yml", BASE)
        self.violations, self.state = [], first_state(api_key, flavour, seed)
        self._changed = False
        super().__init__(port)

    def is_write(self, request):
        """Signing in is one only if it makes a user. The GET that enables libraries is one."""
        if request.path.startswith(f"{BASE}/auth/"):
            return self._changed
        if re.fullmatch(rf"{BASE}/settings/(plex|jellyfin)/library", request.path):
            return True
        return super().is_write(request) and not request.path.endswith("/test")

    def answer(self, request):
        self._changed = False
        path = request.path.removeprefix(BASE).strip("/")
        asked = request.method, path
        if asked == ("GET", "settings/public"):
            return self._public()
        if asked == ("GET", "status"):
            return {"version": "2.5.0", "commitTag": "local", "updateAvailable": False, "commitsBehind": 0}
        if path.startswith("auth/") and request.method == "POST":
            return self._sign_in(path, self._body(request, path))
        # Whether there is any key at all is asked before what it is asked for.
        if "x-api-key" not in request.headers and "cookie" not in request.headers:
            raise Refused(401, {"message": "cookie 'connect.sid' required", "errors": []})
        body = self._body(request, path)
        user = self._user(request)
        if user is None:
            raise Refused(403, {"status": 403, "error": "You do not have permission to access this endpoint"})
        if asked == ("GET", "auth/me"):
            return _shown(user)
        found = self._settings(request, path, body)
        if found is None:
            text = "not found" if request.method in METHODS.get(path, (request.method,)) else f"{request.method} method not allowed"
            raise Refused(404 if text == "not found" else 405, {"message": text, "errors": [{"path": request.path, "message": text}]})
        return found

    def _user(self, request):
        known = request.headers.get("x-api-key") == self.state["main"]["apiKey"]
        # One who signed in has a session, the one of the only user there is.
        known = known or "connect.sid=" in request.headers.get("cookie", "")
        return self.state["users"][0] if known and self.state["users"] else None

    def _violate(self, request, wrong):
        self.violations += [f"{request.method} {request.path}: {each}" for each in wrong]
        raise Refused(400, {"message": "; ".join(wrong), "errors": [{"message": each} for each in wrong]})

    def _body(self, request, path):
        """The body, after what the service's own validation of requests says of it."""
        kind = re.sub(r"/\d+$", "", path)
        wrong = self.spec.check(request, FORGOTTEN.get(kind, ())) if self.spec else []
        if not wrong and request.method in ("POST", "PUT") and request.body:
            wrong = check(kind, request.json(), bool(self.spec))
        if wrong:
            self._violate(request, wrong)
        return request.json() if request.body and request.method in ("POST", "PUT") else {}

    def _public(self):
        main = self.state["main"]
        shown = {key: main[key] for key in ("applicationTitle", "applicationUrl", "hideAvailable", "localLogin",
                                            "mediaServerLogin", "mediaServerType", "newPlexLogin", "locale",
                                            "partialRequestsEnabled", "enableSpecialEpisodes", "cacheImages")}
        return {**self.state["public"], **shown}

    def _sign_in(self, path, body):
        if path == "auth/plex":
            return self._sign_in_plex(body)
        if path == "auth/jellyfin":
            return self._sign_in_jellyfin(body)
        if path == "auth/local":
            raise Refused(403, {"message": "Access denied."})
        raise Refused(404, {"message": "not found"})

    def _sign_in_plex(self, body):
        main = self.state["main"]
        if main["mediaServerType"] not in (NOT_CONFIGURED, PLEX):
            raise Refused(500, {"error": "Plex login is disabled"})
        if body["authToken"] != self.plex_token:
            raise Refused(500, {"message": "Unable to authenticate."})
        if not self.state["users"]:
            self._admin({"email": "admin@example.org", "plexUsername": "admin", "plexId": 1, "userType": 1})
            main["mediaServerType"] = PLEX
        return self._session()

    def _sign_in_jellyfin(self, body):
        main, kept = self.state["main"], self.state["jellyfin"]
        if main["mediaServerType"] not in (NOT_CONFIGURED, JELLYFIN, EMBY):
            raise Refused(500, {"error": "Jellyfin login is disabled"})
        if kept["ip"] and body.get("hostname"):
            raise Refused(500, {"error": "Jellyfin hostname already configured"})
        if not kept["ip"] and not body.get("hostname"):
            raise Refused(500, {"error": "No hostname provided."})
        where = kept["ip"] or body["hostname"], kept["port"] if kept["ip"] else body.get("port")
        if self.jellyfin is None or not self.reach(*where):
            raise Refused(404, {"message": "INVALID_URL"})
        account = self.jellyfin.who(body["username"], body.get("password", ""))
        if account is None:
            raise Refused(401, {"message": "INVALID_CREDENTIALS"})
        if not self.state["users"]:
            self._first_jellyfin_user(body, account)
        return self._session()

    def _first_jellyfin_user(self, body, account):
        if not account["IsAdministrator"]:
            raise Refused(403, {"message": "NOT_ADMIN"})
        if body.get("serverType") not in (JELLYFIN, EMBY):
            raise Refused(500, {"message": "NO_ADMIN_USER"})
        self.state["main"]["mediaServerType"] = body["serverType"]
        key = self.jellyfin.new_key("Seerr" if self.flavour == "seerr" else "Jellyseerr")
        self.state["jellyfin"].update(
            name=self.jellyfin.state["config"]["ServerName"], serverId=self.jellyfin.server_id, ip=body["hostname"],
            port=body.get("port", 8096), urlBase=body.get("urlBase", ""), useSsl=body.get("useSsl", False), apiKey=key)
        self._admin({"email": body.get("email") or account["Name"], "jellyfinUsername": account["Name"],
                     "jellyfinUserId": account["Id"], "userType": 3 if body["serverType"] == JELLYFIN else 4})

    def _admin(self, user):
        self._changed = True
        self.state["users"].append({"id": 1, "permissions": ADMIN, **user})

    def _session(self):
        raise Refused(200, _shown(self.state["users"][0]), {"set-cookie": "connect.sid=s%3A1; Path=/; HttpOnly"})

    def _settings(self, request, path, body):
        method, parts = request.method, path.split("/")
        if parts[0] != "settings" or len(parts) < 2:
            return None
        if parts[1] in SERVERS:
            return self._servers(method, parts[1], parts[2:], body)
        if path in ("settings/plex/library", "settings/jellyfin/library") and method == "GET":
            return self._libraries(request, parts[1])
        if path == "settings/initialize" and method == "POST":
            self.state["public"]["initialized"] = True
            return self.state["public"]
        if path in ("settings/main", "settings/network", "settings/plex", "settings/jellyfin"):
            if method == "GET":
                return self.state[parts[1]]
            if method == "POST":
                return self._change(parts[1], body)
        return None

    def _change(self, section, body):
        kept = self.state[section]
        if section in ("main", "network"):
            merge(kept, body)
            return kept
        return self._change_plex(kept, body) if section == "plex" else self._change_jellyfin(kept, body)

    def _change_plex(self, kept, body):
        # What was sent stays even if nobody answers there.
        kept.update(body)
        if not self.reach(kept["ip"], kept["port"]):
            raise Refused(500, {"message": "Unable to connect to Plex."})
        kept["machineId"] = self.plex.machine if self.plex else "0" * 40
        kept["name"] = self.plex.state["prefs"]["FriendlyName"] if self.plex else "Plex"
        return kept

    def _change_jellyfin(self, kept, body):
        after = {**kept, **body}
        if self.jellyfin is None or not self.reach(after["ip"], after["port"]):
            raise Refused(500, {"message": "INVALID_URL"})
        if after["apiKey"] not in [key["AccessToken"] for key in self.jellyfin.state["keys"]]:
            raise Refused(401, {"message": "INVALID_URL"})
        kept.update(after, name=self.jellyfin.state["config"]["ServerName"], serverId=self.jellyfin.server_id)
        return kept

    def _libraries(self, request, server):
        kept, enable = self.state[server], spec.values(request, "enable")
        if len(enable) > 1:
            self._violate(request, ["query.enable should be string,null"])
        if request.query.get("sync"):
            old = {(each["id"], each["name"]): each for each in kept["libraries"]}
            kept["libraries"] = [{**found, "enabled": old.get((found["id"], found["name"]), {}).get("enabled", False)}
                                 for found in self._found(server)]
        # Whoever asks for nothing more than what there is stops all of them.
        enabled = "".join(enable).split(",")
        for each in kept["libraries"]:
            each["enabled"] = each["id"] in enabled
        return kept["libraries"]

    def _found(self, server):
        """The libraries of the server behind it; of a Plex nobody reaches, none at all."""
        kept = self.state[server]
        if server == "plex":
            if self.plex is None or not self.reach(kept["ip"], kept["port"]):
                return []
            return [{"id": each["key"], "name": each["title"], "type": each["type"]}
                    for each in self.plex.state["sections"]
                    if each["type"] in ("movie", "show") and each["agent"] != "com.plexapp.agents.none"]
        folders = self.jellyfin.state["folders"] if self.jellyfin and self.reach(kept["ip"], kept["port"]) else []
        found = [{"id": each["ItemId"], "name": each["Name"],
                  "type": "movie" if each.get("CollectionType") == "movies" else "show"}
                 for each in folders if each.get("CollectionType") not in OTHER_COLLECTIONS]
        if not found:
            raise Refused(404, {"message": "SYNC_ERROR_NO_LIBRARIES"})
        return found

    def _servers(self, method, kind, rest, body):
        kept = self.state[kind]
        if not rest and method == "GET":
            return kept
        if not rest and method == "POST":
            new = {**body, "id": kept[-1]["id"] + 1 if kept else 0}
            self._only_default(kind, body)
            kept.append(new)
            raise Refused(201, new)
        if rest == ["test"] and method == "POST":
            found = self.arr(kind, body)
            if found is None:
                raise Refused(500, {"message": f"Failed to connect to {kind.capitalize()}"})
            return found
        if len(rest) == 1 and method in ("PUT", "DELETE") and rest[0].isdigit():
            return self._one_server(method, kind, int(rest[0]), body)
        return None

    def _one_server(self, method, kind, number, body):
        kept = self.state[kind]
        place = next((n for n, each in enumerate(kept) if each["id"] == number), None)
        if place is None:
            raise Refused(404, {"message": "Settings instance not found"})
        if method == "DELETE":
            return kept.pop(place)
        self._only_default(kind, body)
        # The whole of it is replaced: what is not sent is gone.
        kept[place] = {**body, "id": number}
        return kept[place]

    def _only_default(self, kind, body):
        for each in self.state[kind]:
            if body["isDefault"] and each["is4k"] == body["is4k"]:
                each["isDefault"] = False


def _shown(user):
    return {key: value for key, value in user.items() if key != "plexToken"}


def check(kind, body, described):
    """What is wrong with a body by what is known without a description, or beyond it."""
    if not isinstance(body, dict):
        return ["body is no object"]
    missing = [f"body.{name} is missing" for name in SIGN_IN.get(kind, ()) if name not in body]
    if missing:
        return missing
    server = kind.removeprefix("settings/")
    if server in SERVERS:
        wrong = _server_fits(server, body, described)
        return [wrong] if wrong else []
    if server.removesuffix("/test") in SERVERS:
        return [f"body.{name} is missing" for name in ("hostname", "port", "apiKey", "useSsl") if name not in body]
    fixed = {"settings/plex": ("name", "machineId", "libraries"), "settings/main": ("apiKey",),
             "settings/jellyfin": ("name", "libraries", "serverId", "serverID")}.get(kind, ())
    return [f"body.{name} is read-only" for name in fixed if name in body]


def _server_fits(kind, body, described):
    """What is wrong first of all with a Radarr or Sonarr, or None."""
    if "id" in body:
        return "body.id is read-only"
    for name in SERVERS[kind]:
        if name not in body:
            return f"body.{name} is missing"
    known = {**SERVERS[kind], **OPTIONAL_OF[kind]}
    for name, value in body.items():
        if name not in known:
            if not described:
                return f"body.{name} is unknown"
        elif not _is(known[name], value):
            return f"body.{name} is no {known[name]}"
        elif name in AMONG and value not in AMONG[name]:
            return f"body.{name} is none of {', '.join(AMONG[name])}"
    base = body.get("baseUrl", "")
    return f"body.baseUrl is neither empty nor like /x: {base}" if base and not re.fullmatch(r"/.*[^/]", base) else None


def _is(kind, value):
    if kind == NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {TEXT: str, FLAG: bool, LIST: list}[kind])


def ask_arr(kind, body):
    """Asks the Radarr or Sonarr that is meant, or None if it does not answer as one."""
    scheme = "https" if body["useSsl"] else "http"
    base = f"{scheme}://{body['hostname']}:{body['port']}{body.get('baseUrl', '')}/api/v3/"

    def get(path):
        asked = urllib.request.Request(base + path, headers={"X-Api-Key": body["apiKey"]})
        with urllib.request.urlopen(asked, timeout=5) as found:
            return json.load(found)

    try:
        profiles, folders, tags = get("qualityprofile"), get("rootfolder"), get("tag")
        return {"profiles": profiles, "rootFolders": [{"id": each["id"], "path": each["path"]} for each in folders],
                "tags": tags, "urlBase": get("system/status").get("urlBase", "")}
    except (OSError, ValueError):
        return None
