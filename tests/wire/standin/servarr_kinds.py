"""What Sonarr, Radarr, Lidarr and Prowlarr can talk to: each kind of program with the fields of its settings."""

PREFIX = {"sonarr": "tv", "radarr": "movie", "lidarr": "music", "prowlarr": ""}
SECRET = ("password", "apiKey")
SABNZBD = {"sonarr": "tv", "radarr": "movies", "lidarr": "music", "prowlarr": "prowlarr"}
NZBGET = {"sonarr": "tv", "radarr": "Movies", "lidarr": "Music", "prowlarr": "Prowlarr"}
SERIES = [5000, 5010, 5020, 5030, 5040, 5045, 5050, 5090]
FILMS = [2000, 2010, 2020, 2030, 2040, 2045, 2050, 2060, 2070, 2080, 2090]
MUSIC = [3000, 3010, 3030, 3040, 3050, 3060]


class Field:
    """A field: what it is called, its type, and what it is when it is left out."""

    def __init__(self, name, kind="textbox", default=None, privacy="normal", advanced=False):
        self.name, self.kind, self.default, self.privacy, self.advanced = name, kind, default, privacy, advanced


def number(name, default=0):
    return Field(name, "number", default)


def select(name, default=0):
    return Field(name, "select", default)


def check(name, default=False):
    return Field(name, "checkbox", default)


def several(name, default=()):
    return Field(name, "tagSelect", list(default))


def user(default=None):
    return Field("username", "textbox", default, "userName")


def password(default=None):
    return Field("password", "password", default, "password")


def key(name="apiKey"):
    return Field(name, "textbox", None, "apiKey")


def _server(port, base=None):
    return [Field("host", default="localhost"), number("port", port), check("useSsl"), Field("urlBase", default=base)]


def _category(app, default, imported=True):
    prefix = PREFIX[app]
    if not prefix:
        return [Field("category", default=default)]
    return [Field(f"{prefix}Category", default=default)] + ([Field(f"{prefix}ImportedCategory")] if imported else [])


def _priorities(app, default=0):
    if app == "prowlarr":
        return [select("priority", default)]
    word = PREFIX[app].capitalize()
    return [select(f"recent{word}Priority", default), select(f"older{word}Priority", default)]


def _clients(app):
    torrent = {"sonarr": "tv-sonarr"}.get(app, app)
    directory = [Field(f"{PREFIX[app]}Directory" if PREFIX[app] else "directory")]
    apart = [key()] if app == "sonarr" else []
    return {
        "QBittorrent": _server(8080) + apart + [user(), password()] + _category(app, torrent) + _priorities(app)
        + [select("initialState"), check("sequentialOrder"), check("firstAndLast"), select("contentLayout")],
        "Transmission": _server(9091, "/transmission/") + [user(), password()] + _category(app, None) + directory
        + _priorities(app) + [check("addPaused")],
        "Sabnzbd": _server(8080) + [key(), user(), password()] + _category(app, SABNZBD[app], False)
        + _priorities(app, -100),
        "Nzbget": _server(6789) + [user("nzbget"), password("tegbzn6789")] + _category(app, NZBGET[app], False)
        + _priorities(app) + [check("addPaused")],
    }


def _notifications(app):
    plex = _server(32400) + [key("authToken")]
    if app != "prowlarr":
        plex += [check("updateLibrary", True), Field("mapFrom"), Field("mapTo")]
    made = {
        "Webhook": [Field("url", "url"), select("method", 1), user(), password()],
        "CustomScript": [Field("path", "filePath"), Field("arguments")],
    }
    return made if app == "prowlarr" else made | {"PlexServer": plex}


def _site():
    return [Field("baseUrl"), Field("apiPath", default="/api"), key()]


def _indexers(app):
    if app == "prowlarr":
        limits = [number("baseSettings.queryLimit", None), number("baseSettings.grabLimit", None),
                  select("baseSettings.limitsUnit")]
        seeds = ("appMinimumSeeders", "seedRatio", "seedTime", "packSeedTime")
        torrents = [number(f"torrentBaseSettings.{name}", None) for name in seeds]
        torrents.append(check("torrentBaseSettings.preferMagnetUrl"))
        site = _site() + [Field("additionalParameters"), Field("vipExpiration")] + limits
        return {"Newznab": site, "Torznab": site + torrents,
                "Cardigann": [Field("definitionFile"), Field("baseUrl")] + limits + torrents}
    groups = {"sonarr": [5030, 5040], "radarr": [2000, 2010, 2020, 2030, 2040, 2045, 2050, 2060], "lidarr": MUSIC[:4]}
    anime = [several("animeCategories"), check("animeStandardFormatSearch")] if app == "sonarr" else []
    site = _site() + [several("categories", groups[app])] + anime + [Field("additionalParameters")]
    seeds = [number("minimumSeeders", 1), number("seedCriteria.seedRatio", None), number("seedCriteria.seedTime", None)]
    return {"Newznab": site, "Torznab": site + seeds}


def _lists(app):
    title = app.capitalize()
    return {f"{title}Import": [Field("baseUrl"), key(), several("qualityProfileIds"), several("tagIds"),
                               several("rootFolderPaths")]}


def _applications():
    def one(port, categories, more=()):
        return [Field("prowlarrUrl", default="http://localhost:9696"),
                Field("baseUrl", default=f"http://localhost:{port}"), key(),
                several("syncCategories", categories), *more,
                check("syncRejectBlocklistedTorrentHashesWhileGrabbing")]

    anime = [several("animeSyncCategories", [5070]), check("syncAnimeStandardFormatSearch", True)]
    return {"Sonarr": one(8989, SERIES, anime), "Radarr": one(7878, FILMS), "Lidarr": one(8686, MUSIC)}


def _proxies():
    server = [Field("host"), number("port", 8080), user(), password()]
    return {"FlareSolverr": [Field("host", default="http://localhost:8191/"), number("requestTimeout", 60)],
            "Http": server, "Socks4": server, "Socks5": server}


def kinds(app):
    """For each collection what can be in it, and with which fields."""
    made = {"downloadclient": _clients(app), "notification": _notifications(app), "indexer": _indexers(app)}
    if app == "prowlarr":
        return made | {"applications": _applications(), "indexerproxy": _proxies()}
    return made | {"importlist": _lists(app)}


def contract(implementation):
    """What the settings of a kind are called."""
    return implementation.removesuffix("Import") + "Settings"


def protocol(implementation):
    return "usenet" if implementation in ("Sabnzbd", "Nzbget", "Newznab") else "torrent"


EVENTS = {
    "sonarr": "Grab Download Upgrade ImportComplete Rename SeriesAdd SeriesDelete EpisodeFileDelete"
              " EpisodeFileDeleteForUpgrade HealthIssue HealthRestored ApplicationUpdate ManualInteractionRequired",
    "radarr": "Grab Download Upgrade Rename MovieAdded MovieDelete MovieFileDelete MovieFileDeleteForUpgrade"
              " HealthIssue HealthRestored ApplicationUpdate ManualInteractionRequired",
    "lidarr": "Grab ReleaseImport Upgrade Rename ArtistAdd ArtistDelete AlbumDelete HealthIssue HealthRestored"
              " DownloadFailure ImportFailure TrackRetag ApplicationUpdate",
    "prowlarr": "Grab HealthIssue HealthRestored ApplicationUpdate",
}
LISTS = {
    "sonarr": {"enableAutomaticAdd": False, "searchForMissingEpisodes": False, "shouldMonitor": "unknown",
               "monitorNewItems": "all", "rootFolderPath": "", "qualityProfileId": 0, "seriesType": "standard",
               "seasonFolder": False},
    "radarr": {"enabled": False, "enableAuto": False, "monitor": "movieOnly", "rootFolderPath": "",
               "qualityProfileId": 0, "searchOnAdd": False, "minimumAvailability": "tba"},
    "lidarr": {"enableAutomaticAdd": False, "shouldMonitor": "none", "shouldMonitorExisting": False,
               "shouldSearch": False, "rootFolderPath": "", "monitorNewItems": "all", "qualityProfileId": 0,
               "metadataProfileId": 0},
}


def own_properties(app, collection):
    """What a definition has besides its settings, and what that is when it is left out."""
    if collection == "downloadclient":
        mine = {"categories": []} if app == "prowlarr" else {
            "removeCompletedDownloads": False, "removeFailedDownloads": False}
        return {"enable": False, "priority": 0} | mine
    if collection == "notification":
        more = {"includeManualGrabs": False} if app == "prowlarr" else {}
        return {f"on{event}": False for event in EVENTS[app].split()} | {"includeHealthWarnings": False} | more
    if collection == "indexer" and app == "prowlarr":
        return {"enable": False, "redirect": False, "appProfileId": 0, "priority": 0, "downloadClientId": 0}
    if collection == "indexer":
        more = {"seasonSearchMaximumSingleEpisodeAge": 0} if app == "sonarr" else {}
        return {"enableRss": False, "enableAutomaticSearch": False, "enableInteractiveSearch": False, "priority": 0,
                "downloadClientId": 0} | more
    if collection == "importlist":
        return LISTS[app] | {"listOrder": 0}
    return {"syncLevel": "disabled"} if collection == "applications" else {}


def told(app, collection, implementation):
    """What a definition says of itself, and nobody can change."""
    if collection == "downloadclient":
        more = {"supportsCategories": True} if app == "prowlarr" else {}
        return {"protocol": protocol(implementation)} | more
    if collection == "notification":
        return {f"supportsOn{event}": True for event in EVENTS[app].split()}
    if collection == "indexer":
        more = {"supportsRedirect": False, "supportsPagination": False, "privacy": "private"}
        return {"protocol": protocol(implementation), "supportsRss": True, "supportsSearch": True} | (
            more if app == "prowlarr" else {})
    if collection == "importlist":
        return {"listType": "program", "minRefreshInterval": "00:05:00"}
    return {}


def awake(app, collection, definition):
    """Whether a definition is in use, and so is tested when it is saved."""
    if collection == "applications":
        return definition["syncLevel"] != "disabled"
    if collection == "indexerproxy":
        return bool(definition["tags"])
    if collection == "notification":
        return any(value for name, value in definition.items() if name.startswith("on"))
    if collection == "indexer" and app != "prowlarr":
        return any(definition[f"enable{way}"] for way in ("Rss", "AutomaticSearch", "InteractiveSearch"))
    if collection == "importlist":
        return definition["enabled" if app == "radarr" else "enableAutomaticAdd"]
    return definition["enable"]
