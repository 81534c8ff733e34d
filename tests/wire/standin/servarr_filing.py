"""What Sonarr, Radarr and Lidarr check in profiles, formats and settings before they keep them."""

import base64
import hashlib
import os

from . import servarr_defaults as defaults
from .base import Refused
from .servarr_providers import failure, not_converted, refuse, shaped, upper

FORMATS = {
    "ReleaseTitleSpecification": "Release Title", "ReleaseGroupSpecification": "Release Group",
    "LanguageSpecification": "Language", "SourceSpecification": "Source", "ResolutionSpecification": "Resolution",
    "SizeSpecification": "Size", "IndexerFlagSpecification": "Indexer Flag", "EditionSpecification": "Edition",
    "QualityModifierSpecification": "Quality Modifier", "ReleaseTypeSpecification": "Release Type",
    "YearSpecification": "Year",
}
FORMAT_FIELDS = {"SizeSpecification": ("min", "max"), "YearSpecification": ("min", "max"),
                 "LanguageSpecification": ("value", "exceptLanguage")}


def quality_profile(app, body, formats):
    """The quality profile that a body describes."""
    blank = defaults.profile(app)
    blank |= {"items": [], "formatItems": [], "cutoff": 0}
    if "minUpgradeFormatScore" in blank:
        blank["minUpgradeFormatScore"] = 0
    made = shaped({name: value for name, value in blank.items() if name != "language"}, body)
    if app == "radarr":
        made["language"] = _language(body.get("language"))
    if not made["name"].strip():
        refuse(failure("Name", "'Name' must not be empty."))
    made["items"] = _items(app, made["items"])
    allowed = {_number(item) for item in made["items"] if item["allowed"]}
    if not allowed:
        refuse(failure("Items", "Must contain at least one allowed quality"))
    if made["cutoff"] not in allowed:
        refuse(failure("Cutoff", "Cutoff must be an allowed quality or group", made["cutoff"]))
    made["formatItems"] = _scores(made["formatItems"], formats)
    _check_scores(made)
    return made


def _language(value):
    if not isinstance(value, dict) or type(value.get("id")) is not int:
        refuse(failure("Language", "Language must be set", value))
    return {"id": value["id"], "name": value.get("name", "")}


def _number(item):
    return item["quality"]["id"] if "quality" in item else item["id"]


def _items(app, sent):
    known = defaults.all_qualities(app)
    made, used, groups = [], [], []
    for at, item in enumerate(sent):
        if not isinstance(item, dict):
            raise not_converted(f"items[{at}]", item)
        if item.get("quality"):
            if item.get("name"):
                refuse(failure("Items", "Individual qualities should not be named", item["name"]))
            made.append(_single(item, known, used, bool(item.get("allowed"))))
            continue
        inner = item.get("items") or []
        if not item.get("name"):
            refuse(failure("Items", "Groups must have a name"))
        if not item.get("id"):
            refuse(failure("Items", "Groups must have an ID", item["name"]))
        if len(inner) < 2:
            refuse(failure("Items", "Groups must contain multiple qualities", item["name"]))
        groups.append(item["id"])
        parts = [_single(one, known, used, bool(one.get("allowed"))) for one in inner]
        made.append({"name": item["name"], "items": parts, "allowed": bool(item.get("allowed")), "id": item["id"]})
    if len(groups) != len(set(groups)):
        refuse(failure("Items", "Groups must have a unique ID"))
    if len(used) != len(set(used)):
        refuse(failure("Items", "Qualities can only be used once"))
    if set(used) != set(known):
        refuse(failure("Items", "Must contain all qualities"))
    return made


def _single(item, known, used, allowed):
    quality = item.get("quality")
    number = quality.get("id") if isinstance(quality, dict) else None
    if number not in known:
        refuse(failure("Items", "Unknown quality", quality))
    used.append(number)
    return {"quality": known[number], "items": [], "allowed": allowed}


def _scores(sent, formats):
    names = {one["id"]: one["name"] for one in formats}
    given = [one.get("format") or 0 for one in sent if isinstance(one, dict)]
    if not set(names) <= set(given):
        refuse(failure("FormatItems", "All Custom Formats and no extra ones need to be present inside your Profile!"))
    # Those that there are not are kept without a word, and never shown.
    known = [one for one in sent if one.get("format") in names]
    return [{"format": one["format"], "name": names[one["format"]], "score": one.get("score") or 0} for one in known]


def _check_scores(profile):
    if profile.get("minUpgradeFormatScore", 1) < 1:
        refuse(failure("MinUpgradeFormatScore", "must be greater than or equal to 1"))
    scores = [one["score"] for one in profile["formatItems"]]
    if any(type(score) is not int for score in scores):
        raise not_converted("formatItems.score", scores)
    if sum(score for score in scores if score > 0) < profile["minFormatScore"]:
        refuse(failure("", "Minimum Custom Format Score can never be satisfied"))


def custom_format(body):
    """The custom format that a body describes."""
    made = shaped({"name": "", "includeCustomFormatWhenRenaming": False, "specifications": []}, body)
    if not made["name"].strip():
        refuse(failure("Name", "'Name' must not be empty."))
    if not made["specifications"]:
        refuse(failure("Specifications", "Must contain at least one Condition"))
    made["specifications"] = [_specification(one) for one in made["specifications"]]
    return made


def _specification(sent):
    made = shaped({"name": "", "implementation": "", "negate": False, "required": False, "fields": []}, sent)
    implementation = made["implementation"]
    if implementation not in FORMATS:
        raise Refused(500, {"message": f"{implementation} is not a valid specification implementation"})
    if not made["name"].strip():
        refuse(failure("Specifications", "Condition name(s) cannot be empty or consist of only spaces"))
    given = {one.get("name"): one.get("value") for one in made["fields"] if isinstance(one, dict)}
    names = FORMAT_FIELDS.get(implementation, ("value",))
    if given.get(names[0]) is None:
        refuse(failure(names[0].capitalize(), "Must not be empty"))
    fields = [_format_field(at, name) | {"value": given[name]} for at, name in enumerate(names)
              if given.get(name) is not None]
    return made | {"fields": fields, "implementationName": FORMATS[implementation],
                   "infoLink": "https://wiki.servarr.com/"}


def format_templates():
    return [{"implementation": name, "implementationName": title, "negate": False, "required": False, "presets": [],
             "fields": [_format_field(at, one) for at, one in enumerate(FORMAT_FIELDS.get(name, ("value",)))]}
            for name, title in FORMATS.items()]


def _format_field(order, name):
    return {"order": order, "name": name, "label": name.capitalize(), "type": "textbox", "advanced": False,
            "privacy": "normal", "isFloat": False}


def metadata_profile(body):
    """The metadata profile that a body describes."""
    parts = {part: [] for part in defaults.ALBUM_TYPES}
    made = shaped({"name": ""} | parts, body)
    if not made["name"].strip() or made["name"] == "None":
        refuse(failure("Name", "Must have a name of its own", made["name"]))
    for part in parts:
        if not any(isinstance(one, dict) and one.get("allowed") is True for one in made[part]):
            refuse(failure(upper(part), "Must have at least one allowed type"))
    return made


def zero(name, value):
    """What a property becomes that a replacement of the settings leaves out."""
    if name == "colonReplacementFormat" and isinstance(value, str):
        return "delete"
    return defaults.FIRST.get(name, type(value)())


def replaced(stored, body):
    """Settings after they were replaced: nothing of what was there before stays by itself."""
    return shaped({name: zero(name, value) for name, value in stored.items() if name != "id"}, body, {"id": 1})


def check_settings(name, made):
    """What is wrong with replaced settings."""
    wrong = []
    if name == "naming":
        wrong = [failure(upper(one), "must not be empty") for one, value in made.items()
                 if one.endswith("Format") and value == ""
                 and one not in ("customColonReplacementFormat", "colonReplacementFormat")]
    if name == "mediamanagement" and made["minimumFreeSpaceWhenImporting"] < 100:
        wrong.append(failure("MinimumFreeSpaceWhenImporting", "must be greater than or equal to 100"))
    if name == "mediamanagement" and made["setPermissionsLinux"] and not made["chmodFolder"].isdigit():
        wrong.append(failure("ChmodFolder", "Must contain a valid Unix permissions octal"))
    if name == "downloadclient" and made.get("checkForFinishedDownloadInterval", 1) < 1:
        wrong.append(failure("CheckForFinishedDownloadInterval", "must be greater than or equal to 1"))
    if wrong:
        refuse(*wrong)


def host(stored, body):
    """The settings of the program after they were replaced. Its key stays what it is."""
    made = replaced(stored, body) | {"apiKey": stored["apiKey"]}
    wrong = [failure(upper(name), "must be between 1 and 65535", made[name]) for name in ("port", "sslPort")
             if not 1 <= made[name] <= 65535]
    wrong += [failure(upper(name), "must not be empty") for name in ("bindAddress", "branch", "instanceName")
              if not made[name]]
    if made["authenticationMethod"] in ("basic", "forms"):
        wrong += [failure(name.capitalize(), f"'{name.capitalize()}' must not be empty.")
                  for name in ("username", "password") if not made[name]]
        if made["password"] not in ("", stored["password"], made["passwordConfirmation"]):
            wrong.append(failure("PasswordConfirmation", "Must match Password"))
    if wrong:
        refuse(*wrong)
    if made["password"] != stored["password"]:
        made["password"] = _hashed(made["password"])
    return made | {"username": made["username"].lower(), "passwordConfirmation": ""}


def _hashed(password):
    return base64.b64encode(hashlib.pbkdf2_hmac("sha512", password.encode(), os.urandom(16), 10000, 32)).decode()


def delay_profile(number, body):
    made = shaped({"enableUsenet": False, "enableTorrent": False, "preferredProtocol": "unknown", "usenetDelay": 0,
                   "torrentDelay": 0, "bypassIfHighestQuality": False, "bypassIfAboveCustomFormatScore": False,
                   "minimumCustomFormatScore": 0, "order": 0, "tags": []}, body)
    if not made["enableUsenet"] and not made["enableTorrent"]:
        refuse(failure("", "Either Usenet or Torrent should be enabled"))
    if (number == 1) == bool(made["tags"]):
        refuse(failure("Tags", "must be empty" if number == 1 else "must not be empty"))
    if made["usenetDelay"] < 0 or made["torrentDelay"] < 0:
        refuse(failure("UsenetDelay", "must not be negative"))
    return made


def app_profile(body):
    made = shaped({"name": "", "enableRss": False, "enableAutomaticSearch": False, "enableInteractiveSearch": False,
                   "minimumSeeders": 0}, body)
    if not made["name"].strip():
        refuse(failure("Name", "'Name' must not be empty."))
    if made["minimumSeeders"] < 0:
        refuse(failure("MinimumSeeders", "must not be negative", made["minimumSeeders"]))
    return made
