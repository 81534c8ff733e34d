"""Starts qbittorrent-nox on a seeded profile and compares what it says with what the seed says.

The argument is JSON: the profile directory, the uid to run as, the password. Runs in a network namespace
of its own, whose only addresses are loopback and one made up here.
"""

import configparser
import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

# Not loopback, which a seed may exempt from the login: as a client on the LAN sees it.
ADDRESS = "192.0.2.1"
PROGRAM = "/usr/bin/qbittorrent-nox"
START = 30.0
STOP = 10.0
LOG = Path("/tmp/qbittorrent.log")


def boolean(text):
    return {"true": True, "false": False}[text]


# Key of the seed → name in the API, and how to read the seed's text.
PREFERENCES = {
    ("BitTorrent", "Session\\DefaultSavePath"): ("save_path", str),
    ("BitTorrent", "Session\\TempPath"): ("temp_path", str),
    ("BitTorrent", "Session\\TempPathEnabled"): ("temp_path_enabled", boolean),
    ("BitTorrent", "Session\\Port"): ("listen_port", int),
    ("BitTorrent", "Session\\Interface"): ("current_network_interface", str),
    ("BitTorrent", "Session\\QueueingSystemEnabled"): ("queueing_enabled", boolean),
    ("BitTorrent", "Session\\DisableAutoTMMByDefault"): ("auto_tmm_enabled", lambda text: not boolean(text)),
    ("BitTorrent", "Session\\GlobalMaxRatio"): ("max_ratio", float),
    ("BitTorrent", "Session\\DHTEnabled"): ("dht", boolean),
    ("BitTorrent", "Session\\PeXEnabled"): ("pex", boolean),
    ("BitTorrent", "Session\\LSDEnabled"): ("lsd", boolean),
    ("Network", "PortForwardingEnabled"): ("upnp", boolean),
    ("Preferences", "General\\Locale"): ("locale", str),
    ("Preferences", "WebUI\\Port"): ("web_ui_port", int),
    ("Preferences", "WebUI\\Address"): ("web_ui_address", str),
    ("Preferences", "WebUI\\Username"): ("web_ui_username", str),
    ("Preferences", "WebUI\\LocalHostAuth"): ("bypass_local_auth", lambda text: not boolean(text)),
    ("Preferences", "WebUI\\AuthSubnetWhitelistEnabled"): ("bypass_auth_subnet_whitelist_enabled", boolean),
    ("Preferences", "WebUI\\HostHeaderValidation"): ("web_ui_host_header_validation_enabled", boolean),
    ("Preferences", "WebUI\\ServerDomains"): ("web_ui_domain_list", str),
    ("Preferences", "WebUI\\CSRFProtection"): ("web_ui_csrf_protection_enabled", boolean),
    ("Preferences", "WebUI\\ReverseProxySupportEnabled"): ("web_ui_reverse_proxy_enabled", boolean),
    ("Preferences", "WebUI\\TrustedReverseProxiesList"): ("web_ui_reverse_proxies_list", str),
}

# Keys of releases after the one that Debian has.
NEWER = {"Preferences/WebUI/APIKey"}


class Client:
    def __init__(self, port):
        self.port = port
        self.cookie = {}

    def request(self, method, path, form=None):
        connection = http.client.HTTPConnection(ADDRESS, self.port, timeout=10)
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self.cookie}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        cookie = answer.getheader("Set-Cookie")
        connection.close()
        return answer.status, body, cookie

    def login(self, user, password):
        status, body, cookie = self.request("POST", "/api/v2/auth/login", {"username": user, "password": password})
        # 5.1 answers 200 with a word, 5.2 answers 204 or 401.
        accepted = status == 204 or (status == 200 and body == "Ok.")
        if accepted and cookie:
            self.cookie = {"Cookie": cookie.split(";")[0]}
        return accepted

    def get(self, path):
        status, body, _ = self.request("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body}")
        return json.loads(body)


def read_seed(path):
    parser = configparser.ConfigParser(strict=True, interpolation=None, delimiters=("=",))
    parser.optionxform = str
    parser.read_string(path.read_text(encoding="utf-8"))
    return {(section, key): value.strip('"') for section in parser.sections() for key, value in parser[section].items()}


def demand_known_keys(seed):
    """qBittorrent keeps and ignores a key it does not know, so a misspelt one would go unnoticed. Its keys
    are literals of the program: UTF-16, as Qt has them, with `/` between the parts."""
    program = Path(PROGRAM).read_bytes()
    names = ("/".join(key).replace("\\", "/") for key in seed)
    unknown = [name for name in names if name not in NEWER and name.encode("utf-16-le") not in program]
    assert not unknown, f"keys that the program does not have: {unknown}"


def start(task):
    environment = {name: task["profile"] for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    with LOG.open("wb") as log:
        return subprocess.Popen(
            [PROGRAM], user=task["uid"], group=task["uid"], extra_groups=[], umask=0o077,
            env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )


def wait_until_it_answers(process, client):
    end = time.monotonic() + START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"ended by itself with exit code {process.returncode}")
        try:
            status, _, _ = client.request("GET", "/")
            if status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"nothing answers on port {client.port} after {START:.0f} s")


def compare(task, seed, categories, client):
    user = seed["Preferences", "WebUI\\Username"]
    assert not client.login(user, task["password"] + "x"), "a wrong password is accepted"
    status, _, _ = client.request("GET", "/api/v2/app/preferences")
    assert status == 403, f"the API answers {status} without a login"
    assert client.login(user, task["password"]), "the seeded password is not accepted"
    wrong = []
    preferences = client.get("/api/v2/app/preferences")
    for key, (name, read) in PREFERENCES.items():
        if key in seed and preferences.get(name) != read(seed[key]):
            wrong.append(f"{name} is {preferences.get(name)!r}, the seed says {read(seed[key])!r}")
    known = client.get("/api/v2/torrents/categories")
    if sorted(known) != sorted(categories):
        wrong.append(f"categories are {sorted(known)}, the seed says {sorted(categories)}")
    for name in set(known) & set(categories):
        if known[name]["savePath"] != categories[name].get("save_path", ""):
            wrong.append(f"category {name} saves to {known[name]['savePath']!r}, the seed says {categories[name]}")
    assert not wrong, "\n".join(wrong)


def main():
    task = json.loads(sys.argv[1])
    folder = Path(task["profile"]) / "qBittorrent"
    seed = read_seed(folder / "qBittorrent.conf")
    listed = folder / "categories.json"
    categories = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else {}
    for command in ("link set lo up", f"address add {ADDRESS}/32 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    process = start(task)
    try:
        demand_known_keys(seed)
        client = Client(int(seed["Preferences", "WebUI\\Port"]))
        wait_until_it_answers(process, client)
        compare(task, seed, categories, client)
        assert "temporary password" not in LOG.read_text(errors="replace"), "it made a temporary password"
    except (AssertionError, OSError, KeyError, ValueError) as error:
        sys.exit(f"{type(error).__name__}: {error}\n--- its log\n{LOG.read_text(errors='replace')}")
    finally:
        process.terminate()
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


main()
