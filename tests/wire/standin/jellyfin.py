"""Jellyfin: a wizard for whoever comes first, then one header with a token, and settings replaced as a whole."""

import copy
import re
import uuid

from . import spec
from .base import Raw, Refused, StandIn
from .jellyfin_defaults import CONFIG, ENCODING, HARDWARE, LIBRARY, NETWORK, POLICY

COLLECTIONS = ("movies", "tvshows", "music", "musicvideos", "homevideos", "boxsets", "books", "mixed")

# Which paths may be used by anybody until the wizard is done, and by an admin afterwards.
FIRST = ("/Startup/", "/Library/VirtualFolders")
NAMED = {"encoding": ENCODING, "network": NETWORK}


class Jellyfin(StandIn):
    """`done` starts it with the wizard completed and the given admin in it; without it the wizard makes the first
    user. `folders` are the paths it sees; None for any."""

    name = "jellyfin"

    def __init__(self, admin, password, port=0, specs=None, folders=None, done=False, legacy=False):
        # Up to version 10.11 it hears other headers as well, unless told not to.
        self.legacy = legacy
        self.folders, self.violations, self.server_id = folders, [], "6f1b4c0e" * 4
        self.spec = spec.load(specs, "jellyfin.openapi.json")
        self.state = {"config": copy.deepcopy(CONFIG), "encoding": copy.deepcopy(ENCODING),
                      "network": copy.deepcopy(NETWORK), "users": [], "folders": [], "keys": [], "tokens": {}}
        if done:
            self._new_user(admin, password, True)
            self.state["config"]["IsStartupWizardCompleted"] = True
        super().__init__(port)

    @property
    def done(self):
        return self.state["config"]["IsStartupWizardCompleted"]

    def is_write(self, request):
        quiet = ("/Users/AuthenticateByName", "/Library/Refresh")
        return super().is_write(request) and request.path not in quiet

    def who(self, name, password):
        """The user of that name and password, or None; an admin or not in `IsAdministrator`."""
        user = self._named(name)
        return None if user is None or (user["password"] or "") != password else user

    def new_key(self, app):
        key = uuid.uuid4().hex
        self.state["keys"].append({"Id": len(self.state["keys"]) + 1, "AccessToken": key, "AppName": app,
                                   "IsActive": True, "DateCreated": "2024-01-01T00:00:00.0000000Z"})
        return key

    def answer(self, request):
        asked = request.method, request.path
        if asked == ("GET", "/health"):
            return Raw("Healthy")
        if asked == ("GET", "/System/Info/Public"):
            return self._public()
        # Case does not matter in their names.
        request.query = {name[:1].lower() + name[1:]: value for name, value in request.query.items()}
        # Who asks is settled before what is asked for.
        caller = self._caller(request)
        self._admit(request, caller)
        wrong = self.spec.check(request) if self.spec and self.is_write(request) else []
        if wrong:
            self._violate(request, "; ".join(wrong))
        for prefix, part in (("/Startup/", self._startup), ("/Users", self._users), ("/Auth/Keys", self._keys),
                             ("/Library/", self._library), ("/System/", self._system)):
            if request.path.startswith(prefix):
                return part(request, caller)
        raise Refused(404)

    def _violate(self, request, text, status=400):
        self.violations.append(f"{request.method} {request.path}: {text}")
        raise Refused(status, {"title": "One or more validation errors occurred.", "status": status, "detail": text})

    def _public(self):
        return {"LocalAddress": self.url, "ServerName": self.state["config"]["ServerName"] or "jellyfin",
                "Version": "12.0.0", "ProductName": "Jellyfin Server", "OperatingSystem": "", "Id": self.server_id,
                "StartupWizardCompleted": self.done}

    def _fields(self, request):
        """What the one header says: Client, Device, DeviceId, Version and Token."""
        old = [name for name in ("x-emby-token", "x-mediabrowser-token", "x-emby-authorization")
               if name in request.headers] + [name for name in ("api_key",) if name in request.query]
        said = request.headers.get("authorization", "")
        if self.legacy:
            said = said or request.headers.get("x-emby-authorization", "")
        else:
            self.violations += [f"{request.method} {request.path}: {name} is no longer heard" for name in old]
        scheme, _, rest = said.partition(" ")
        return dict(re.findall(r'(\w+)="([^"]*)"', rest)) if scheme == "MediaBrowser" else {}

    def _caller(self, request):
        token = self._fields(request).get("Token")
        if any(key["AccessToken"] == token for key in self.state["keys"]):
            return {"Id": None, "Name": "", "IsAdministrator": True}
        return self._with(Id=self.state["tokens"].get(token)) if token else None

    def _admit(self, request, caller):
        open_now = not self.done and request.path.startswith(FIRST)
        if open_now or request.path == "/Users/AuthenticateByName":
            return
        if caller is None:
            raise Refused(401)
        for_all = request.method == "GET" and request.path.startswith(("/Users", "/System/"))
        if not for_all and not caller["IsAdministrator"]:
            raise Refused(403)

    def _with(self, **wanted):
        (key, value), = wanted.items()
        return next((user for user in self.state["users"] if user[key] == value), None)

    def _named(self, name):
        return next((user for user in self.state["users"] if user["Name"].lower() == str(name).lower()), None)

    def _new_user(self, name, password, admin=False):
        user = {"Id": uuid.uuid4().hex, "Name": name, "password": password, "IsAdministrator": admin, "policy": {}}
        self.state["users"].append(user)
        return user

    def _shown(self, user):
        return {"Name": user["Name"], "ServerId": self.server_id, "Id": user["Id"], "HasPassword": True,
                "HasConfiguredPassword": bool(user["password"]), "HasConfiguredEasyPassword": False,
                "EnableAutoLogin": False, "Configuration": {"PlayDefaultAudioTrack": True, "SubtitleMode": "Default"},
                "Policy": {**POLICY, **user["policy"], "IsAdministrator": user["IsAdministrator"]}}

    def _startup(self, request, caller):
        what, config = request.path.removeprefix("/Startup/"), self.state["config"]
        if request.method == "GET" and what in ("User", "FirstUser"):
            if not self.state["users"]:
                self._new_user("root", None, True)
            return {"Name": self.state["users"][0]["Name"]}
        fields = ("ServerName", "UICulture", "MetadataCountryCode", "PreferredMetadataLanguage")
        if request.method == "GET" and what == "Configuration":
            return {key: config[key] for key in fields}
        if request.method != "POST":
            raise Refused(405 if what in ("Complete", "RemoteAccess") else 404)
        if what == "User":
            self._first_user(request)
        elif what == "Configuration":
            # What is not sent becomes empty.
            config.update({key: request.json().get(key) or "" for key in fields})
        elif what == "RemoteAccess":
            if not isinstance(request.json().get("EnableRemoteAccess"), bool):
                self._violate(request, "EnableRemoteAccess is missing or no bool")
            self.state["network"]["EnableRemoteAccess"] = request.json()["EnableRemoteAccess"]
        elif what == "Complete":
            config["IsStartupWizardCompleted"] = True
        else:
            raise Refused(404)
        raise Refused(204)

    def _first_user(self, request):
        body = request.json()
        if not self.state["users"]:
            self._violate(request, "the first user does not exist yet: ask for it first", 404)
        user = self.state["users"][0]
        if user["password"]:
            raise Refused(403)
        if not (body.get("Password") or "").strip():
            self._violate(request, "Password must not be empty")
        if body.get("Name"):
            self._check_name(request, body["Name"])
            user["Name"] = body["Name"]
        user["password"] = body["Password"]

    def _check_name(self, request, name):
        if not re.fullmatch(r"(?!\s)[\w \-'._@+]+(?<!\s)", name) or name in (".", ".."):
            self._violate(request, f"no name for a user: {name!r}")

    def _users(self, request, caller):
        asked = request.method, request.path
        if asked == ("POST", "/Users/AuthenticateByName"):
            return self._authenticate(request)
        if asked == ("GET", "/Users"):
            return [self._shown(user) for user in self.state["users"]]
        if asked == ("POST", "/Users/New"):
            return self._create(request)
        name = request.path.removeprefix("/Users/").split("/")[0].replace("-", "")
        user = caller if name == "Me" and caller["Id"] else self._with(Id=name)
        if user is None:
            raise Refused(404)
        if request.method == "GET":
            return self._shown(user)
        if request.method == "DELETE":
            self.state["users"].remove(user)
        elif request.path.endswith("/Policy"):
            user["policy"] = request.json()
            user["IsAdministrator"] = bool(user["policy"].pop("IsAdministrator", False))
        else:
            raise Refused(404)
        raise Refused(204)

    def _authenticate(self, request):
        fields, body = self._fields(request), request.json()
        missing = [name for name in ("Client", "Device", "DeviceId", "Version") if not fields.get(name)]
        if missing:
            self._violate(request, f"signed in without {', '.join(missing)} in Authorization: MediaBrowser")
        user = self.who(body.get("Username"), body.get("Pw") or "")
        if user is None:
            raise Refused(401)
        token = uuid.uuid4().hex
        self.state["tokens"][token] = user["Id"]
        return {"User": self._shown(user), "AccessToken": token, "ServerId": self.server_id,
                "SessionInfo": {"UserId": user["Id"], "Client": fields["Client"], "DeviceId": fields["DeviceId"]}}

    def _create(self, request):
        body = request.json()
        if not isinstance(body.get("Name"), str):
            self._violate(request, "a user without Name")
        self._check_name(request, body["Name"])
        if self._named(body["Name"]):
            self._violate(request, f"A user with the name '{body['Name']}' already exists.")
        return self._shown(self._new_user(body["Name"], body.get("Password")))

    def _keys(self, request, caller):
        keys = self.state["keys"]
        if request.method == "GET":
            return {"Items": keys, "TotalRecordCount": len(keys), "StartIndex": 0}
        if request.method == "POST":
            if not request.query.get("app"):
                self._violate(request, "a key without app")
            self.new_key(request.query["app"])
        else:
            self.state["keys"] = [key for key in keys if key["AccessToken"] != request.path.rsplit("/", 1)[1]]
        raise Refused(204)

    def _library(self, request, caller):
        asked = request.method, request.path
        if asked == ("GET", "/Library/VirtualFolders"):
            return [{**each, "RefreshStatus": "Idle"} for each in self.state["folders"]]
        if asked == ("GET", "/Library/MediaFolders"):
            items = [{"Name": each["Name"], "Id": each["ItemId"], "Type": "CollectionFolder",
                      **({"CollectionType": each["CollectionType"]} if "CollectionType" in each else {})}
                     for each in self.state["folders"]]
            return {"Items": items, "TotalRecordCount": len(items), "StartIndex": 0}
        act = {("POST", "/Library/VirtualFolders"): self._add, ("DELETE", "/Library/VirtualFolders"): self._remove,
               ("POST", "/Library/VirtualFolders/Paths"): self._add_path,
               ("DELETE", "/Library/VirtualFolders/Paths"): self._remove_path,
               ("POST", "/Library/VirtualFolders/LibraryOptions"): self._options,
               ("POST", "/Library/Refresh"): lambda request: None}.get(asked)
        if act is None:
            raise Refused(404)
        act(request)
        raise Refused(204)

    def _add(self, request):
        name, kind = request.query.get("name", ""), request.query.get("collectionType")
        if not name or name != name.strip():
            self._violate(request, "Library name cannot be empty or have leading/trailing spaces.")
        if kind is not None and kind not in COLLECTIONS:
            self._violate(request, f"no type of collection: {kind}")
        body = request.json() if request.body else {}
        options = {**copy.deepcopy(LIBRARY), **(body.get("LibraryOptions") or {})}
        paths = [path for value in spec.values(request, "paths") for path in value.split(",") if path]
        if paths:
            options["PathInfos"] = [{"Path": path} for path in paths]
        locations = [each["Path"] for each in options["PathInfos"]]
        self._check_paths(request, locations)
        taken, number, first = {each["Name"] for each in self.state["folders"]}, 1, name
        while name in taken:
            # A second one of the same name is not refused.
            number += 1
            name = f"{first}{number}"
        folder = {"Name": name, "Locations": sorted(locations), "LibraryOptions": options, "ItemId": uuid.uuid4().hex}
        self.state["folders"].append({**folder, **({"CollectionType": kind} if kind else {})})

    def _check_paths(self, request, paths):
        for path in paths:
            if self.folders is not None and path not in self.folders:
                self._violate(request, f"The specified path does not exist: {path}.")

    def _folder(self, **wanted):
        (key, value), = wanted.items()
        found = next((each for each in self.state["folders"] if each[key] == value), None)
        if found is None:
            raise Refused(404)
        return found

    def _remove(self, request):
        self.state["folders"].remove(self._folder(Name=request.query.get("name")))

    def _add_path(self, request):
        body = request.json()
        info = body.get("PathInfo") or {"Path": body.get("Path")}
        self._check_paths(request, [info["Path"]])
        folder = self._folder(Name=body.get("Name"))
        folder["Locations"] = sorted({*folder["Locations"], info["Path"]})
        folder["LibraryOptions"]["PathInfos"].append(info)

    def _remove_path(self, request):
        folder, path = self._folder(Name=request.query.get("name")), request.query.get("path")
        folder["Locations"] = [each for each in folder["Locations"] if each != path]
        infos = folder["LibraryOptions"]["PathInfos"]
        folder["LibraryOptions"]["PathInfos"] = [each for each in infos if each["Path"] != path]

    def _options(self, request):
        body = request.json()
        folder = self._folder(ItemId=body.get("Id", "").replace("-", ""))
        folder["LibraryOptions"] = {**copy.deepcopy(LIBRARY), **(body.get("LibraryOptions") or {})}

    def _system(self, request, caller):
        method, path = request.method, request.path
        if (method, path) == ("GET", "/System/Info"):
            return {**self._public(), "HasPendingRestart": False, "EncoderLocation": "System"}
        name = path.removeprefix("/System/Configuration").strip("/") or "config"
        if not path.startswith("/System/Configuration") or name not in ("config", *NAMED):
            raise Refused(404)
        if method == "GET":
            return self.state[name]
        if method != "POST":
            raise Refused(405)
        self.state[name] = self._replaced(request, name)
        raise Refused(204)

    def _replaced(self, request, name):
        """The whole of a configuration: what is not sent is back at its default, the wizard included."""
        body, standard = request.json(), NAMED.get(name, CONFIG)
        if not isinstance(body, dict):
            self._violate(request, "no object")
        schema = {"encoding": "EncodingOptions", "config": "ServerConfiguration"}.get(name)
        wrong = self.spec.problems(schema, body) if self.spec and schema else []
        wrong += [f"{key} is unknown" for key in body if schema is None and key not in standard]
        if body.get("HardwareAccelerationType", "none") not in HARDWARE:
            wrong.append(f"no HardwareAccelerationType: {body['HardwareAccelerationType']}")
        wrong += [f"{key} is no {type(standard[key]).__name__}: {value!r}" for key, value in body.items()
                  if key in standard and isinstance(standard[key], (bool, str, list)) and value is not None
                  and not isinstance(value, type(standard[key]))]
        if wrong:
            self._violate(request, "; ".join(wrong))
        missing = [key for key in standard if key not in body]
        self.violations += [f"POST {request.path}: {', '.join(missing)} left out, and so reset"] if missing else []
        return {**copy.deepcopy(standard), **body}
