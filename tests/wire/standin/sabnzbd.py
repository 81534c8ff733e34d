"""SABnzbd: one path for everything, the key in the query, and no categories until somebody asks for them."""

import re

from .base import Raw, Refused, StandIn

CATEGORY = {"order": 0, "pp": "", "script": "Default", "dir": "", "newzbin": "", "priority": -100}
SERVER = {"displayname": "", "host": "", "port": 119, "timeout": 60, "username": "", "password": "", "connections": 1,
          "ssl": 0, "ssl_verify": 3, "ssl_ciphers": "", "enable": 1, "required": 0, "optional": 0,
          "pipelining_requests": 2, "retention": 0, "expire_date": "", "quota": "", "usage_at_start": 0, "priority": 0,
          "notes": ""}
SWITCHES = ("ssl", "enable", "required", "optional")
# What does not fit becomes what is nearest.
RANGES = {"categories.order": (0, 100), "servers.port": (0, 65535), "servers.timeout": (20, 240),
          "servers.connections": (0, 500), "servers.pipelining_requests": (1, 20), "servers.priority": (0, 99)}
# Made when somebody asks for the categories and there is no `*`, in place of those that have these names.
USUAL = ("movies", "tv", "audio", "software")
STARS = "*" * 10
LISTS = ("host_whitelist", "local_ranges")
LOCAL = ("localhost",)


def first_state(api_key):
    misc = {
        "api_key": api_key, "nzb_key": "0" * 32, "host": "0.0.0.0", "port": "8080", "username": "", "password": "",
        "url_base": "", "download_dir": "Downloads/incomplete", "complete_dir": "Downloads/complete",
        "host_whitelist": ["sabnzbd"], "local_ranges": [], "inet_exposure": 0, "permissions": "", "check_new_rel": 1,
        "auto_browser": 1, "pre_check": 0, "safe_postproc": 1, "verify_xff_header": 1, "bandwidth_max": "",
        "cache_limit": "", "script_dir": "", "enable_https": 0,
    }
    return {"misc": misc, "categories": {}, "servers": {}}


class Sabnzbd(StandIn):
    """`refusal` is the status of the answer to a wrong key: 200 comes with JSON, 403 with text."""

    name = "sabnzbd"

    def __init__(self, api_key, port=0, specs=None, refusal=200):
        self.violations, self.refusal, self.state = [], refusal, first_state(api_key)
        super().__init__(port)

    def is_write(self, request):
        return self._asked(request).get("mode") in ("set_config", "set_config_default", "del_config")

    def answer(self, request):
        if request.method in ("POST", "PUT") and "content-length" not in request.headers:
            self.violations.append(f"{request.method} without a length")
            raise Refused(411)
        if request.path.rstrip("/") not in ("/api", self.state["misc"]["url_base"] + "/api"):
            raise Refused(404)
        if not self._host_fits(request.headers.get("host", "")):
            raise Refused(403, "Access denied - Hostname verification failed: https://sabnzbd.org/hostname-check")
        asked = self._asked(request)
        mode = asked.get("mode", "")
        if mode not in ("version", "auth") and asked.get("apikey") != self.state["misc"]["api_key"]:
            return self._refuse("API Key Incorrect" if asked.get("apikey") else "API Key Required")
        act = {"version": self._version, "auth": self._auth, "get_cats": self._names, "get_config": self._get,
               "set_config": self._set, "del_config": self._delete, "fullstatus": self._status}.get(mode)
        return act(asked) if act else {"status": False, "error": "not implemented"}

    def _asked(self, request):
        fields = dict(request.query)
        if "application/x-www-form-urlencoded" in request.headers.get("content-type", ""):
            fields.update({name: values[-1] for name, values in request.form().items()})
        return fields

    def _host_fits(self, host):
        misc, name = self.state["misc"], re.sub(r":\d+$", "", host).lower()
        if misc["username"] and misc["password"]:
            return True
        address = re.fullmatch(r"[\d.]+|\[[0-9a-f:]+\]", name)
        return bool(address) or name in LOCAL or name in misc["host_whitelist"] or name.endswith((".local", ".local."))

    def _refuse(self, text):
        return {"status": False, "error": text} if self.refusal == 200 else Raw(text, "text/html", self.refusal)

    def _version(self, asked):
        return {"version": "5.0.1"}

    def _auth(self, asked):
        misc, key = self.state["misc"], asked.get("key", "")
        known = {"": "apikey", misc["nzb_key"]: "nzbkey", misc["api_key"]: "apikey"}
        return {"auth": known.get(key, "badkey")}

    def _names(self, asked):
        return {"categories": [each["name"] for each in self._categories()]}

    def _status(self, asked):
        misc = self.state["misc"]
        return {"status": {"version": "5.0.1", "paused": False, "pause_int": "0", "have_warnings": "0",
                           "downloaddir": misc["download_dir"], "completedir": misc["complete_dir"],
                           "loglevel": "1", "folders": [], "warnings": [], "servers": []}}

    def _categories(self):
        kept = self.state["categories"]
        if "*" not in kept:
            kept["*"] = {**CATEGORY, "pp": "3", "script": "None", "priority": 0}
            kept.update({name: {**CATEGORY, "order": n} for n, name in enumerate(USUAL, 1)})
        rest = sorted((name for name in kept if name != "*"), key=lambda name: kept[name]["order"])
        return [{"name": name, **kept[name]} for name in ["*", *rest]]

    def _servers(self):
        return [self._shown("servers", name) for name in self.state["servers"]]

    def _get(self, asked):
        """All, a section or one keyword of it; of what is not there, an empty answer."""
        section, keyword = asked.get("section"), asked.get("keyword")
        whole = {"misc": lambda: self.state["misc"], "categories": self._categories, "servers": self._servers}
        # Of a section nothing is known until something is in it.
        known = [name for name in whole if self.state[name]]
        if not section:
            return {"config": {name: whole[name]() for name in known}}
        if section not in known:
            return {"config": {}}
        if not keyword:
            return {"config": {section: whole[section]()}}
        if keyword not in self.state[section]:
            return {"config": {}}
        if section == "misc":
            return {"config": {section: {keyword: self.state[section][keyword]}}}
        # Whoever asks for one category has not asked for the categories.
        return {"config": {section: [self._shown(section, keyword)]}}

    def _shown(self, section, name):
        each = self.state[section][name]
        return {"name": name, **each} | ({"password": each["password"] and STARS} if section == "servers" else {})

    def _set(self, asked):
        section = asked.get("section")
        if section in ("categories", "servers"):
            name = asked.get("keyword") or asked.get("name")
            if not name:
                self.violations.append(f"set_config of {section} without keyword")
                return self._get({"section": section})
            name = name.lower() if section == "categories" else name
            self._set_named(section, name, asked)
            return self._get({"section": section, "keyword": name})
        keyword = asked.get("keyword")
        if section != "misc" or keyword not in self.state["misc"]:
            self.violations.append(f"set_config of {section}, {keyword}")
            return {"status": False, "error": "Config item does not exist"}
        self._set_misc(keyword, asked)
        return self._get({"section": section, "keyword": keyword})

    def _set_named(self, section, name, asked):
        standard = CATEGORY if section == "categories" else SERVER
        rest = ("mode", "section", "keyword", "name", "apikey", "output", "value")
        self.violations += [f"set_config of {section}: {key} is unknown" for key in asked
                            if key not in standard and key not in rest]
        one = self.state[section].setdefault(name, dict(standard))
        for key in standard:
            if key in asked:
                one[key] = self._fit(f"{section}.{key}", asked[key], standard[key])
        if section == "servers":
            one["host"], one["displayname"] = one["host"].lower(), one["displayname"] or name

    def _fit(self, where, text, standard):
        if not isinstance(standard, int):
            return text
        if not re.fullmatch(r"-?\d+", text):
            self.violations.append(f"{where} is no number: {text}")
            return standard
        if where.partition(".")[2] in SWITCHES:
            return int(int(text) > 0)
        low, high = RANGES.get(where, (int(text), int(text)))
        return min(max(int(text), low), high)

    def _set_misc(self, keyword, asked):
        misc = self.state["misc"]
        if "value" not in asked:
            self.violations.append(f"set_config of misc, {keyword} without value")
        elif keyword in LISTS:
            misc[keyword] = [each.strip().lower() for each in asked["value"].split(",") if each.strip()]
        else:
            misc[keyword] = self._fit(f"misc.{keyword}", asked["value"], misc[keyword])

    def _delete(self, asked):
        section, keyword = asked.get("section"), asked.get("keyword")
        if section not in ("categories", "servers"):
            return {"status": False, "error": "not implemented"}
        # It says so of what was not there as well.
        self.state[section].pop(keyword, None)
        return {"status": True}
