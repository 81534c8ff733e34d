"""Maintainerr: open to everybody, its settings merged in part, and many a failure told with a status of success."""

import re

from .base import Refused, StandIn

TEXT, FLAG = "text", "flag"
OK = {"status": "OK", "code": 1, "message": "Success"}
CRONS = ("collection_handler_job_cron", "rules_handler_job_cron")
SECRETS = ("plex_auth_token", "jellyfin_api_key", "emby_api_key", "seerr_api_key", "tmdb_api_key", "tvdb_api_key",
           "tautulli_api_key", "tracearr_api_key", "download_client_password")
URLS = ("jellyfin_url", "emby_url", "seerr_url", "tautulli_url", "streamystats_url", "tracearr_url",
        "download_client_url")
DEFAULTS = {
    "id": 1, "clientId": "11111111-1111-4111-8111-111111111111", "applicationTitle": "Maintainerr",
    "applicationUrl": "localhost", "apikey": "bWFpbnRhaW5lcnI=", "locale": "en", "media_server_type": None,
    "plex_name": None, "plex_hostname": None, "plex_port": 32400, "plex_ssl": None, "plex_auth_token": None,
    "plex_machine_id": None, "plex_manual_mode": 0, "jellyfin_url": None, "jellyfin_api_key": None,
    "jellyfin_user_id": None, "jellyfin_server_name": None, "emby_url": None, "emby_api_key": None,
    "emby_user_id": None, "emby_server_name": None, "seerr_url": None, "seerr_api_key": None, "tmdb_api_key": None,
    "tvdb_api_key": None, "metadata_provider_preference": "tmdb_primary", "tautulli_url": None,
    "tautulli_api_key": None, "streamystats_url": None, "tracearr_url": None, "tracearr_api_key": None,
    "tracearr_server_id": None, "download_client_url": None, "download_client_username": None,
    "download_client_password": None, "download_client_delete_data": True, "download_client_fallback_ratio": 0.5,
    "collection_handler_job_cron": "0 0-23/12 * * *", "rules_handler_job_cron": "0 0-23/8 * * *",
    "radarr_tag_exclusions": False, "radarr_exclusion_tag": "dnd", "radarr_untag_on_unexclude": False,
    "sonarr_tag_exclusions": False, "sonarr_exclusion_tag": "dnd", "sonarr_untag_on_unexclude": False,
}
NUMBERS = {"plex_port": (1, 65535), "plex_ssl": (0, 1), "plex_manual_mode": (0, 1)}
FLAGS = tuple(key for key, value in DEFAULTS.items() if isinstance(value, bool))
ARRS = ("radarr", "sonarr")
SEERRS = ("seerr", "overseerr", "jellyseerr")


class Maintainerr(StandIn):
    """Its state has the settings as they are stored; what it shows has the secrets masked."""

    name = "maintainerr"

    def __init__(self, port=0, specs=None):
        self.violations = []
        self.state = {"settings": dict(DEFAULTS), "radarr": [], "sonarr": [], "last": {"radarr": 0, "sonarr": 0}}
        super().__init__(port)

    def is_write(self, request):
        return super().is_write(request) and "/settings/test/" not in request.path

    def answer(self, request):
        method, path = request.method, request.path
        if method == "GET" and path in ("/api/health", "/api/health/ready"):
            return {"status": "ok", "uptimeSeconds": 1, "database": "ok", "timestamp": "2024-01-01T00:00:00.000Z"}
        if path == "/api/settings" and method in ("GET", "POST", "PATCH"):
            return self._public() if method == "GET" else self._merge(request)
        parts = path.removeprefix("/api/settings/").split("/") if path.startswith("/api/settings/") else [""]
        if parts[0] in ARRS:
            return self._arr(request, parts[0], parts[1:])
        if parts[0] in SEERRS and len(parts) == 1:
            return self._seerr(request)
        if path == "/api/settings/plex/token" and method == "POST":
            kept = self.state["settings"]
            kept.update(self._body(request, {"plex_auth_token": TEXT}))
            # With an account and no server yet, that is what it is for.
            kept["media_server_type"] = kept["media_server_type"] or "plex"
            raise Refused(201, OK)
        if path == "/api/settings/plex/auth" and method == "DELETE":
            self.state["settings"]["plex_auth_token"] = None
            return OK
        if parts[0] == "test" and method == "GET" and parts[1:] == ["setup"]:
            return self._ready()
        raise Refused(404, {"message": f"Cannot {method} {path}", "error": "Not Found", "statusCode": 404})

    def _ready(self):
        kept = self.state["settings"]
        needed = {"plex": ("plex_hostname", "plex_name", "plex_port", "plex_auth_token"),
                  "jellyfin": ("jellyfin_url", "jellyfin_api_key"), "emby": ("emby_url", "emby_api_key")}
        server = kept["media_server_type"]
        return bool(server) and all(kept[name] for name in needed[server])

    def _violate(self, request, text):
        self.violations.append(f"{request.method} {request.path}: {text}")
        raise Refused(400, {"statusCode": 400, "message": "Validation failed", "errors": [{"message": text}]})

    def _public(self):
        kept = self.state["settings"]
        return {key: _mask(value) if key in SECRETS else value for key, value in kept.items()}

    def _merge(self, request):
        body = request.json()
        if not isinstance(body, dict):
            self._violate(request, "no object")
        unknown = [key for key in body if key not in DEFAULTS]
        # They are dropped without a word.
        self.violations += [f"{request.method} {request.path}: {key} is unknown" for key in unknown]
        fitting = {key: self._fit(request, key, value) for key, value in body.items()
                   if key in DEFAULTS and key != "id"}
        status = 201 if request.method == "POST" else 200
        refusal = self._refusal({**self.state["settings"], **fitting})
        if refusal:
            self.violations.append(f"{request.method} {request.path}: {refusal}")
            raise Refused(status, {"status": "NOK", "code": 0, "message": refusal})
        self.state["settings"] = _normal({**self.state["settings"], **fitting})
        raise Refused(status, OK)

    def _refusal(self, after):
        """Why merged settings are not kept, or None."""
        before = self.state["settings"]
        if not all(re.fullmatch(r"(\S+ ){4,5}\S+", after[key]) for key in CRONS):
            return "Update failed, invalid CRON value was found"
        names = ("plex_name", "plex_hostname", "plex_port", "plex_ssl")
        changed = any(_normal(before)[name] != _normal(after)[name] for name in names)
        if after["media_server_type"] == "plex" and changed and not before["plex_auth_token"]:
            return "Authenticate with Plex before saving Plex server settings."
        return None

    def _fit(self, request, key, value):
        if key == "media_server_type":
            if value not in (None, "plex", "jellyfin", "emby"):
                self._violate(request, f"no media_server_type: {value!r}")
            return value
        if key in NUMBERS:
            low, high = NUMBERS[key]
            if type(value) is not int or not low <= value <= high:
                self._violate(request, f"{key} is no number from {low} to {high}: {value!r}")
            return value
        if key in FLAGS:
            if not isinstance(value, bool):
                self._violate(request, f"{key} is no bool: {value!r}")
            return value
        if key == "download_client_fallback_ratio":
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0.5:
                self._violate(request, f"{key} is no number of at least 0.5: {value!r}")
            return value
        if not isinstance(value, str):
            self._violate(request, f"{key} is no text: {value!r}")
        if key in URLS:
            return self._url(request, key, value)
        return value if key in ("download_client_username", "download_client_password") else value.strip()

    def _url(self, request, key, value):
        value = value.strip().rstrip("/")
        if not value.startswith(("http://", "https://")):
            self._violate(request, f"{key}: Must start with http:// or https://")
        return value

    def _body(self, request, wanted):
        """The fields of a body, all of which have to be there and none of which may be empty."""
        body = request.json()
        self.violations += [f"{request.method} {request.path}: {key} is unknown" for key in body if key not in wanted]
        fitting = {}
        for key in wanted:
            value = body.get(key)
            if not isinstance(value, str) or not value.strip():
                self._violate(request, f"{key} is missing, empty or no text")
            fitting[key] = self._url(request, key, value) if key == "url" else value.strip()
        return fitting

    def _arr(self, request, kind, rest):
        kept, method = self.state[kind], request.method
        if not rest and method == "GET":
            return kept
        wanted = {"serverName": TEXT, "url": TEXT, "apiKey": TEXT}
        if not rest and method == "POST":
            body = self._body(request, wanted)
            self.state["last"][kind] += 1
            new = {"id": self.state["last"][kind], **body, "url": body["url"].lower()}
            kept.append(new)
            raise Refused(201, {"data": new, **OK})
        if len(rest) != 1 or method not in ("PUT", "DELETE"):
            raise Refused(404, {"message": f"Cannot {method} {request.path}", "error": "Not Found", "statusCode": 404})
        if not rest[0].isdigit():
            self._violate(request, "the id is no number")
        one = next((each for each in kept if each["id"] == int(rest[0])), None)
        if method == "DELETE":
            return self._delete(kept, one)
        body = self._body(request, wanted)
        if one is None:
            # It would make one of that number, which nobody who reads first ever asks for.
            self._violate(request, "no such server")
        one.update(body, url=body["url"].lower())
        return {"data": one, **OK}

    @staticmethod
    def _delete(kept, one):
        if one is None:
            return {"status": "NOK", "code": 0, "message": "Failure", "data": None}
        kept.remove(one)
        return OK

    def _seerr(self, request):
        kept = self.state["settings"]
        if request.method == "GET":
            return {"api_key": kept["seerr_api_key"], "url": kept["seerr_url"]}
        if request.method == "POST":
            body = self._body(request, {"url": TEXT, "api_key": TEXT})
            kept.update(seerr_url=body["url"], seerr_api_key=body["api_key"])
            raise Refused(201, OK)
        if request.method == "DELETE":
            kept.update(seerr_url=None, seerr_api_key=None)
            return OK
        raise Refused(404, {"message": f"Cannot {request.method} {request.path}", "statusCode": 404})


def _mask(secret):
    """A secret as it is shown: its first and last three characters, none of a short one."""
    if not secret:
        return secret
    return f"{secret[:3]}...{secret[-3:]}" if len(secret) > 6 else "****"


def _normal(settings):
    """Settings as they are stored: hosts and URLs in lower case, the host of Plex without a scheme."""
    after = dict(settings)
    for key in ("seerr_url", "tautulli_url"):
        after[key] = after[key] and after[key].lower()
    host = (after["plex_hostname"] or "").strip().lower()
    if after["plex_hostname"]:
        after["plex_hostname"] = re.sub(r"^https?://", "", host)
    if host.startswith("https://") or after["plex_port"] == 443:
        after["plex_ssl"] = 1
    else:
        after["plex_ssl"] = 0 if host.startswith("http://") else after["plex_ssl"] or 0
    return after
