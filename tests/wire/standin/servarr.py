"""Stand-ins for Sonarr, Radarr, Lidarr and Prowlarr, which share most of their API."""

import copy
import re

from . import servarr_defaults as defaults
from . import servarr_filing as filing
from . import servarr_kinds as kinds_of
from .base import Refused, StandIn
from .servarr_providers import Definition, clean, failure, refuse, shaped, upper
from .servarr_specs import Specs
from .servarr_tested import Tested


SETTINGS = {"naming": "naming", "mediamanagement": "mediamanagement", "downloadclient": "downloadclient_config",
            "host": "host"}
COLLECTIONS = ("tag", "rootfolder", "remotepathmapping", "delayprofile", "qualityprofile", "customformat",
               "metadataprofile", "appprofile")


class Servarr(Tested, StandIn):
    """One of the four.

    `reach(implementation, fields)` is asked when something is tested: it returns None, what is wrong, or a pair of the
    property that is wrong and what is wrong with it. Without it everything can be reached. With `client_password`, that
    is the only one download clients take. `specs` is the folder of the descriptions that requests are held against:
    `violations` has what does not fit, and what this one could not answer. `folders` are those that exist. `hosts` says
    where the programs really are that Prowlarr hands its indexers to, as for `servarr_peers.default_reach`.
    """

    def __init__(self, app, api_key, port=0, specs=None, reach=None, client_password=None, folders=()):
        self.app = self.name = app
        self.api_key, self.reach, self.client_password = api_key, reach, client_password
        self.base = "/api/v3" if app in ("sonarr", "radarr") else "/api/v1"
        # As it was when it started: a change of its settings comes with the next start.
        self.url_base = ""
        self.folders, self.hosts, self.violations = {clean(folder) for folder in folders}, None, []
        self.specs = Specs(specs, app) if specs else None
        self.state = defaults.first_start(app, api_key)
        self.definitions = {name: Definition(app, name) for name in kinds_of.kinds(app)}
        self._highest = {}
        super().__init__(port)

    def is_write(self, request):
        tried = request.path.lower().endswith(("/test", "/testall"))
        return request.method in ("POST", "PUT", "DELETE") and not tried

    def answer(self, request):
        # What is said must not change any more while it is sent.
        try:
            return copy.deepcopy(self._answer(request))
        except Refused as refused:
            refused.body = copy.deepcopy(refused.body)
            raise
        except Exception as error:
            # The real programs say as much, and the fault is here or in a body that nobody foresaw.
            self.violations.append(f"{request.method} {request.path}: {error!r}")
            raise Refused(500, {"message": repr(error)}) from error

    def _answer(self, request):
        path = request.path.lower().rstrip("/")
        below = path.removeprefix(self.url_base)
        # Bazarr has it in the address.
        if below != "/ping" and self.api_key not in (request.headers.get("x-api-key"), request.query.get("apikey")):
            raise Refused(401)
        if self.url_base and below == path:
            raise Refused(307, None, {"location": f"{self.url_base}{request.target}"})
        path = below
        if path == "/ping":
            return self._only_get(request, lambda: {"status": "OK"})
        if path == "/api/system/status":
            # What was there before there were versions.
            raise Refused(404)
        if self.app == "prowlarr" and (known := re.fullmatch(r"/(\d+)/api", path)):
            return self._only_get(request, lambda: self._search(int(known[1])))
        self._hold_against_specs(request, path)
        if not path.startswith(self.base + "/"):
            raise _missing()
        parts = path[len(self.base) + 1:].split("/")
        if parts == ["system", "status"]:
            return self._only_get(request, self._status)
        if parts[0] == "config":
            return self._settings(request, parts[1:])
        if parts[0] in self.definitions or (parts[0] in COLLECTIONS and self._key(parts[0]) in self.state):
            return self._collection(request, parts[0], parts[1:])
        raise _missing()

    def _hold_against_specs(self, request, path):
        if not self.specs:
            return
        body = request.json() if request.method in ("POST", "PUT") and request.body else None
        wrong = self.specs.complaints(request.method, path, body)
        if wrong:
            self.violations += [f"{request.method} {request.path}: {one}" for one in wrong]
            raise Refused(400, {"message": "Does not fit the description of the API", "errors": wrong})

    def _only_get(self, request, make):
        if request.method not in ("GET", "HEAD"):
            raise Refused(405)
        return make()

    def _status(self):
        return {"appName": defaults.TITLES[self.app], "instanceName": self.state["host"]["instanceName"],
                "version": defaults.VERSIONS[self.app], "isProduction": True, "isLinux": True, "isDocker": True,
                "isDebug": False, "appData": "/config", "osName": "alpine", "mode": "console", "urlBase": self.url_base,
                "branch": self.state["host"]["branch"], "databaseType": "sqLite",
                "authentication": self.state["host"]["authenticationMethod"], "packageUpdateMechanism": "docker"}

    # Settings, of which there is one each.

    def _settings(self, request, parts):
        key = SETTINGS.get(parts[0]) if parts else None
        if key not in self.state or len(parts) > 2 or (len(parts) == 2 and not parts[1].isdigit()):
            raise _missing()
        if request.method == "GET":
            return self.state[key]
        if request.method != "PUT":
            raise Refused(405)
        body = _body(request)
        if not (body.get("id") or (len(parts) == 2 and int(parts[1]))):
            refuse(failure("Id", "'Id' must be greater than '0'.", 0))
        if key == "host":
            made = filing.host(self.state[key], body)
        else:
            made = filing.replaced(self.state[key], body)
            filing.check_settings(parts[0], made)
        self.state[key] = made
        raise Refused(202, made)

    # Collections.

    @staticmethod
    def _key(name):
        return "tags" if name == "tag" else name

    def _things(self, name):
        return self.state[self._key(name)]

    def _collection(self, request, name, rest):
        if not rest:
            return self._all(request, name)
        if rest == ["schema"]:
            return self._only_get(request, lambda: self._schema(name))
        if name in self.definitions and rest in (["test"], ["testall"]):
            if request.method != "POST":
                raise Refused(405)
            return self._try(name, _body(request)) if rest == ["test"] else self._try_all(name)
        if len(rest) != 1 or not rest[0].isdigit():
            raise _missing()
        return self._single(request, name, int(rest[0]))

    def _all(self, request, name):
        if request.method == "GET":
            order = {"tag": "label"}.get(name, "name" if name in self.definitions else "id")
            return [self._shown(name, one) for one in sorted(self._things(name), key=lambda one: one[order])]
        if request.method == "POST":
            return self._create(request, name)
        if request.method == "PUT":
            return self._update(request, name, 0)
        raise Refused(405)

    def _single(self, request, name, number):
        if request.method == "GET":
            return self._shown(name, self._found(name, number))
        if request.method == "PUT":
            return self._update(request, name, number)
        if request.method == "DELETE":
            return self._delete(name, self._found(name, number))
        raise Refused(405)

    def _found(self, name, number):
        for one in self._things(name):
            if one["id"] == number:
                return one
        raise _missing(f"{name} with ID {number} does not exist")

    def _shown(self, name, thing):
        return self.definitions[name].shown(thing) if name in self.definitions else thing

    def _schema(self, name):
        if name in self.definitions:
            return self.definitions[name].templates()
        if name == "qualityprofile":
            return defaults.profile(self.app, formats=self.state["customformat"])
        if name == "customformat":
            return filing.format_templates()
        if name == "metadataprofile":
            return defaults.metadata_profile("")
        if name == "appprofile":
            return {"name": "", "enableRss": True, "enableAutomaticSearch": True, "enableInteractiveSearch": True,
                    "minimumSeeders": 1}
        raise _missing()

    def _next(self, name):
        """A number that nothing ever had, also not what is gone."""
        present = [one["id"] for one in self._things(name)]
        self._highest[name] = max([self._highest.get(name, 0), *present]) + 1
        return self._highest[name]

    def _create(self, request, name):
        body = _body(request)
        if name == "tag" and (known := [one for one in self.state["tags"] if one["label"] == body.get("label")]):
            # The same one again is no mistake.
            raise Refused(201, known[0])
        made = self._definition(name, body, None, True) if name in self.definitions else self._made(name, body, None)
        made = made | {"id": self._next(name)}
        self._things(name).append(made)
        if name == "customformat":
            self._score(made)
        self._after(name)
        raise Refused(201, self._shown(name, made))

    def _update(self, request, name, number):
        if name == "rootfolder" and self.app != "lidarr":
            raise Refused(405)
        body = _body(request)
        stored = self._found(name, self._number(name, number, body))
        if name in self.definitions:
            made = self._definition(name, body, stored, request.query.get("forceSave", "").lower() != "true")
        else:
            made = self._made(name, body, stored)
        made = made | {"id": stored["id"]}
        things = self._things(name)
        self.state[self._key(name)] = [made if one["id"] == stored["id"] else one for one in things]
        if name == "customformat":
            self._rename_format(made)
        self._after(name)
        raise Refused(202, self._shown(name, made))

    def _number(self, name, number, body):
        """Which one an update is about: that differs between the programs."""
        said = body.get("id") or 0
        if type(said) is not int:
            raise Refused(400, {"message": "The JSON value could not be converted to System.Int32. Path: $.id"})
        if name in self.definitions:
            if self.app == "prowlarr":
                return said
            return number or said
        if not (said or number):
            refuse(failure("Id", "'Id' must be greater than '0'.", 0))
        return said or number

    def _delete(self, name, thing):
        if name == "delayprofile" and thing["id"] == 1:
            raise Refused(405)
        if name == "metadataprofile" and thing["name"] == "None":
            raise Refused(400, {"message": "The None profile cannot be deleted"})
        if self._used(name, thing["id"]):
            # A sync profile: nobody there thought of it.
            status = {"tag": 409, "appprofile": 500}.get(name, 400)
            raise Refused(status, {"message": f"{name} [{thing['id']}] is in use."})
        # What is gone keeps its number.
        self._highest[name] = max(self._highest.get(name, 0), thing["id"])
        self._things(name).remove(thing)
        if name == "customformat":
            self._forget_format(thing)
        # Only these say anything when something is gone.
        return {} if name in self.definitions else None

    def _used(self, name, number):
        if name == "tag":
            places = ("delayprofile", *self.definitions)
            return any(number in one["tags"] for place in places for one in self.state.get(place, []))
        fields = {"qualityprofile": ("qualityProfileId", "defaultQualityProfileId"),
                  "metadataprofile": ("metadataProfileId", "defaultMetadataProfileId"),
                  "appprofile": ("appProfileId",)}.get(name, ())
        places = [one for place in ("importlist", "rootfolder", "indexer") for one in self.state.get(place, [])]
        return any(one.get(field) == number for one in places for field in fields)

    # What is not tested.

    def _made(self, name, body, stored):
        """What a body describes, checked."""
        if name == "tag":
            made = shaped({"label": ""}, body)
            made["label"] = made["label"].lower()
            if self.app == "prowlarr" and not re.fullmatch("[a-z0-9-]+", made["label"]):
                refuse(failure("Label", "Allowed characters a-z, 0-9 and -", made["label"]))
        elif name == "rootfolder":
            return self._root_folder(body, stored)
        elif name == "remotepathmapping":
            return self._remote_path(body, stored)
        elif name == "delayprofile":
            return filing.delay_profile(stored["id"] if stored else 0, body)
        elif name == "qualityprofile":
            made = filing.quality_profile(self.app, body, self.state["customformat"])
        elif name == "customformat":
            made = filing.custom_format(body)
        elif name == "metadataprofile":
            made = filing.metadata_profile(body)
        else:
            made = filing.app_profile(body)
        self._check_unique(name, made, stored)
        return made

    def _check_unique(self, name, made, stored):
        field = "label" if name == "tag" else "name"
        others = [one for one in self._things(name) if one is not stored]
        if not any(one[field] == made[field] for one in others):
            return
        if name == "customformat":
            refuse(failure("Name", "Must be unique.", made[field]))
        raise Refused(409, {"message": f"constraint failed: UNIQUE constraint failed: {name}.{field}"})

    def _root_folder(self, body, stored):
        more = {}
        if self.app == "lidarr":
            more = {"name": "", "defaultMetadataProfileId": 0, "defaultQualityProfileId": 0,
                    "defaultMonitorOption": "all", "defaultNewItemMonitorOption": "all", "defaultTags": []}
        made = shaped({"path": ""} | more, body)
        path, made["path"] = made["path"], clean(made["path"])
        wrong = []
        if not path.startswith("/"):
            wrong.append(failure("Path", f"Invalid Path: '{path}'", path))
        elif made["path"] not in self.folders:
            wrong.append(failure("Path", f"Path '{path}' does not exist", path))
        elif not stored and any(one["path"] == made["path"] for one in self.state["rootfolder"]):
            wrong.append(failure("Path", f"Path '{path}' is already configured as a root folder", path))
        wrong += self._check_profiles(made) if self.app == "lidarr" else []
        if wrong:
            refuse(*wrong)
        if stored and made["path"] != stored["path"]:
            raise Refused(400, {"message": "Cannot edit root folder path"})
        more = {"totalSpace": 2 << 40} if self.app == "lidarr" else {"unmappedFolders": []}
        return made | {"accessible": True, "freeSpace": 1 << 40} | more

    def _check_profiles(self, made):
        wrong = [] if made["name"].strip() else [failure("Name", "'Name' must not be empty.", made["name"])]
        for field, place in (("defaultMetadataProfileId", "metadataprofile"),
                             ("defaultQualityProfileId", "qualityprofile")):
            wrong += self._check_exists(made, field, place)
        return wrong

    def _check_exists(self, made, field, place):
        if any(one["id"] == made[field] for one in self.state[place]):
            return []
        return [failure(upper(field), f"{place} does not exist", made[field])]

    def _remote_path(self, body, stored):
        made = shaped({"host": "", "remotePath": "", "localPath": ""}, body)
        wrong = [failure(upper(name), "must not be empty") for name, value in made.items() if not value]
        local = clean(made["localPath"])
        if local and not any(one == local or one.startswith(local + "/") for one in self.folders):
            wrong.append(failure("LocalPath", f"Path '{local}' does not exist", local))
        if wrong:
            refuse(*wrong)
        if not stored:
            # Only a new one gets slashes.
            made |= {name: clean(made[name]) + "/" for name in ("remotePath", "localPath")}
        others = [one for one in self.state["remotepathmapping"] if one is not stored]
        if any((one["host"], one["remotePath"]) == (made["host"], made["remotePath"]) for one in others):
            raise Refused(500, {"message": "RemotePath already configured."})
        return made

    # Every quality profile scores every custom format.

    def _score(self, made):
        for profile in self.state["qualityprofile"]:
            profile["formatItems"].insert(0, {"format": made["id"], "name": made["name"], "score": 0})

    def _rename_format(self, made):
        for profile in self.state["qualityprofile"]:
            for item in profile["formatItems"]:
                item["name"] = made["name"] if item["format"] == made["id"] else item["name"]

    def _forget_format(self, gone):
        for profile in self.state["qualityprofile"]:
            profile["formatItems"] = [item for item in profile["formatItems"] if item["format"] != gone["id"]]


def _missing(message="NotFound"):
    return Refused(404, {"message": message})


def _body(request):
    body = request.json()
    if not isinstance(body, dict):
        raise Refused(400, {"message": "The JSON value could not be converted. Path: $"})
    return body
