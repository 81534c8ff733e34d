"""A torrent, the client that has all of it, and the Web API by which both clients are told what to do."""

import hashlib
import json
import os

from booted import outside
from booted.machine import Broken, until
from booted.place import Place

NAME, SIZE, _PIECE = "mediac-test.bin", 64 << 20, 256 << 10
RATE = 200 << 10  # bytes a second: faults have to find a transfer that goes on
_SEEDER_PORT = 8081
_SEEDER_SETTINGS = f"""\
[BitTorrent]
Session\\DHTEnabled=false
Session\\DefaultSavePath=/srv/seed
Session\\GlobalUPSpeedLimit={RATE >> 10}
Session\\Interface=vpn
Session\\InterfaceAddress={outside.SEEDER}
Session\\InterfaceName=vpn
Session\\LSDEnabled=false
Session\\MultiConnectionsPerIp=true
Session\\PeXEnabled=false
Session\\Port=6881

[LegalNotice]
Accepted=true

[Network]
PortForwardingEnabled=false

[Preferences]
WebUI\\LocalHostAuth=false
"""


class Api:
    """A client's Web API, as somebody at a place asks it."""

    def __init__(self, place: Place, url: str, password: str = ""):
        self._place, self._url, self._password = place, url, password

    def get(self, path: str, *fields: str) -> str:
        """Logs in, and asks; each field is one of a form, as curl takes them."""
        jar = f"/tmp/jar-{self._place.name}"
        curl = ["curl", "-s", "-S", "-f", "-m", "5", "-b", jar, "-c", jar, "-e", self._url]
        if self._password:
            login = ["--data-urlencode", "username=admin", "--data-urlencode", f"password={self._password}"]
            self._run(*curl, *login, f"{self._url}/api/v2/auth/login")
        return self._run(*curl, *fields, f"{self._url}/api/v2/{path}")

    def json(self, path: str):
        return json.loads(self.get(path))

    def set(self, path: str, **fields: str) -> str:
        words = [word for name, value in fields.items() for word in ("--data-urlencode", f"{name}={value}")]
        return self.get(path, *words)

    def answers(self) -> bool:
        try:
            return bool(self.get("app/version"))
        except Broken:
            return False

    def _run(self, *argv: str) -> str:
        done = self._place.run(*argv)
        said = done.stdout.decode(errors="replace")
        if done.returncode != 0:
            raise Broken(f"{argv[-1]}: {said}")
        return said


class Torrent:
    """Random data, made once, and its seeder on the internet."""

    def __init__(self, world: outside.Outside):
        folder = world.root / "srv/seed"
        folder.mkdir(parents=True)
        data = os.urandom(SIZE)
        (folder / NAME).write_bytes(data)
        self.sha256 = hashlib.sha256(data).hexdigest()
        pieces = b"".join(hashlib.sha1(data[at : at + _PIECE]).digest() for at in range(0, SIZE, _PIECE))
        info = {"length": SIZE, "name": NAME, "piece length": _PIECE, "pieces": pieces}
        self.hash = hashlib.sha1(_encode(info)).hexdigest()
        tracker = f"http://tracker.example.net:{outside.TRACKER_PORT}/announce"
        # In the world's tree, which is where curl runs.
        (world.root / "tmp/with.torrent").write_bytes(_encode({"announce": tracker, "info": info}))
        (world.root / "tmp/without.torrent").write_bytes(_encode({"info": info}))
        settings = world.root / "srv/seeder/qBittorrent/config"
        settings.mkdir(parents=True)
        (settings / "qBittorrent.conf").write_text(_SEEDER_SETTINGS)
        self._world = world
        self._others = 0
        self.seeder = Api(world.internet, f"http://127.0.0.1:{_SEEDER_PORT}")

    def seed(self) -> None:
        self._world.internet.start("/usr/bin/env", "HOME=/srv/seeder", "qbittorrent-nox", "--profile=/srv/seeder",
                                   f"--webui-port={_SEEDER_PORT}", "--confirm-legal-notice")
        until(self.seeder.answers, 20, "a seeder")
        self.add(self.seeder, "without", "-F", "skip_checking=true")
        until(lambda: self.state(self.seeder)["progress"] == 1, 20, "a complete seeder")

    def add(self, api: Api, which: str, *fields: str) -> None:
        api.get("torrents/add", "-F", f"torrents=@/tmp/{which}.torrent", *fields)

    def state(self, api: Api) -> dict:
        found = api.json("torrents/info")
        if len(found) != 1:
            raise Broken(f"{len(found)} torrents")
        return found[0]

    def hurry(self, api: Api) -> None:
        """A client takes its time to see that a peer is lost, and more to try it again: it gets another address."""
        self._others += 1
        api.set("torrents/stop", hashes=self.hash)
        api.set("torrents/start", hashes=self.hash)
        api.set("torrents/addPeers", hashes=self.hash, peers=f"198.51.100.{128 + self._others % 128}:6881")

    def peers(self) -> set[str]:
        """Whom the seeder is connected with."""
        found = self.seeder.json(f"sync/torrentPeers?hash={self.hash}").get("peers", {})
        return {peer["ip"] for peer in found.values()}

    def unleash(self) -> None:
        self.seeder.set("transfer/setUploadLimit", limit="0")


def _encode(value) -> bytes:
    if isinstance(value, dict):
        return b"d" + b"".join(_encode(key) + _encode(value[key]) for key in sorted(value)) + b"e"
    if isinstance(value, int):
        return b"i%de" % value
    data = value.encode() if isinstance(value, str) else value
    return b"%d:" % len(data) + data
