"""Real programs, run from a Debian tree: no part of them is made up."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

from harness.references import plain

_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8"}
# As root in a namespace of its own: what it writes is gone afterwards.
_PATIENCE = 20


class Program:
    """A program of a tree. `port` is what it answers on when it is ready."""

    patience = _PATIENCE

    def __init__(self, sandbox, command, port, environment=None):
        self.sandbox, self.port = sandbox, port
        self.command = ["chroot", str(sandbox.root), *command]
        self.log = sandbox.root.parent / f"{Path(command[0]).name}.log"
        self.environment = {**_ENVIRONMENT, "HOME": "/root", **(environment or {})}
        self._process = None

    def start(self):
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        end = time.monotonic() + self.patience
        while not answers(self.port):
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"{self.log.stem} does not answer:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)
        return self

    def stop(self):
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self):
        """As when the power fails."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


def answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse()
        return True
    except (ConnectionRefusedError, TimeoutError):
        return False
    except (OSError, http.client.HTTPException):
        # It hung up, or said something else: it is there.
        return True
    finally:
        connection.close()


class QBittorrent:
    """qbittorrent-nox, on the seeds of a host."""

    def __init__(self, sandbox, seeds, fill, port):
        self.sandbox, self.seeds, self.fill, self._first, self._cookie = sandbox, seeds, fill, None, None
        command = ["qbittorrent-nox", f"--webui-port={port}"]
        places = {"XDG_CONFIG_HOME": "/config", "XDG_DATA_HOME": "/config", "HOME": "/config"}
        self.program = Program(sandbox, command, port, places)

    def fresh(self):
        """As after its first start on the seeds."""
        self.program.stop()
        self._cookie = None
        config = self.sandbox.path("/config/qBittorrent")
        shutil.rmtree(config, ignore_errors=True)
        config.mkdir(parents=True)
        for seed in self.seeds.iterdir():
            (config / seed.name).write_text(self.fill(seed.read_text()))
        self.program.start()
        return self

    def state(self):
        """Its preferences and categories, from itself."""
        return {"preferences": self._ask("app/preferences"), "categories": self._ask("torrents/categories")}

    def reset(self):
        """Without categories, and with the preferences of its first start."""
        if self._first is None:
            self._first = self.state()["preferences"]
        categories = "\n".join(self._ask("torrents/categories"))
        if categories:
            self.post("torrents/removeCategories", categories=categories)
        changed = {name: value for name, value in self._first.items() if self._ask("app/preferences")[name] != value}
        if changed:
            self.post("app/setPreferences", json=json.dumps(changed))

    def post(self, path, **form):
        self._talk("POST", path, urlencode(form))

    def _ask(self, path):
        return json.loads(self._talk("GET", path))

    def _talk(self, method, path, body=None):
        if self._cookie is None:
            login = urlencode({"username": "admin", "password": plain("qbittorrent", "password")})
            answer, _ = self._send("POST", "auth/login", login, {})
            self._cookie = answer.getheader("set-cookie").split(";")[0]
        answer, text = self._send(method, path, body, {"cookie": self._cookie})
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: status {answer.status}: {text[:200]}")
        return text

    def _send(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=10)
        try:
            kind = {"content-type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, f"/api/v2/{path}", body, {**kind, **headers})
            answer = connection.getresponse()
            return answer, answer.read().decode()
        finally:
            connection.close()


class Transmission:
    """transmission-daemon, with a password and nothing else."""

    def __init__(self, sandbox, user, password, port):
        self.folder = sandbox.path("/var/transmission")
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["transmission-daemon", "--foreground", "--config-dir", "/var/transmission", "--port", str(port),
                   "--auth", "--username", user, "--password", password, "--allowed", "127.0.0.1"]
        self.program = Program(sandbox, command, port)


class Nzbget:
    """nzbget, on the template of its package."""

    def __init__(self, sandbox, user, password, port):
        folder = sandbox.path("/var/nzbget")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(sandbox.path("/usr/share/nzbget/nzbget.conf"), folder / "nzbget.conf")
        command = ["nzbget", "-s", "-c", "/var/nzbget/nzbget.conf", "-o", "MainDir=/var/nzbget",
                   "-o", "OutputMode=log", "-o", f"ControlPort={port}", "-o", "ControlIP=127.0.0.1",
                   "-o", f"ControlUsername={user}", "-o", f"ControlPassword={password}"]
        self.program = Program(sandbox, command, port)
