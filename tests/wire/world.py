"""All services of a host at once: real programs behind relays, and strict stand-ins for what Debian does not have."""

import copy
import subprocess
from pathlib import Path

from harness import references
from machine import Machine
from real import QBittorrent
from standin import crew
from standin.relay import Relay
from standin.servarr_peers import default_reach

# Where the real one listens; the relay before it has the port of the definition.
QBITTORRENT = 18080
FOLDERS = tuple(f"/srv/hdd/media/{folder}" for folder in ("tv", "movies", "homevideo"))
DOWNLOADS = "/srv/ssd/downloads/complete"


class World:
    """The services of out/home, reachable at the ports of the definition."""

    def __init__(self, program: Path, host: Path, sandbox, folder: Path, specs=None):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.machine = Machine(program, folder, host)
        self.specs, self.sandbox, self.seeds = specs, sandbox, host / "srv/ssd/config"
        sandbox.path(DOWNLOADS).mkdir(parents=True, exist_ok=True)
        self.qbittorrent = QBittorrent(sandbox, self.seeds / "qbittorrent/qBittorrent", _filled, QBITTORRENT)
        self.qbittorrent.fresh()
        self.services = {}
        self.fresh()

    def fresh(self):
        """Every service as after its first start, and nothing wired."""
        self.halt()
        self.machine.restore()
        self.machine.forget()
        self.qbittorrent.reset()
        ports = {name: self.machine.port(name) for name in self.machine.wiring["services"]}
        self.services = {}
        # Plex first: another one is told of it.
        for name in sorted(ports, key=lambda name: (name != "plex", name)):
            self.services[name] = self._make(name, ports[name], ports)
        self.first = {name: service.snapshot() for name, service in self.services.items()}

    def _make(self, name, port, ports):
        if name == "qbittorrent":
            return Relay(name, QBITTORRENT, port, ("auth/login",))
        tested = lambda implementation, fields: default_reach(implementation, fields, hosts=ports, ports=ports)
        return crew.make(name, name, port, hosts=ports, reach=tested, folders=FOLDERS, others=self.services, specs=self.specs,
                         seeds=self.seeds)

    def reset(self):
        """The same as `fresh`, without starting anything anew."""
        self.heal()
        self.machine.restore()
        self.machine.forget()
        self.qbittorrent.reset()
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
        self.halt()
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

    def snapshot(self):
        """What every service has, as it shows it."""
        found = {name: service.snapshot() for name, service in self.services.items() if name != "qbittorrent"}
        found["qbittorrent"] = self.qbittorrent.state()
        return found


def _filled(text):
    return references.fill(text.encode()).decode()
