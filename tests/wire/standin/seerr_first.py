"""What Seerr and Jellyseerr have after their first start, with and without a seed."""

import copy

PLEX, JELLYFIN, EMBY, NOT_CONFIGURED = 1, 2, 3, 4


class Ended(Exception):
    """It ends itself, at every start."""


def first_state(api_key, flavour, seed=None):
    """Its state after the first start, on a seed or on nothing."""
    seerr = flavour == "seerr"
    main = {
        "apiKey": api_key, "applicationTitle": "Seerr" if seerr else "Jellyseerr", "applicationUrl": "",
        "cacheImages": False, "defaultPermissions": 32, "defaultQuotas": {"movie": {}, "tv": {}},
        "hideAvailable": False, "localLogin": True, "mediaServerLogin": True, "newPlexLogin": True,
        "discoverRegion": "", "streamingRegion": "", "originalLanguage": "", "mediaServerType": NOT_CONFIGURED,
        "partialRequestsEnabled": True, "enableSpecialEpisodes": False, "locale": "en",
    }
    network = {
        "csrfProtection": False, "trustProxy": False, "forceIpv4First": False,
        "proxy": {"enabled": False, "hostname": "", "port": 8080, "useSsl": False, "user": "", "password": "",
                  "bypassFilter": "", "bypassLocalAddresses": True},
    }
    word = "lock" if seerr else "lack"
    main.update({f"hideB{word}listed": False, f"b{word}listedTags": "", f"b{word}listedTagsLimit": 50, "youtubeUrl": ""})
    if seerr:
        network.update(dnsCache={"enabled": False, "forceMinTtl": 0, "forceMaxTtl": -1}, apiRequestTimeout=10000)
    state = {
        "main": main, "network": network, "public": {"initialized": False}, "radarr": [], "sonarr": [], "users": [],
        "plex": {"name": "", "ip": "", "port": 32400, "useSsl": False, "libraries": []},
        "jellyfin": {"name": "", "ip": "", "port": 8096, "useSsl": False, "urlBase": "", "externalHostname": "",
                     "jellyfinForgotPasswordUrl": "", "libraries": [], "serverId": "", "apiKey": ""},
    }
    for section, settings in read(seed, flavour).items() if seed is not None else ():
        if isinstance(state.get(section), dict):
            merge(state[section], settings)
    return state


def read(seed, flavour):
    """What it makes of a file of settings, before anything else; ends where it does."""
    seed = copy.deepcopy(seed)
    main = seed["main"]
    if flavour == "seerr" and not main.get("mediaServerType"):
        raise Ended("these are the settings of an Overseerr, and it has no database")
    if flavour != "seerr" and "jellyfin" not in seed:
        raise Ended("0002_migrate_apitokens: Cannot read properties of undefined (reading 'apiKey')")
    if not {"discoverRegion", "streamingRegion"} <= main.keys():
        region = main.pop("region", "")
        main.update(discoverRegion=region, streamingRegion=region or "US")
    return seed


def merge(into, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)
