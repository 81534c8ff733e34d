"""Builds as `mediac build` writes them, of a handful of files: a manifest, an inventory and the files."""

import hashlib
import json
import re
import struct
from dataclasses import dataclass, replace

INVENTORY = '{\n  "host": "tiny",\n  "services": {}\n}\n'
REFERENCE = re.compile(r"mediac-secret\(([a-z0-9_-]+/[a-z0-9_-]+)(?::[a-z0-9_-]+)?\)")


@dataclass(frozen=True)
class Entry:
    text: str | None = None
    mode: int = 0o644
    owner: str = "root"
    kept: str = "owned"
    origin: str = "tests"


def folder(mode=0o755, owner="root"):
    return Entry(None, mode, owner, "dir")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def manifest(host, entries, inventory=INVENTORY):
    files = []
    for path, entry in sorted(entries.items()):
        file = {"path": path, "mode": f"{entry.mode:04o}", "owner": entry.owner, "group": entry.owner, "class": entry.kept}
        if entry.text is not None:
            file["sha256"] = sha256(entry.text)
        file["origin"] = entry.origin
        if secrets := sorted(set(REFERENCE.findall(entry.text or ""))):
            file["secrets"] = secrets
        files.append(file)
    digest = hashlib.sha256()

    def add(text):
        digest.update(struct.pack("<Q", len(text.encode())) + text.encode())

    add(host)
    for file in files:
        for key in ("path", "mode", "owner", "group", "class"):
            add(file[key])
        add(file.get("sha256", ""))
        add(file["origin"])
        add(" ".join(file.get("secrets", [])))
    add(sha256(inventory))
    return {"host": host, "id": digest.hexdigest(), "files": files, "inventory": sha256(inventory)}


def write(place, entries, host="tiny", inventory=INVENTORY):
    """Writes a build, and returns where it is."""
    place.mkdir(parents=True)
    (place / "manifest.json").write_text(json.dumps(manifest(host, entries, inventory), indent=2) + "\n")
    (place / "inventory.json").write_text(inventory)
    for path, entry in entries.items():
        if entry.text is not None:
            file = place / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(entry.text)
    return place


ACCOUNTS = {"root": 0, "media": 1500}
SYSUSERS = Entry('g media 1500 -\nu media 1500:1500 "Media" /srv\n')
SECRET = "c4n4ry-7f3a91d05be2"


def filled(text, value=SECRET):
    return REFERENCE.sub(value, text)


# Every way in which two builds differ, once. What is `edited` and `foreign` on the machine is made by the scenarios.
OLD = {
    "/etc/sysusers.d/mediac.conf": SYSUSERS,
    "/etc/demo/same.conf": Entry("same\n"),
    "/etc/demo/changed.conf": Entry("changed = old\n" * 8),
    "/etc/demo/gone.conf": Entry("gone\n"),
    "/etc/demo/mode.conf": Entry("mode\n"),
    "/etc/demo/edited.conf": Entry("edited = old\n"),
    "/etc/demo/token.env": Entry("TOKEN=mediac-secret(demo/token)\nOLD=1\n", 0o400, "media", "secret"),
    "/srv/demo": folder(0o750, "media"),
    "/srv/demo/seed.json": Entry('{"token": "mediac-secret(demo/token)"}\n', 0o600, "media", "seed"),
}
NEW = {path: entry for path, entry in OLD.items() if "gone" not in path} | {
    "/etc/demo/changed.conf": Entry("changed = new\n" * 9),
    "/etc/demo/mode.conf": Entry("mode\n", 0o600),
    "/etc/demo/edited.conf": Entry("edited = new\n"),
    "/etc/demo/foreign.conf": Entry("foreign = new\n"),
    "/etc/demo/link.conf": Entry("link = new\n"),
    "/etc/demo/token.env": replace(OLD["/etc/demo/token.env"], text="TOKEN=mediac-secret(demo/token)\nNEW=1\n"),
    "/opt/deep/er/new.conf": Entry("new\n"),
    "/srv/demo": folder(0o2770, "media"),
    "/srv/more": folder(0o2775, "media"),
}
