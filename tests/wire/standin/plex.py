"""Plex: preferences by query, libraries by query, and XML for whoever does not ask for JSON."""

from xml.sax.saxutils import quoteattr

from .base import Raw, Refused, StandIn
from .spec import values

# id: label, type, default
PREFS = {
    "FriendlyName": ("Friendly name", "text", ""),
    "sendCrashReports": ("Send crash reports to Plex", "bool", True),
    "PushNotificationsEnabled": ("Enable push notifications", "bool", False),
    "logDebug": ("Enable Plex Media Server debug logging", "bool", True),
    "LogVerbose": ("Enable Plex Media Server verbose logging", "bool", False),
    "ButlerUpdateChannel": ("Server update channel", "text", "16"),
    "FSEventLibraryUpdatesEnabled": ("Scan my library automatically", "bool", False),
    "FSEventLibraryPartialScanEnabled": ("Run a partial scan when changes are detected", "bool", False),
    "ScheduledLibraryUpdatesEnabled": ("Scan my library periodically", "bool", False),
    "ScheduledLibraryUpdateInterval": ("Library scan interval", "int", 3600),
    "autoEmptyTrash": ("Empty trash automatically after every scan", "bool", True),
    "allowMediaDeletion": ("Allow media deletion", "bool", True),
    "OnDeckWindow": ("Weeks to consider for Continue Watching", "int", 16),
    "ScannerLowPriority": ("Run scanner tasks at a lower priority", "bool", False),
    "GenerateBIFBehavior": ("Generate video preview thumbnails", "text", "never"),
    "EnableIPv6": ("Enable server support for IPv6", "bool", False),
    "secureConnections": ("Secure connections", "int", 1),
    "customConnections": ("Custom server access URLs", "text", ""),
    "allowedNetworks": ("List of IP addresses and networks that are allowed without auth", "text", ""),
    "LanNetworksBandwidth": ("LAN Networks", "text", ""),
    "GdmEnabled": ("Enable local network discovery (GDM)", "bool", True),
    "RelayEnabled": ("Enable Relay", "bool", True),
    "DlnaEnabled": ("Enable the DLNA server", "bool", False),
    "ManualPortMappingMode": ("Manually specify public port", "bool", False),
    "ManualPortMappingPort": ("Public port", "int", 32400),
    "WanPerStreamMaxUploadRate": ("Limit remote stream bitrate", "int", 0),
    "TranscoderTempDirectory": ("Transcoder temporary directory", "text", ""),
    "TranscoderQuality": ("Transcoder quality", "int", 0),
    "TranscoderThrottleBuffer": ("Transcoder default throttle buffer", "int", 60),
    "TranscoderToneMapping": ("Enable HDR tone mapping", "bool", True),
    "TranscodeCountLimit": ("Maximum simultaneous video transcode", "int", 0),
    "HardwareAcceleratedCodecs": ("Use hardware acceleration when available", "bool", True),
    "HardwareAcceleratedEncoders": ("Use hardware-accelerated video encoding", "bool", True),
    "ButlerStartHour": ("Time at which tasks start to run", "int", 2),
    "ButlerEndHour": ("Time at which tasks stop running", "int", 5),
    "AcceptedEULA": ("Has the user accepted the EULA", "bool", False),
}

SCANNERS = {
    "movie": ("Plex Movie", "Plex Movie Scanner", "Plex Video Files Scanner"),
    "show": ("Plex TV Series", "Plex Series Scanner"),
    "artist": ("Plex Music", "Plex Music Scanner"),
}
AGENTS = {
    "movie": ("tv.plex.agents.movie", "com.plexapp.agents.imdb", "com.plexapp.agents.themoviedb"),
    "show": ("tv.plex.agents.series", "com.plexapp.agents.thetvdb", "com.plexapp.agents.themoviedb"),
    "artist": ("tv.plex.agents.music", "com.plexapp.agents.lastfm"),
}
MACHINE = "eb23d7cf880dd2f1c97fa3aed2b351233ee484c2"
NO_AGENT = ("tv.plex.agents.none", "com.plexapp.agents.none")


class Plex(StandIn):
    """`folders` are the paths it sees; None for any."""

    name = "plex"

    def __init__(self, token, port=0, specs=None, folders=None, claimed=True, machine=MACHINE):
        self.token, self.folders, self.claimed, self.machine = token, folders, claimed, machine
        self.violations = []
        self.state = {"prefs": {key: default for key, (_, _, default) in PREFS.items()}, "sections": [], "last": 0}
        super().__init__(port)

    def answer(self, request):
        if (request.method, request.path) == ("GET", "/identity"):
            return self._say(request, {"size": 0, "apiVersion": "1.1.1", "claimed": self.claimed,
                                       "machineIdentifier": self.machine, "version": "1.43.3.10000"})
        if request.headers.get("x-plex-token", request.query.get("X-Plex-Token")) != self.token:
            raise Refused(401, None, {"x-plex-protocol": "1.0"})
        return self._known(request)

    def _known(self, request):
        method, path = request.method, request.path.rstrip("/") or "/"
        if path == "/" and method == "GET":
            return self._say(request, {"size": 0, "friendlyName": self.state["prefs"]["FriendlyName"],
                                       "machineIdentifier": self.machine, "myPlex": self.claimed})
        if path == "/:/prefs" and method == "GET":
            return self._say(request, {"size": len(PREFS), "Setting": [self._setting(key) for key in PREFS]})
        if path == "/:/prefs" and method == "PUT":
            return self._set(request)
        if path in ("/library/sections", "/library/sections/all") and method == "GET":
            return self._sections(request, self.state["sections"])
        if path in ("/library/sections", "/library/sections/all") and method == "POST":
            return self._add(request)
        if path.startswith("/library/sections/") and path.count("/") == 3:
            return self._section(request, path.rsplit("/", 1)[1])
        raise Refused(404)

    def _say(self, request, container, status=200):
        if "application/json" in request.headers.get("accept", ""):
            raise Refused(status, {"MediaContainer": container})
        return Raw('<?xml version="1.0" encoding="UTF-8"?>\n' + _xml("MediaContainer", container), "text/xml", status)

    def _violate(self, text):
        self.violations.append(text)
        raise Refused(400)

    def _setting(self, key):
        label, kind, default = PREFS[key]
        return {"id": key, "label": label, "summary": "", "type": kind, "default": default,
                "value": self.state["prefs"][key], "hidden": False, "advanced": False, "group": "general"}

    def _set(self, request):
        for key, text in request.query.items():
            if key.startswith("X-Plex-"):
                continue
            if key not in PREFS:
                # It says 200 to any name.
                self.violations.append(f"unknown preference {key}")
                continue
            self.state["prefs"][key] = self._typed(key, text)
        return Raw("", "text/html")

    def _typed(self, key, text):
        kind = PREFS[key][1]
        if kind == "bool":
            if text not in ("0", "1", "true", "false"):
                self._violate(f"preference {key} is no bool: {text}")
            return text in ("1", "true")
        if kind == "int":
            if not text.lstrip("-").isdigit():
                self._violate(f"preference {key} is no int: {text}")
            return int(text)
        return text

    def _sections(self, request, sections, status=200):
        container = {"size": len(sections), "allowSync": False, "title1": "Plex Library"}
        if sections:
            container["Directory"] = sections
        return self._say(request, container, status)

    def _add(self, request):
        query = request.query
        for name in ("name", "type", "agent", "scanner", "language", "location"):
            if not query.get(name):
                self._violate(f"a library without {name}")
        if query["type"] not in SCANNERS:
            self._violate(f"a library cannot be of type {query['type']}")
        section = {"allowSync": True, "filters": True, "refreshing": False, "key": str(self.state["last"] + 1),
                   "type": query["type"], "title": query["name"], "content": True, "directory": True, "hidden": 0}
        section.update(self._kind(section["type"], query), Location=self._locations(request))
        self.state["last"] += 1
        self.state["sections"].append(section)
        return self._sections(request, [section], 201)

    def _kind(self, kind, query):
        if query["agent"] not in AGENTS[kind] + NO_AGENT:
            self._violate(f"no agent for a library of type {kind}: {query['agent']}")
        if query["scanner"] not in SCANNERS[kind]:
            self._violate(f"no scanner for a library of type {kind}: {query['scanner']}")
        return {name: query[name] for name in ("agent", "scanner", "language")}

    def _locations(self, request):
        paths = values(request, "location")
        for path in paths:
            if self.folders is not None and path not in self.folders:
                self._violate(f"no such folder: {path}")
        return [{"id": self.state["last"] * 100 + n, "path": path} for n, path in enumerate(paths, 1)]

    def _section(self, request, key):
        sections = self.state["sections"]
        section = next((each for each in sections if each["key"] == key), None)
        if section is None:
            raise Refused(404)
        if request.method == "DELETE":
            sections.remove(section)
            return Raw("", "text/html")
        if request.method == "PUT":
            return self._edit(request, section)
        return self._sections(request, [section])

    def _edit(self, request, section):
        query = {"agent": section["agent"], "scanner": section["scanner"], "language": section["language"],
                 **request.query}
        section.update(self._kind(section["type"], query), title=query.get("name", section["title"]))
        if "location" in query:
            # All of them are replaced.
            section["Location"] = self._locations(request)
        return Raw("", "text/html")


def _xml(name, element):
    """An element whose lists are its children; flags are numbers there."""
    attributes, children = "", ""
    for key, value in element.items():
        if isinstance(value, list):
            children += "".join(_xml(key, each) for each in value)
        else:
            attributes += f" {key}={quoteattr(str(int(value) if isinstance(value, bool) else value))}"
    return f"<{name}{attributes}>{children}</{name}>\n"
