"""How Sonarr, Radarr, Lidarr and Prowlarr try out what they are to talk to, over real sockets."""

import base64
import http.client
import json
from urllib.parse import quote, urlencode, urlsplit

API = {"Sonarr": "/api/v3", "Radarr": "/api/v3", "Lidarr": "/api/v1"}
CATEGORIES = ("tvCategory", "movieCategory", "musicCategory", "category")
TIMEOUT = 5


class Failed(Exception):
    """A test that failed: the property it is about, and what is wrong."""

    def __init__(self, about, message):
        super().__init__(message)
        self.about, self.message = about, message


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self, about):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failed(about, "Unexpected answer, no JSON") from None


class Peer:
    """A server as it is named inside of a container, and where it really is."""

    def __init__(self, about, name, port, hosts, ports, prefix=""):
        self.about, self.prefix = about, prefix
        self.said = f"{name}:{port}"
        self.address = self._address(name, int(port or 0), hosts, ports)

    def _address(self, name, port, hosts, ports):
        if hosts is None:
            return name, port
        if name not in hosts:
            raise Failed(self.about, f"Unable to connect: Name or service not known ({self.said})")
        if ports is not None and port != ports.get(name):
            raise Failed(self.about, f"Unable to connect: Connection refused ({self.said})")
        real = hosts[name]
        return real if isinstance(real, tuple) else ("127.0.0.1", real)

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(*self.address, timeout=TIMEOUT)
        try:
            connection.request(method, self.prefix + path, body, {"Host": self.said} | (headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException) as error:
            raise Failed(self.about, f"Unable to connect: {error} ({self.said})") from None
        finally:
            connection.close()


def default_reach(implementation, fields, hosts=None, ports=None):
    """Tests like the real programs: None, or the property that is wrong and why.

    `fields` are those of the definition by name. `hosts` says at which port of loopback (or at which address and port)
    a name is found; without it names mean themselves. `ports` says at which port a name has to be asked for.
    """
    test = TESTS.get(implementation)
    if test is None:
        return None
    try:
        test(implementation, fields, hosts, ports)
    except Failed as failed:
        return failed.about, failed.message
    return None


def at_url(about, url, hosts, ports):
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Failed(about, f"Invalid Url: '{url}'")
    return Peer(about, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), hosts, ports,
                parts.path.rstrip("/"))


def _client(fields, hosts, ports):
    base = (fields.get("urlBase") or "").strip("/")
    return Peer("Host", fields.get("host") or "", fields.get("port"), hosts, ports, f"/{base}" if base else "")


def _category(fields):
    return next(((name[0].upper() + name[1:], fields[name]) for name in CATEGORIES if fields.get(name)), (None, None))


def _basic(fields):
    pair = f"{fields.get('username') or ''}:{fields.get('password') or ''}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _qbittorrent(_implementation, fields, hosts, ports):
    peer = _client(fields, hosts, ports)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    login = urlencode({"username": fields.get("username") or "", "password": fields.get("password") or ""})
    answer = peer.ask("POST", "/api/v2/auth/login", login, headers)
    if answer.status in (401, 403) or answer.body.strip() == "Fails.":
        raise Failed("Username", "Authentication failure")
    if answer.status not in (200, 204):
        raise Failed("Host", f"Unable to connect to qBittorrent: HTTP {answer.status}")
    cookies = [cookie.split(";")[0] for cookie in answer.headers.get_all("Set-Cookie") or []]
    headers["Cookie"] = "; ".join(cookies)
    preferences = peer.ask("GET", "/api/v2/app/preferences", headers=headers)
    if preferences.status == 403:
        raise Failed("Username", "Authentication failure")
    preferences = preferences.json("Host")
    # To remove a torrent, with its files or without.
    if preferences["max_ratio_enabled"] and preferences["max_ratio_act"] in (1, 3):
        raise Failed("", "qBittorrent is configured to remove torrents when they reach their Share Ratio Limit")
    priorities = [value for name, value in fields.items() if name.lower().endswith("priority") and name != "priority"]
    if any(priorities) and not preferences["queueing_enabled"]:
        raise Failed("RecentPriority", "Queueing is not enabled")
    _qbittorrent_category(peer, headers, fields)


def _qbittorrent_category(peer, headers, fields):
    about, category = _category(fields)
    if not category:
        raise Failed("Category", "Category is recommended")
    answer = peer.ask("GET", "/api/v2/torrents/categories", headers=headers)
    if answer.status == 403:
        raise Failed("Username", "Authentication failure")
    if category in answer.json("Host"):
        return
    # Without a folder: the real programs leave that to the client.
    answer = peer.ask("POST", "/api/v2/torrents/createCategory", urlencode({"category": category}), headers)
    if answer.status not in (200, 204):
        raise Failed(about, "Configuration of label failed")


def _transmission(_implementation, fields, hosts, ports):
    peer = _client(fields, hosts, ports)
    headers = _basic(fields) | {"Content-Type": "application/json"}
    call = json.dumps({"method": "session-get"})
    answer = peer.ask("POST", "/rpc", call, headers)
    if answer.status == 409:
        headers["X-Transmission-Session-Id"] = answer.headers.get("X-Transmission-Session-Id", "")
        answer = peer.ask("POST", "/rpc", call, headers)
    if answer.status in (401, 403):
        raise Failed("Username", "Authentication failure")
    if answer.status != 200 or answer.json("Host").get("result") != "success":
        raise Failed("Host", f"Unable to connect to Transmission: HTTP {answer.status}")


def _nzbget(_implementation, fields, hosts, ports):
    peer = _client(fields, hosts, ports)
    if peer.ask("GET", "/jsonrpc/version", headers=_basic(fields)).status in (401, 403):
        raise Failed("Username", "Authentication failure")
    version = peer.ask("POST", "/jsonrpc", json.dumps({"method": "version", "params": [], "id": 1}), _basic(fields))
    if not version.json("Host").get("result"):
        raise Failed("Host", "Unable to connect to NZBGet")
    config = peer.ask("POST", "/jsonrpc", json.dumps({"method": "config", "params": [], "id": 2}), _basic(fields))
    options = {one["Name"]: one["Value"] for one in config.json("Host").get("result") or []}
    about, category = _category(fields)
    names = [value for name, value in options.items() if name.startswith("Category") and name.endswith(".Name")]
    if category and category not in names:
        raise Failed(about, "Category does not exist")
    if not 0 < int(options.get("KeepHistory", 30)) <= 25000:
        raise Failed("", "NzbGet setting KeepHistory should be greater than 0 and not too high")


def _sabnzbd(_implementation, fields, hosts, ports):
    peer = _client(fields, hosts, ports)

    def ask(mode):
        asked = {"mode": mode, "output": "json", "apikey": fields.get("apiKey") or "",
                 "ma_username": fields.get("username") or "", "ma_password": fields.get("password") or ""}
        answer = peer.ask("GET", "/api?" + urlencode({name: value for name, value in asked.items() if value}))
        if answer.status == 403 or "API Key" in answer.body:
            raise Failed("APIKey", "API Key Incorrect")
        return answer.json("Host")

    if "version" not in ask("version"):
        raise Failed("Host", "Unable to connect to SABnzbd")
    ask("auth")
    about, category = _category(fields)
    if category and category not in ask("get_cats").get("categories", []):
        raise Failed(about, "Category does not exist")


def _application(implementation, fields, hosts, ports):
    """An indexer that is none is tried out by the other one, which comes back for it."""
    peer = at_url("BaseUrl", fields.get("baseUrl") or "", hosts, ports)
    headers = {"X-Api-Key": fields.get("apiKey") or "", "Content-Type": "application/json"}
    place = f"{API[implementation]}/indexer"
    tried = _handed_over({"id": 0, "name": "Test", "protocol": "usenet"}, fields, fields["keyOfProwlarr"])
    for method, path, body in (("GET", f"{place}/schema", None), ("POST", f"{place}/test", json.dumps(tried))):
        answer = peer.ask(method, path, body, headers)
        if answer.status == 401:
            raise Failed("ApiKey", "API Key is invalid")
        if answer.status == 400:
            raise Failed("ProwlarrUrl", f"Prowlarr URL is invalid, {implementation} cannot connect to Prowlarr")
        if answer.status in (303, 307):
            raise Failed("BaseUrl", f"{implementation} URL is invalid, are you missing a URL base?")
        if answer.status != 200:
            raise Failed("BaseUrl", f"Unable to complete application test, cannot connect to {implementation}")
        answer.json("BaseUrl")


def _indexer(_implementation, fields, hosts, ports):
    peer = at_url("BaseUrl", fields.get("baseUrl") or "", hosts, ports)
    asked = urlencode({"t": "caps"} | ({"apikey": fields["apiKey"]} if fields.get("apiKey") else {}))
    answer = peer.ask("GET", f"{(fields.get('apiPath') or '').rstrip('/')}?{asked}")
    if answer.status != 200 or "<caps" not in answer.body:
        raise Failed("", f"Unable to connect to indexer: HTTP {answer.status}")


def _plex(_implementation, fields, hosts, ports):
    token = {"X-Plex-Token": fields.get("authToken") or "", "Accept": "application/json"}
    if _client(fields, hosts, ports).ask("GET", "/library/sections", headers=token).status in (401, 403):
        raise Failed("AuthToken", "Unable to connect to Plex Media Server: not authorised")


TESTS = {"QBittorrent": _qbittorrent, "Transmission": _transmission, "Nzbget": _nzbget, "Sabnzbd": _sabnzbd,
         "Sonarr": _application, "Radarr": _application, "Lidarr": _application, "Newznab": _indexer,
         "Torznab": _indexer, "PlexServer": _plex}


def hand_over(implementation, fields, indexers, key, hosts=None):
    """Gives the indexers of Prowlarr to one of the others, except for those it has already."""
    peer = at_url("BaseUrl", fields["baseUrl"], hosts, None)
    headers = {"X-Api-Key": fields["apiKey"], "Content-Type": "application/json"}
    place = f"{API[implementation]}/indexer"
    present = {one["name"] for one in peer.ask("GET", place, headers=headers).json("BaseUrl")}
    for indexer in indexers:
        body = _handed_over(indexer, fields, key)
        if body["name"] not in present:
            peer.ask("POST", place + "?" + urlencode({"forceSave": "true"}), json.dumps(body), headers)


def _handed_over(indexer, fields, key):
    kind = "Newznab" if indexer.get("protocol") == "usenet" else "Torznab"
    values = {"baseUrl": f"{fields['prowlarrUrl'].rstrip('/')}/{quote(str(indexer['id']))}/", "apiPath": "/api",
              "apiKey": key, "categories": fields.get("syncCategories") or []}
    return {"name": f"{indexer['name']} (Prowlarr)", "implementation": kind, "configContract": f"{kind}Settings",
            "enableRss": True, "enableAutomaticSearch": True, "enableInteractiveSearch": True,
            "priority": indexer.get("priority", 25), "tags": [],
            "fields": [{"name": name, "value": value} for name, value in values.items()]}
