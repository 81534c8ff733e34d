"""Bazarr: settings as a form, languages and their profiles in the same form, and little mercy for types."""

import copy
import hashlib
import json

from .base import Raw, Refused, StandIn

# Name, code2, code3; the real one has all languages with a two-letter code, and four of its own.
LANGUAGES = (
    ("Arabic", "ar", "ara"), ("Basque", "eu", "eus"), ("Bulgarian", "bg", "bul"), ("Catalan", "ca", "cat"),
    ("Chinese Simplified", "zh", "zho"), ("Chinese Traditional", "zt", "zht"), ("Croatian", "hr", "hrv"),
    ("Czech", "cs", "ces"), ("Danish", "da", "dan"), ("Dutch", "nl", "nld"), ("English", "en", "eng"),
    ("Estonian", "et", "est"), ("Finnish", "fi", "fin"), ("French", "fr", "fra"), ("German", "de", "deu"),
    ("Greek", "el", "ell"), ("Hebrew", "he", "heb"), ("Hindi", "hi", "hin"), ("Hungarian", "hu", "hun"),
    ("Icelandic", "is", "isl"), ("Indonesian", "id", "ind"), ("Italian", "it", "ita"),
    ("Japanese", "ja", "jpn"), ("Korean", "ko", "kor"), ("Latvian", "lv", "lav"), ("Lithuanian", "lt", "lit"),
    ("Norwegian", "no", "nor"), ("Persian", "fa", "fas"), ("Polish", "pl", "pol"), ("Portuguese", "pt", "por"),
    ("Portuguese (Brazil)", "pb", "pob"), ("Romanian", "ro", "ron"), ("Russian", "ru", "rus"),
    ("Serbian", "sr", "srp"), ("Slovak", "sk", "slk"), ("Slovenian", "sl", "slv"), ("Spanish", "es", "spa"),
    ("Spanish (Latino)", "ea", "spl"), ("Swedish", "sv", "swe"), ("Thai", "th", "tha"),
    ("Turkish", "tr", "tur"), ("Ukrainian", "uk", "ukr"), ("Vietnamese", "vi", "vie"),
)

NOTHING = ("", "None", "null", "undefined", None, [])
LISTS = ("excluded_tags", "exclude", "included_codecs", "subzero_mods", "excluded_series_types", "enabled_providers",
         "enabled_integrations", "path_mappings", "path_mappings_movie", "remove_profile_tags", "language_equals",
         "blacklisted_languages", "blacklisted_providers")
# Never read as numbers.
TEXTS = ("chmod", "log_include_filter", "log_exclude_filter", "password", "f_password", "hashed_password")
# Turned into text whatever they are.
CAST = {(section, key) for section in ("auth", "opensubtitles", "opensubtitlescom", "addic7ed", "proxy", "postgresql")
        for key in ("username", "password")} | {("log", "include_filter"), ("log", "exclude_filter"),
                                                ("subdl", "api_key")}
EITHER = {("general", "serie_default_profile"), ("general", "movie_default_profile"), ("proxy", "port")}

HOURS = (6, 12, 24, 168, 876000)
MINUTES = (15, 60, 180, 360, 720, 1440, 10080, 52560000)
CHOICES = {
    "general.branch": ("master", "development"), "general.page_size": (25, 50, 100, 250, 500, 1000),
    "general.theme": ("auto", "light", "dark"), "general.adaptive_searching_delay": ("1w", "2w", "3w", "4w"),
    "general.adaptive_searching_delta": ("3d", "1w", "2w", "3w", "4w"), "general.upgrade_frequency": HOURS,
    "general.anti_captcha_provider": (None, "anti-captcha", "death-by-captcha"),
    "general.wanted_search_frequency": HOURS, "general.wanted_search_frequency_movie": HOURS,
    "general.hi_extension": ("hi", "cc", "sdh"), "general.embedded_subtitles_parser": ("ffprobe", "mediainfo"),
    "auth.type": (None, "basic", "form"), "proxy.type": (None, "socks5", "socks5h", "http"),
    "backup.frequency": ("Manually", "Daily", "Weekly"), "subsync.max_offset_seconds": (60, 120, 300, 600),
    "sonarr.series_sync": MINUTES, "radarr.movies_sync": MINUTES,
}
for _arr in ("sonarr", "radarr"):
    CHOICES[f"{_arr}.http_timeout"] = (60, 120, 180, 240, 300, 600)
    CHOICES[f"{_arr}.full_update"] = ("Manually", "Daily", "Weekly")
RANGES = {
    "general.minimum_score": (0, 100), "general.minimum_score_movie": (0, 100), "general.days_to_upgrade_subs": (0, 30),
    "general.postprocessing_threshold": (0, 100), "general.postprocessing_threshold_movie": (0, 100),
    "backup.day": (0, 6), "backup.hour": (0, 23), "subsync.subsync_threshold": (0, 100),
    "subsync.subsync_movie_threshold": (0, 100),
}
for _name in ("general", "sonarr", "radarr", "plex", "postgresql"):
    RANGES[f"{_name}.port"] = (1, 65535)
for _name in ("sonarr", "radarr"):
    RANGES[f"{_name}.full_update_day"], RANGES[f"{_name}.full_update_hour"] = (0, 6), (0, 23)


def defaults(api_key):
    """What a first start writes; of the providers only some."""
    arr = {"ip": "127.0.0.1", "base_url": "/", "ssl": False, "http_timeout": 60, "apikey": "", "full_update": "Daily",
           "full_update_day": 6, "full_update_hour": 4, "only_monitored": False, "excluded_tags": [],
           "use_ffprobe_cache": True, "defer_search_signalr": False}
    return {
        "general": {
            "flask_secret_key": "0" * 32, "ip": "*", "port": 6767, "base_url": "", "path_mappings": [], "debug": False,
            "branch": "master", "auto_update": True, "single_language": False, "minimum_score": 90,
            "use_scenename": True, "use_postprocessing": False, "postprocessing_cmd": "",
            "postprocessing_threshold": 90, "use_postprocessing_threshold": False, "postprocessing_threshold_movie": 70,
            "use_postprocessing_threshold_movie": False, "use_sonarr": False, "use_radarr": False, "use_plex": False,
            "path_mappings_movie": [], "serie_tag_enabled": False, "movie_tag_enabled": False,
            "remove_profile_tags": [], "serie_default_enabled": False, "serie_default_profile": "",
            "movie_default_enabled": False, "movie_default_profile": "", "page_size": 25, "theme": "auto",
            "minimum_score_movie": 70, "use_embedded_subs": True, "embedded_subs_show_desired": True,
            "utf8_encode": True, "ignore_pgs_subs": False, "ignore_vobsub_subs": False, "ignore_ass_subs": False,
            "adaptive_searching": True, "adaptive_searching_delay": "3w", "adaptive_searching_delta": "1w",
            "enabled_providers": [], "enabled_integrations": [], "multithreading": True, "chmod_enabled": False,
            "chmod": "0640", "subfolder": "current", "subfolder_custom": "", "upgrade_subs": True,
            "upgrade_frequency": 12, "days_to_upgrade_subs": 7, "upgrade_manual": True, "anti_captcha_provider": None,
            "wanted_search_frequency": 6, "wanted_search_frequency_movie": 6, "subzero_mods": "",
            "dont_notify_manual_actions": False, "hi_extension": "hi", "embedded_subtitles_parser": "ffprobe",
            "default_und_audio_lang": "", "default_und_embedded_subtitles_lang": "",
            "parse_embedded_audio_track": False, "skip_hashing": False, "language_equals": [],
        },
        "log": {"include_filter": "", "exclude_filter": "", "ignore_case": False, "use_regex": False},
        "auth": {"apikey": api_key, "type": None, "username": "", "password": ""},
        "cors": {"enabled": False},
        "backup": {"folder": "/config/backup", "retention": 31, "frequency": "Weekly", "day": 6, "hour": 3},
        "sonarr": {**copy.deepcopy(arr), "port": 8989, "series_sync": 60, "excluded_series_types": [],
                   "exclude_season_zero": False, "sync_only_monitored_series": False,
                   "sync_only_monitored_episodes": False},
        "radarr": {**copy.deepcopy(arr), "port": 7878, "movies_sync": 60, "sync_only_monitored_movies": False},
        "plex": {"ip": "127.0.0.1", "port": 32400, "ssl": False, "apikey": "", "movie_library": "",
                 "series_library": "", "set_movie_added": False, "set_episode_added": False,
                 "update_movie_library": False, "update_series_library": False},
        "proxy": {"type": None, "url": "", "port": "", "username": "", "password": "",
                  "exclude": ["localhost", "127.0.0.1"]},
        "opensubtitles": {"username": "", "password": "", "use_tag_search": False, "vip": False, "ssl": False,
                          "timeout": 15, "skip_wrong_fps": False},
        "opensubtitlescom": {"username": "", "password": "", "use_hash": True, "include_ai_translated": False},
        "addic7ed": {"username": "", "password": "", "cookies": "", "user_agent": "", "vip": False},
        "podnapisi": {"verify_ssl": True},
        "subdl": {"api_key": ""},
        "embeddedsubtitles": {"included_codecs": [], "hi_fallback": False, "timeout": 600,
                              "unknown_as_fallback": False, "fallback_lang": "en"},
        "analytics": {"enabled": True},
        "subsync": {"use_subsync": False, "use_subsync_threshold": False, "subsync_threshold": 90,
                    "use_subsync_movie_threshold": False, "subsync_movie_threshold": 70, "debug": False,
                    "force_audio": False, "checker": {"blacklisted_providers": [], "blacklisted_languages": []},
                    "no_fix_framerate": True, "gss": True, "max_offset_seconds": 60},
        "postgresql": {"enabled": False, "host": "localhost", "port": 5432, "database": "", "username": "",
                       "password": ""},
    }


class Bazarr(StandIn):
    """`wrong="default"`: what does not fit is replaced by its default, as at a start of the real one.
    `wrong="refuse"`: the whole form is refused with 406, as its settings page does."""

    name = "bazarr"

    def __init__(self, api_key, port=0, specs=None, wrong="default"):
        self.defaults, self.violations, self.wrong = defaults(api_key), [], wrong
        self.state = {"settings": copy.deepcopy(self.defaults), "enabled": [], "profiles": []}
        super().__init__(port)

    @property
    def api_key(self):
        return self.state["settings"]["auth"]["apikey"]

    def answer(self, request):
        asked = request.method, request.path
        if asked == ("GET", "/api/system/ping"):
            return {"status": "OK"}
        known = ("system/status", "system/settings", "system/languages", "system/languages/profiles")
        if request.path.removeprefix("/api/") not in known:
            # Everything else is its page.
            return Raw("<!doctype html>\n<html><head><title>Bazarr</title></head></html>", "text/html; charset=utf-8")
        if self.api_key not in (request.headers.get("x-api-key"), request.query.get("apikey")):
            raise Refused(401, {"message": "Unauthorized"})
        if asked == ("GET", "/api/system/status"):
            return {"data": {"bazarr_version": "1.5.2", "start_time": 0.0, "timezone": "UTC"}}
        if asked == ("GET", "/api/system/settings"):
            return self._settings()
        if asked == ("POST", "/api/system/settings"):
            return self._save(self._form(request))
        if asked == ("GET", "/api/system/languages"):
            return [{"name": name, "code2": code2, "code3": code3, "enabled": code2 in self.state["enabled"]}
                    for name, code2, code3 in LANGUAGES]
        if asked == ("GET", "/api/system/languages/profiles"):
            return self.state["profiles"]
        raise Refused(405, {"message": "The method is not allowed for the requested URL."})

    def _settings(self):
        shown = copy.deepcopy(self.state["settings"])
        del shown["general"]["flask_secret_key"]
        mods = shown["general"]["subzero_mods"]
        shown["general"]["subzero_mods"] = mods.split(",") if mods else []
        return {**shown, "notifications": {"providers": []}}

    def _form(self, request):
        try:
            fields = request.form()
        except Refused:
            # The real one takes it, sees no field in it, and says 204 all the same.
            self._violate(415, "settings were not sent as a form")
        if not fields:
            self._violate(400, "an empty form")
        return fields

    def _violate(self, status, text):
        self.violations.append(text)
        raise Refused(status, {"message": text})

    def _save(self, fields):
        before = copy.deepcopy(self.state["settings"])
        codes = [code2 for _, code2, _ in LANGUAGES]
        if "languages-enabled" in fields:
            self.state["enabled"] = [code for code in codes if code in fields["languages-enabled"]]
        if fields.get("languages-profiles", [""])[0]:
            self.state["profiles"] = self._profiles(fields["languages-profiles"][0])
        try:
            for key, value in fields.items():
                if key.split("-")[0] == "settings":
                    self._set(key, value)
        except Refused:
            self.state["settings"] = before
            raise
        settings = self.state["settings"]
        for arr in ("sonarr", "radarr"):
            # Whom it talks to it has an address of.
            if settings["general"][f"use_{arr}"]:
                settings[arr]["base_url"] = self._base(arr, settings[arr]["base_url"])
        raise Refused(204)

    def _profiles(self, text):
        try:
            profiles = json.loads(text)
        except ValueError:
            raise Refused(500, {"message": "Internal Server Error"}) from None
        if not isinstance(profiles, list) or not all(isinstance(profile, dict) for profile in profiles):
            self._violate(400, "languages-profiles is no list of profiles")
        kept = [self._profile(profile) for profile in profiles]
        if len({profile["profileId"] for profile in kept}) != len(kept):
            self._violate(400, "two profiles have the same profileId")
        return sorted(kept, key=lambda profile: profile["profileId"])

    def _profile(self, profile):
        for key in ("profileId", "name", "cutoff", "items", "mustContain", "mustNotContain", "originalFormat"):
            if key not in profile:
                self.violations.append(f"a profile without {key}")
                raise Refused(500, {"message": "Internal Server Error"})
        if type(profile["profileId"]) is not int or not isinstance(profile["name"], str) or not profile["name"]:
            self._violate(400, "a profile needs a number for profileId and a name")
        for key in ("mustContain", "mustNotContain"):
            if not isinstance(profile[key], list):
                self._violate(400, f"{key} is no list")
        if not isinstance(profile["items"], list):
            self._violate(400, "items is no list")
        for item in profile["items"]:
            self._check_item(item)
        ids = [item["id"] for item in profile["items"]]
        if len(set(ids)) != len(ids) or profile["cutoff"] not in (None, "", "null", "undefined", 65535, *ids):
            self._violate(400, "the items' ids are not unique, or the cutoff is none of them")
        empty = ("null", "undefined", "", None)
        return {
            "profileId": profile["profileId"], "name": profile["name"],
            "cutoff": None if profile["cutoff"] in empty else profile["cutoff"], "items": profile["items"],
            "mustContain": profile["mustContain"], "mustNotContain": profile["mustNotContain"],
            "originalFormat": None if profile["originalFormat"] in empty else int(profile["originalFormat"]),
            "tag": profile.get("tag"),
        }

    def _check_item(self, item):
        # The last two decide whether a subtitle is missing; the real one takes an item without them, and fails then.
        for key in ("id", "language", "hi", "forced", "audio_exclude", "audio_only_include"):
            if key not in item:
                self._violate(400, f"an item of a profile without {key}")
        if type(item["id"]) is not int or item["language"] not in self.state["enabled"]:
            self._violate(400, f"an item whose id is no number or whose language is not enabled: {item}")
        for key in ("hi", "forced", "audio_exclude", "audio_only_include"):
            # It compares with the text "True", so that a JSON true would count as no.
            if item[key] not in ("True", "False"):
                self._violate(400, f"{key} of an item is neither \"True\" nor \"False\": {item[key]!r}")

    def _set(self, key, value):
        _, *path = key.split("-")
        if len(path) not in (2, 3) or path[0] not in self.state["settings"]:
            self._unknown(key)
            raise Refused(500, {"message": "Internal Server Error"})
        section, standard = self.state["settings"], self.defaults
        for part in path[:-1]:
            section, standard = section.get(part), standard.get(part)
            if not isinstance(section, dict):
                self._unknown(key)
                return
        name = path[-1]
        if name not in standard:
            self._unknown(key)
            return
        section[name] = self._fit(path, _read(name, value), section[name], standard[name])

    def _unknown(self, key):
        self.violations.append(f"unknown setting {key}")

    def _fit(self, path, value, current, standard):
        if path == ["auth", "password"] and value is not None and value != current:
            value = hashlib.md5(str(value).encode()).hexdigest()
        if path[-1] == "base_url":
            value = self._base(path[0], value)
        if value is None:
            return copy.deepcopy(standard)
        if tuple(path) in CAST:
            return str(value)
        if self._fits(path, value, standard):
            return value
        text = f"{'.'.join(path)} cannot be {value!r}"
        self.violations.append(text)
        if self.wrong == "refuse":
            raise Refused(406, text)
        return copy.deepcopy(standard)

    @staticmethod
    def _base(section, value):
        if not isinstance(value, str):
            raise Refused(500, {"message": "Internal Server Error"})
        while "//" in value:
            value = value.replace("//", "/")
        # The others' ones become what is put between an address and a path.
        return value if section == "general" else f"/{value.lstrip('/')}".removesuffix("/")

    @staticmethod
    def _fits(path, value, standard):
        name = ".".join(path)
        if name in CHOICES:
            return value in CHOICES[name] and type(value) in {type(choice) for choice in CHOICES[name]}
        if tuple(path) in EITHER:
            return type(value) in (int, str)
        if type(value) is not type(standard):
            return False
        low, high = RANGES.get(name, (value, value))
        return low <= value <= high


def _read(name, value):
    """What the real one makes of the values of a field: a list only for the settings that are lists."""
    if len(value) == 1 and name not in LISTS:
        value = value[0]
        if value in NOTHING and value != "":
            return None
    if isinstance(value, str) and name not in TEXTS:
        try:
            return int(value)
        except ValueError:
            pass
    if name in LISTS and value[0] in NOTHING:
        return []
    if name in ("path_mappings", "path_mappings_movie"):
        return [pair.split(",") for pair in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
