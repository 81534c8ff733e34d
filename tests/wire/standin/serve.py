#!/usr/bin/env python3
"""Serves a stand-in where its program would run, on the seeds that are there and on all addresses: serve.py NAME PORT"""

import hashlib
import http.client
import json
import os
import re
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from standin.base import StandIn  # noqa: E402
from standin.bazarr import Bazarr  # noqa: E402
from standin.plex import Plex  # noqa: E402
from standin.seerr import Seerr  # noqa: E402
from standin.servarr import Servarr  # noqa: E402
from standin.servarr_peers import default_reach  # noqa: E402

_PREFERENCES = "/var/lib/plexmediaserver/Library/Application Support/Plex Media Server/Preferences.xml"
_PATIENCE = 600


class FarPlex:
    """Plex as another service finds it: by its name, over HTTP."""

    machine = "0" * 40

    def __init__(self, token):
        self.token = token

    @property
    def state(self):
        settings = self._ask("/:/prefs")["MediaContainer"]["Setting"]
        sections = self._ask("/library/sections")["MediaContainer"].get("Directory", [])
        return {"prefs": {one["id"]: one["value"] for one in settings}, "sections": sections}

    def _ask(self, path):
        connection = http.client.HTTPConnection("plex", 32400, timeout=5)
        connection.request("GET", path, headers={"X-Plex-Token": self.token, "Accept": "application/json"})
        return json.loads(connection.getresponse().read())


def seed(path, read):
    """What a program needs of its seed, once that is there."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            if found := read(Path(path).read_text(encoding="utf-8")):
                return found
        except OSError:
            pass
        time.sleep(0.5)
    sys.exit(f"there is no {path}, or not what is looked for in it")


def folders():
    """The folders of the storage that are seen here."""
    return [place for place, _, _ in os.walk("/srv") if place.count("/") < 6]


def make(name, port):
    if name == "bazarr":
        key = seed("/config/config/config.yaml", lambda text: re.search(r"apikey: *[\"']?([0-9a-f]+)", text))
        return Bazarr(key[1], port, wrong="refuse")
    if name == "plex":
        token = seed(_PREFERENCES, lambda text: ElementTree.fromstring(text).get("PlexOnlineToken"))
        return Plex(token, port, folders=folders())
    if name == "jellyseerr":
        settings = seed("/app/config/settings.json", json.loads)
        # The account behind the token is nobody's here.
        token = hashlib.sha256(b"test:plex/token").hexdigest()[:32]
        key = settings["main"]["apiKey"]
        return Seerr(key, port, flavour=name, plex_token=token, plex=FarPlex(token), seed=settings)
    key = seed("/config/config.xml", lambda text: ElementTree.fromstring(text).findtext("ApiKey"))
    return Servarr(name, key, port, reach=lambda implementation, fields: default_reach(implementation, fields),
                   folders=folders())


if __name__ == "__main__":
    StandIn.address = "0.0.0.0"
    make(sys.argv[1], int(sys.argv[2]))
    threading.Event().wait()
