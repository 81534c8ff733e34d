"""plex.tv, as far as somebody is asked for who signs in with a token: over HTTPS, and vouched for by itself."""

import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = "plex.tv"
_ACCOUNT = {"id": 7, "uuid": "0" * 16, "email": "admin@example.org", "username": "admin", "title": "admin",
            "thumb": "https://plex.tv/users/0/avatar", "hasPassword": True, "entitlements": [], "roles": {"roles": []},
            "subscription": {"active": False, "status": "Inactive", "plan": None, "features": []}}


class PlexTv:
    """`certificate` is what makes others believe it, in `folder`."""

    def __init__(self, token, folder: Path):
        self.certificate, key = folder / "plextv.pem", folder / "plextv.key"
        made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", self.certificate]
        subprocess.run(made, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 443), type("Handler", (_Handler,), {"token": token}))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    token = ""

    def log_message(self, *_):
        pass

    def do_GET(self):
        known = self.headers.get("x-plex-token") == self.token
        if self.path != "/users/account.json":
            self._say(404, {})
        elif known:
            self._say(200, {"user": {**_ACCOUNT, "authToken": self.token}})
        else:
            self._say(401, {"error": "Invalid authentication token."})

    def _say(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
