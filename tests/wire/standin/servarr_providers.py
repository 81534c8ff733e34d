"""The definitions of what Sonarr, Radarr, Lidarr and Prowlarr talk to: how they are read, kept and shown."""

import re

from . import servarr_kinds as kinds_of
from .base import Refused

HIDDEN = "********"


def failure(about, message, value=None):
    """One thing that is wrong with a request, as these programs say it."""
    return {"isWarning": False, "propertyName": about, "errorMessage": message, "attemptedValue": value,
            "severity": "error"}


def upper(name):
    """A property as messages have it."""
    return name[:1].upper() + name[1:]


def refuse(*failures):
    raise Refused(400, [{name: value for name, value in one.items() if value is not None} for one in failures])


def not_converted(place, value):
    """What every property of a wrong type is answered with."""
    wrong = f"The JSON value could not be converted. Path: $.{place}"
    return Refused(400, {"title": "One or more validation errors occurred.", "status": 400,
                         "errors": {f"$.{place}": [f"{wrong}, value: {value!r}"]}})


def shaped(defaults, body, keep=None):
    """The body with what it leaves out filled in, and nothing that is not known."""
    if not isinstance(body, dict):
        raise not_converted("", body)
    made = {}
    for name, default in defaults.items():
        value = body.get(name)
        made[name] = default if value is None else value
        if type(made[name]) is not type(default):
            raise not_converted(name, value)
    return made | (keep or {})


class Definition:
    """How definitions of one collection of a program are read and shown."""

    def __init__(self, app, collection):
        self.app, self.collection = app, collection
        self.kinds = kinds_of.kinds(app)[collection]
        self.own = kinds_of.own_properties(app, collection)

    def fields(self, implementation):
        return self.kinds[implementation]

    def awake(self, definition):
        return kinds_of.awake(self.app, self.collection, definition)

    def read(self, body, number, stored):
        """The definition that a body describes, `stored` being what it replaces."""
        base = {"name": "", "implementation": "", "configContract": "", "tags": []} | self.own
        made = shaped(base, body, {"id": number})
        self._check_kind(made)
        made["fields"] = self._settings(made["implementation"], body.get("fields"), stored)
        return made

    def _check_kind(self, made):
        wrong = [failure(upper(name), f"'{name}' must not be empty.", made[name])
                 for name in ("name", "implementation", "configContract") if not made[name].strip()]
        if wrong:
            refuse(*wrong)
        # What they do not know breaks them, rather than being refused.
        if made["implementation"] not in self.kinds:
            raise Refused(500, {"message": "Value cannot be null. (Parameter 'serviceType')"})
        if made["configContract"] != kinds_of.contract(made["implementation"]):
            raise Refused(500, {"message": "Value cannot be null. (Parameter 'targetType')"})
        if any(type(tag) is not int for tag in made["tags"]):
            raise not_converted("tags", made["tags"])

    def _settings(self, implementation, sent, stored):
        if not isinstance(sent, list):
            refuse(failure("Fields", "'Fields' must not be empty."))
        if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in sent):
            raise not_converted("fields", sent)
        given = {one["name"]: one.get("value") for one in reversed(sent)}
        before = values(stored) if stored else {}
        known = self.fields(implementation)
        made = [{"name": one.name, "value": _setting(one, given, before)} for one in known]
        if implementation == "Cardigann":
            # Its own settings come from a definition that is not known here.
            names = {one.name for one in known}
            made += [{"name": name, "value": value} for name, value in given.items() if name not in names]
        return made

    def check(self, definition):
        """What is wrong with the settings of a definition, without asking anybody."""
        now, wrong = values(definition), []
        if self.collection == "downloadclient":
            wrong += _check_client(definition["implementation"], now)
        if self.collection == "applications":
            wrong += [failure(upper(name), "Invalid Url", now[name]) for name in ("baseUrl", "prowlarrUrl")
                      if not str(now[name]).startswith(("http://", "https://"))]
            if not now["syncCategories"]:
                wrong.append(failure("SyncCategories", "'Sync Categories' must not be empty."))
        return wrong

    def shown(self, definition):
        """A definition as it is read: everything said about every field, secrets hidden."""
        implementation = definition["implementation"]
        head = {name: definition[name] for name in ("name", "implementation", "configContract", "tags", *self.own)}
        now = values(definition)
        fields = [_shown(at, one, now.pop(one.name, one.default)) for at, one in enumerate(self.fields(implementation))]
        fields += [_shown(len(fields), kinds_of.Field(name), value) for name, value in now.items()]
        made = {"fields": fields, "implementationName": title(implementation), "infoLink": "https://wiki.servarr.com/"}
        made |= head | kinds_of.told(self.app, self.collection, implementation)
        if definition.get("id"):
            made["id"] = definition["id"]
        return made

    def templates(self):
        """What could be added, each with its defaults."""
        made = []
        for implementation, fields in sorted(self.kinds.items()):
            blank = {"name": "", "implementation": implementation, "tags": [], **self.own,
                     "configContract": kinds_of.contract(implementation),
                     "fields": [{"name": one.name, "value": one.default} for one in fields]}
            made.append(self.shown(blank) | {"presets": []})
        return made


def clean(path):
    """A path without the slash at its end."""
    return path.rstrip("/") or path


def values(definition):
    return {one["name"]: one["value"] for one in definition["fields"]}


def title(implementation):
    return {"QBittorrent": "qBittorrent", "Sabnzbd": "SABnzbd", "Nzbget": "NZBGet",
            "PlexServer": "Plex Media Server", "CustomScript": "Custom Script"}.get(implementation, implementation)


def _setting(field, given, before):
    if field.name not in given:
        return field.default
    value = given[field.name]
    if field.privacy in kinds_of.SECRET and value == HIDDEN and field.name in before:
        return before[field.name]
    return _converted(field, value)


def _converted(field, value):
    """A value in the type of its field: numbers may come as text, everything else has to be what it is."""
    if value is None:
        return field.default if field.kind == "checkbox" else None
    if field.kind in ("number", "select"):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        # What is no number is none, or as good as none.
        text = str(value).strip()
        return int(text) if text.lstrip("-").isdigit() else field.default and 0
    elif field.kind == "checkbox":
        fits = isinstance(value, bool)
    elif field.kind == "tagSelect":
        fits = isinstance(value, list)
    else:
        fits = isinstance(value, str)
    if not fits:
        # Of fields it is not the request that is wrong.
        raise Refused(500, {"message": f"The JSON value could not be converted. Path: $ ({field.name})"})
    return value


def _shown(order, field, value):
    hidden = HIDDEN if field.privacy in kinds_of.SECRET and value not in (None, "") else value
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in field.name)
    made = {"order": order, "name": field.name, "label": words[:1].upper() + words[1:], "type": field.kind,
            "advanced": field.advanced, "privacy": field.privacy, "isFloat": False}
    if field.kind in ("select", "tagSelect"):
        made["selectOptions"] = []
    # What has no value does not have the property either.
    return made if hidden is None else made | {"value": hidden}


def _check_client(implementation, now):
    wrong = []
    if not (now.get("host") or "").strip() or "/" in now["host"] or " " in now["host"]:
        wrong.append(failure("Host", "must be valid Host without http://", now.get("host")))
    if not 1 <= (now.get("port") or 0) <= 65535:
        wrong.append(failure("Port", "'Port' must be between 1 and 65535.", now.get("port")))
    named, folder = (next((value for name, value in now.items() if name.lower().endswith(end) and value), None)
                     for end in ("category", "directory"))
    if implementation == "Transmission" and named and folder:
        wrong.append(failure("Category", "Cannot use Category and Directory", named))
    if implementation == "Transmission" and not re.fullmatch(r"\.?[-a-zA-Z]*", named or ""):
        wrong.append(failure("Category", "Allowed characters a-z and -", named))
    if implementation == "QBittorrent" and not re.fullmatch(r"([^\\/](/?[^\\/])*)?", named or ""):
        wrong.append(failure("Category", "Can not contain '\\', '//', or start/end with '/'", named))
    if implementation == "QBittorrent" and now.get("apiKey") and (now.get("username") or now.get("password")):
        wrong.append(failure("ApiKey", "Use either an API key or a username and a password"))
    if implementation == "Sabnzbd" and not now.get("apiKey") and not (now.get("username") and now.get("password")):
        wrong.append(failure("ApiKey", "API Key is required when username/password are not configured"))
    return wrong
