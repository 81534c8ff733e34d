"""All services of a host at once: real programs behind relays, and strict stand-ins for what Debian does not have."""

import copy
import subprocess
from pathlib import Path

from harness import references
from machine import Machine
from real import QBittorrent
from standin.bazarr import Bazarr
from standin.plex import Plex
from standin.relay import Relay
from standin.seerr import Seerr
from standin.servarr import Servarr
from standin.servarr_peers import default_reach

# Where the real one listens; the relay before it has the port of the definition.
QBITTORRENT = 18080
SERVARR = ("sonarr", "radarr", "prowlarr", "lidarr")
DOWNLOADS = "/srv/ssd/downloads/complete"


class World:
    """The services of out/home, reachable at the ports of the definition."""

    def __init__(self, program: Path, host: Path, sandbox, folder: Path, specs=None):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.machine = Machine(program, folder, host)
        self.specs, self.sandbox = specs, sandbox
        sandbox.path(DOWNLOADS).mkdir(parents=True, exist_ok=True)
        seeds = host / "srv/ssd/config/qbittorrent/qBittorrent"
        self.qbittorrent = QBittorrent(sandbox, seeds, _filled, QBITTORRENT)
        self.qbittorrent.fresh()
        self.services = {}
        self.fresh()

    def fresh(self):
        """Every service as after its first start, and nothing wired."""
        for service in self.services.values():
            service.stop()
        self.machine.restore()
        self.machine.forget()
        self.empty_qbittorrent()
        ports = {name: self.machine.port(name) for name in self.machine.wiring["services"]}
        self.services = {}
        # Plex first: another one is told of it.
        for name in sorted(ports, key=lambda name: (name != "plex", name)):
            self.services[name] = self._make(name, ports[name], ports)
        self.first = {name: service.snapshot() for name, service in self.services.items()}

    def _make(self, name, port, ports):
        secret = lambda of: references.plain(name, of)
        if name == "qbittorrent":
            return Relay(name, QBITTORRENT, port, ("auth/login",))
        if name in SERVARR:
            folders = ("/srv/hdd/media/tv", "/srv/hdd/media/movies", "/srv/hdd/media/music")
            tested = lambda implementation, fields: default_reach(implementation, fields, hosts=ports, ports=ports)
            made = Servarr(name, secret("api_key"), port, specs=self.specs, reach=tested, folders=folders)
            made.hosts = ports
            return made
        if name == "bazarr":
            return Bazarr(secret("api_key"), port, specs=self.specs, wrong="refuse")
        if name == "plex":
            folders = ("/srv/hdd/media/tv", "/srv/hdd/media/movies", "/srv/hdd/media/homevideo")
            return Plex(secret("token"), port, specs=self.specs, folders=folders)
        if name in ("jellyseerr", "seerr"):
            token = references.plain("plex", "token")
            return Seerr(secret("api_key"), port, specs=self.specs, flavour=name, plex_token=token, plex=self.plex())
        raise KeyError(f"nothing stands in for {name}")

    def plex(self):
        return self.services.get("plex")

    def empty_qbittorrent(self):
        """Takes the categories away and puts the preferences back, without a restart."""
        self.qbittorrent.reset()

    def reset(self):
        """The same as `fresh`, without starting anything anew."""
        self.heal()
        self.machine.restore()
        self.machine.forget()
        self.empty_qbittorrent()
        for name, service in self.services.items():
            if service._server is None:
                service.start()
            with service.lock:
                service.state = copy.deepcopy(self.first[name])
                service.requests.clear()
                service.violations = []

    def halt(self):
        """Leaves the ports to others."""
        for service in self.services.values():
            service.stop()

    def stop(self):
        for service in self.services.values():
            service.stop()
        self.qbittorrent.program.stop()

    def writes(self):
        return {name: found for name, service in self.services.items() if (found := service.writes())}

    def heal(self):
        for service in self.services.values():
            service.break_with(None)
            service.delay = 0.0

    def forget_requests(self):
        for service in self.services.values():
            service.forget()

    def violations(self):
        return [f"{name}: {one}" for name, service in self.services.items() for one in getattr(service, "violations", [])]

    def snapshot(self):
        """What every service has, as it shows it."""
        found = {name: service.snapshot() for name, service in self.services.items() if name != "qbittorrent"}
        found["qbittorrent"] = self.qbittorrent.state()
        return found


def _filled(text):
    return references.fill(text.encode()).decode()
