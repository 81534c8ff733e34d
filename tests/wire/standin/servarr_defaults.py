"""What Sonarr, Radarr, Lidarr and Prowlarr have after their first start."""

import copy

TITLES = {"sonarr": "Sonarr", "radarr": "Radarr", "lidarr": "Lidarr", "prowlarr": "Prowlarr"}
PORTS = {"sonarr": 8989, "radarr": 7878, "lidarr": 8686, "prowlarr": 9696}
SSL_PORTS = {"sonarr": 9898, "radarr": 9898, "lidarr": 6868, "prowlarr": 6969}
VERSIONS = {"sonarr": "4.0.19.2979", "radarr": "6.2.1.10461", "lidarr": "3.1.0.4875", "prowlarr": "2.5.2.5461"}

# From the worst quality to the best: each a number, a name, a source and a resolution; a pair is a group.
QUALITIES = {
    "sonarr": [
        (0, "Unknown", "unknown", 0),
        (1, "SDTV", "television", 480),
        ("WEB 480p", [(12, "WEBRip-480p", "webRip", 480), (8, "WEBDL-480p", "web", 480)]),
        (2, "DVD", "dvd", 480),
        (13, "Bluray-480p", "bluray", 480),
        (22, "Bluray-576p", "bluray", 576),
        (4, "HDTV-720p", "television", 720),
        (9, "HDTV-1080p", "television", 1080),
        (10, "Raw-HD", "televisionRaw", 1080),
        ("WEB 720p", [(14, "WEBRip-720p", "webRip", 720), (5, "WEBDL-720p", "web", 720)]),
        (6, "Bluray-720p", "bluray", 720),
        ("WEB 1080p", [(15, "WEBRip-1080p", "webRip", 1080), (3, "WEBDL-1080p", "web", 1080)]),
        (7, "Bluray-1080p", "bluray", 1080),
        (20, "Bluray-1080p Remux", "blurayRaw", 1080),
        (16, "HDTV-2160p", "television", 2160),
        ("WEB 2160p", [(17, "WEBRip-2160p", "webRip", 2160), (18, "WEBDL-2160p", "web", 2160)]),
        (19, "Bluray-2160p", "bluray", 2160),
        (21, "Bluray-2160p Remux", "blurayRaw", 2160),
    ],
    "radarr": [
        (0, "Unknown", "unknown", 0),
        (24, "WORKPRINT", "workprint", 0),
        (25, "CAM", "cam", 0),
        (26, "TELESYNC", "telesync", 0),
        (27, "TELECINE", "telecine", 0),
        (29, "REGIONAL", "dvd", 480, "regional"),
        (28, "DVDSCR", "dvd", 480, "screener"),
        (1, "SDTV", "tv", 480),
        (2, "DVD", "dvd", 0),
        (23, "DVD-R", "dvd", 480, "remux"),
        ("WEB 480p", [(8, "WEBDL-480p", "webdl", 480), (12, "WEBRip-480p", "webrip", 480)]),
        (20, "Bluray-480p", "bluray", 480),
        (21, "Bluray-576p", "bluray", 576),
        (4, "HDTV-720p", "tv", 720),
        ("WEB 720p", [(5, "WEBDL-720p", "webdl", 720), (14, "WEBRip-720p", "webrip", 720)]),
        (6, "Bluray-720p", "bluray", 720),
        (9, "HDTV-1080p", "tv", 1080),
        ("WEB 1080p", [(3, "WEBDL-1080p", "webdl", 1080), (15, "WEBRip-1080p", "webrip", 1080)]),
        (7, "Bluray-1080p", "bluray", 1080),
        (30, "Remux-1080p", "bluray", 1080, "remux"),
        (16, "HDTV-2160p", "tv", 2160),
        ("WEB 2160p", [(18, "WEBDL-2160p", "webdl", 2160), (17, "WEBRip-2160p", "webrip", 2160)]),
        (19, "Bluray-2160p", "bluray", 2160),
        (31, "Remux-2160p", "bluray", 2160, "remux"),
        (22, "BR-DISK", "bluray", 1080, "brdisk"),
        (10, "Raw-HD", "tv", 1080, "rawhd"),
    ],
    "lidarr": [
        (0, "Unknown"),
        ("Trash Quality Lossy", [(32, "MP3-8"), (31, "MP3-16"), (30, "MP3-24"), (29, "MP3-32"), (28, "MP3-40"),
                                 (27, "MP3-48"), (26, "MP3-56"), (25, "MP3-64"), (24, "MP3-80")]),
        ("Poor Quality Lossy", [(23, "MP3-96"), (33, "MP3-112"), (22, "MP3-128"), (19, "OGG Vorbis Q5"),
                                (5, "MP3-160")]),
        ("Low Quality Lossy", [(1, "MP3-192"), (18, "OGG Vorbis Q6"), (9, "AAC-192"), (20, "WMA"), (34, "MP3-224")]),
        ("Mid Quality Lossy", [(17, "OGG Vorbis Q7"), (8, "MP3-VBR-V2"), (3, "MP3-256"), (16, "OGG Vorbis Q8"),
                               (10, "AAC-256")]),
        ("High Quality Lossy", [(2, "MP3-VBR-V0"), (12, "AAC-VBR"), (4, "MP3-320"), (15, "OGG Vorbis Q9"),
                                (11, "AAC-320"), (14, "OGG Vorbis Q10")]),
        ("Lossless", [(7, "ALAC"), (6, "FLAC"), (35, "APE"), (36, "WavPack"), (21, "FLAC 24bit")]),
        (13, "WAV"),
    ],
}

VIDEO = [
    ("Any", "SDTV", ["SDTV", "WEB 480p", "DVD", "Bluray-480p", "Bluray-576p", "HDTV-720p", "HDTV-1080p", "WEB 720p",
                     "WEB 1080p", "Bluray-720p", "Bluray-1080p"]),
    ("SD", "SDTV", ["SDTV", "WEB 480p", "DVD", "Bluray-480p", "Bluray-576p"]),
    ("HD-720p", "HDTV-720p", ["HDTV-720p", "WEB 720p", "Bluray-720p"]),
    ("HD-1080p", "HDTV-1080p", ["HDTV-1080p", "WEB 1080p", "Bluray-1080p"]),
    ("Ultra-HD", "HDTV-2160p", ["HDTV-2160p", "WEB 2160p", "Bluray-2160p"]),
    ("HD - 720p/1080p", "HDTV-720p", ["HDTV-720p", "HDTV-1080p", "WEB 720p", "WEB 1080p", "Bluray-720p",
                                      "Bluray-1080p"]),
]
LOSSY = ["Low Quality Lossy", "Mid Quality Lossy", "High Quality Lossy"]
PROFILES = {
    "sonarr": VIDEO,
    "radarr": VIDEO,
    "lidarr": [
        ("Any", "Unknown", ["Unknown", "Trash Quality Lossy", "Poor Quality Lossy", *LOSSY, "Lossless", "WAV"]),
        ("Lossless", "Lossless", ["Lossless"]),
        ("Standard", "Low Quality Lossy", LOSSY),
    ],
}

ALBUM_TYPES = {
    "primaryAlbumTypes": ("albumType", ["Album", "EP", "Single", "Broadcast", "Other"]),
    "secondaryAlbumTypes": ("albumType", ["Studio", "Compilation", "Soundtrack", "Spokenword", "Interview", "Audiobook",
                                          "Live", "Remix", "DJ-mix", "Mixtape/Street", "Demo", "Audio drama"]),
    "releaseStatuses": ("releaseStatus", ["Official", "Promotion", "Bootleg", "Pseudo-Release"]),
}
USUAL_ALBUMS = {"Album", "Studio", "Official"}

NAMING = {
    "sonarr": {
        "renameEpisodes": False, "replaceIllegalCharacters": True, "colonReplacementFormat": 4,
        "customColonReplacementFormat": "", "multiEpisodeStyle": 5,
        "standardEpisodeFormat": "{Series Title} - S{season:00}E{episode:00} - {Episode Title} {Quality Full}",
        "dailyEpisodeFormat": "{Series Title} - {Air-Date} - {Episode Title} {Quality Full}",
        "animeEpisodeFormat": "{Series Title} - S{season:00}E{episode:00} - {Episode Title} {Quality Full}",
        "seriesFolderFormat": "{Series Title}", "seasonFolderFormat": "Season {season}",
        "specialsFolderFormat": "Specials",
    },
    "radarr": {
        "renameMovies": False, "replaceIllegalCharacters": True, "colonReplacementFormat": "smart",
        "standardMovieFormat": "{Movie Title} ({Release Year}) {Quality Full}",
        "movieFolderFormat": "{Movie Title} ({Release Year})",
    },
    "lidarr": {
        "renameTracks": False, "replaceIllegalCharacters": True, "colonReplacementFormat": 4,
        "standardTrackFormat": "{Album Title} ({Release Year})/{Artist Name} - {track:00} - {Track Title}",
        "multiDiscTrackFormat": "{Album Title}/{Medium Format} {medium:00}/{Artist Name} - {Track Title}",
        "artistFolderFormat": "{Artist Name}",
    },
}

MEDIA = {
    "recycleBin": "", "recycleBinCleanupDays": 7, "downloadPropersAndRepacks": "preferAndUpgrade",
    "deleteEmptyFolders": False, "fileDate": "none", "rescanAfterRefresh": "always", "setPermissionsLinux": False,
    "chmodFolder": "755", "chownGroup": "", "skipFreeSpaceCheckWhenImporting": False,
    "minimumFreeSpaceWhenImporting": 100, "copyUsingHardlinks": True, "useScriptImport": False, "scriptImportPath": "",
    "importExtraFiles": False, "extraFileExtensions": "srt", "enableMediaInfo": True,
}
MEDIA_OF = {
    "sonarr": {"autoUnmonitorPreviouslyDownloadedEpisodes": False, "createEmptySeriesFolders": False,
               "episodeTitleRequired": "always"},
    "radarr": {"autoUnmonitorPreviouslyDownloadedMovies": False, "createEmptyMovieFolders": False,
               "autoRenameFolders": False, "pathsDefaultStatic": False},
    "lidarr": {"autoUnmonitorPreviouslyDownloadedTracks": False, "createEmptyArtistFolders": False,
               "watchLibraryForChanges": True, "allowFingerprinting": "newFiles"},
}

DOWNLOADS = {"downloadClientWorkingFolders": "_UNPACK_|_FAILED_", "enableCompletedDownloadHandling": True,
             "autoRedownloadFailed": True, "autoRedownloadFailedFromInteractiveSearch": True}

# A property that is left out becomes this when the settings are replaced: the first of its values.
FIRST = {"downloadPropersAndRepacks": "preferAndUpgrade", "fileDate": "none", "rescanAfterRefresh": "always",
         "episodeTitleRequired": "always", "allowFingerprinting": "never", "authenticationMethod": "none",
         "authenticationRequired": "enabled", "updateMechanism": "builtIn", "proxyType": "http",
         "certificateValidation": "enabled", "preferredProtocol": "unknown", "syncLevel": "disabled"}


def host(app, api_key):
    """The settings of the program itself."""
    settings = {
        "bindAddress": "*", "port": PORTS[app], "sslPort": SSL_PORTS[app], "enableSsl": False, "launchBrowser": True,
        "authenticationMethod": "forms", "authenticationRequired": "enabled", "analyticsEnabled": False,
        "username": "admin", "password": "c3RhbmQtaW4gaGFzaCBvZiBhIHBhc3N3b3JkIQ==", "passwordConfirmation": "",
        "logLevel": "info", "logSizeLimit": 1, "consoleLogLevel": "", "branch": "main" if app == "sonarr" else "master",
        "apiKey": api_key, "sslCertPath": "", "sslCertPassword": "", "urlBase": "", "instanceName": TITLES[app],
        "applicationUrl": "", "updateAutomatically": False, "updateMechanism": "docker", "updateScriptPath": "",
        "proxyEnabled": False, "proxyType": "http", "proxyHostname": "", "proxyPort": 8080, "proxyUsername": "",
        "proxyPassword": "", "proxyBypassFilter": "", "proxyBypassLocalAddresses": True,
        "certificateValidation": "enabled", "backupFolder": "Backups", "backupInterval": 7, "backupRetention": 28,
        "trustCgnatIpAddresses": False, "id": 1,
    }
    return settings | ({"historyCleanupDays": 30} if app == "prowlarr" else {})


def quality(entry):
    fields = dict(zip(("id", "name", "source", "resolution", "modifier"), entry))
    if "source" in fields and fields["source"] in ("workprint", "cam", "telesync", "telecine", "tv", "webdl", "webrip"):
        fields.setdefault("modifier", "none")
    return fields


def all_qualities(app):
    """Every quality by its number."""
    single = []
    for entry in QUALITIES[app]:
        single.extend(entry[1] if isinstance(entry[1], list) else [entry])
    return {entry[0]: quality(entry) for entry in single}


def profile(app, name="", cutoff="Unknown", allowed=(), formats=()):
    """A quality profile that allows the named qualities and groups."""
    items, number, wanted = [], 1000, 0
    for entry in QUALITIES[app]:
        title = entry[0] if isinstance(entry[1], list) else entry[1]
        ok = title in allowed
        if isinstance(entry[1], list):
            inner = [{"quality": quality(part), "items": [], "allowed": ok} for part in entry[1]]
            items.append({"name": title, "items": inner, "allowed": ok, "id": number})
            wanted, number = (number if title == cutoff else wanted), number + 1
        else:
            items.append({"quality": quality(entry), "items": [], "allowed": ok})
            wanted = entry[0] if title == cutoff else wanted
    made = {"name": name, "upgradeAllowed": False, "cutoff": wanted, "items": items, "minFormatScore": 0,
            "cutoffFormatScore": 0,
            "formatItems": [{"format": one["id"], "name": one["name"], "score": 0} for one in formats]}
    if app != "lidarr":
        made["minUpgradeFormatScore"] = 1
    if app == "radarr":
        made["language"] = {"id": 1, "name": "English"}
    return made


def metadata_profile(name, allowed=()):
    made = {"name": name}
    for part, (kind, names) in ALBUM_TYPES.items():
        made[part] = [{kind: {"id": at, "name": one}, "allowed": one in allowed} for at, one in enumerate(names)]
    return made


def numbered(things):
    return [thing | {"id": at} for at, thing in enumerate(things, 1)]


def first_start(app, api_key):
    """Everything there is after the first start."""
    state = {"tags": [], "downloadclient": [], "notification": [], "indexer": [], "host": host(app, api_key)}
    if app == "prowlarr":
        state |= {
            "downloadclient_config": {"id": 1}, "indexerproxy": [], "applications": [],
            "appprofile": numbered([{"name": "Standard", "enableRss": True, "enableAutomaticSearch": True,
                                     "enableInteractiveSearch": True, "minimumSeeders": 1}]),
        }
        return state
    checks = {"checkForFinishedDownloadInterval": 1} if app == "radarr" else {}
    state |= {
        "rootfolder": [], "remotepathmapping": [], "importlist": [], "customformat": [],
        "naming": NAMING[app] | {"id": 1},
        "mediamanagement": MEDIA | MEDIA_OF[app] | {"id": 1},
        "downloadclient_config": DOWNLOADS | checks | {"id": 1},
        "delayprofile": [{"enableUsenet": True, "enableTorrent": True, "preferredProtocol": "usenet", "usenetDelay": 0,
                          "torrentDelay": 0, "bypassIfHighestQuality": True, "bypassIfAboveCustomFormatScore": False,
                          "minimumCustomFormatScore": 0, "order": 2147483647, "tags": [], "id": 1}],
        "qualityprofile": numbered(profile(app, *one) for one in PROFILES[app]),
    }
    if app == "lidarr":
        # The second one takes nothing, and cannot be changed.
        state["metadataprofile"] = numbered([metadata_profile("Standard", USUAL_ALBUMS), metadata_profile("None")])
    return copy.deepcopy(state)
