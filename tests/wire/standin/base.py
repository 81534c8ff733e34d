"""What all stand-ins share: a server on loopback whose every request is noted, and which can be told to fail."""

import contextlib
import copy
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

HUGE = 50 << 20


class Refused(Exception):
    """An answer that is no success: its status, and what it says."""

    def __init__(self, status, body=None, headers=None):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


class Raw:
    """An answer that is not JSON."""

    def __init__(self, body, kind="text/plain", status=200, headers=None):
        self.body, self.kind, self.status, self.headers = body.encode(), kind, status, headers or {}


class Request:
    """What was asked."""

    def __init__(self, method, target, headers, body):
        parts = urlsplit(target)
        self.method, self.target, self.path = method, target, parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers, self.body = headers, body

    def json(self):
        """The JSON body; a 400 for anything else, as real services answer."""
        if "application/json" not in self.headers.get("content-type", ""):
            raise Refused(415, {"message": "Unsupported Media Type"})
        try:
            return json.loads(self.body)
        except ValueError:
            raise Refused(400, {"message": "The JSON value could not be converted"}) from None

    def form(self):
        """The fields of a form, each with all its values."""
        if "application/x-www-form-urlencoded" not in self.headers.get("content-type", ""):
            raise Refused(415, {"message": "Unsupported Media Type"})
        fields = {}
        for name, value in parse_qsl(self.body.decode(), keep_blank_values=True):
            fields.setdefault(name, []).append(value)
        return fields


class StandIn:
    """A service. A subclass has `state`, a deep structure of plain data, and `answer(request)`."""

    name = "service"
    address = "127.0.0.1"

    def __init__(self, port=0):
        self.port, self.requests, self.lock = port, [], threading.RLock()
        # Called with the number of a request since it was set, and the request; returns the name of a fault, or None.
        self.fault, self.count, self.delay = None, 0, 0.0
        self._server = None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request):
        """What a request is answered with: plain data for JSON, a `Raw`, or a `Refused` that is raised."""
        raise NotImplementedError

    def is_write(self, request):
        """Whether a request may change something."""
        return request.method not in ("GET", "HEAD")

    def start(self):
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Server((self.address, self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """Stops listening; what it knows stays, as on a disk."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def restart_in(self, seconds):
        self.stop()
        threading.Timer(seconds, self.start).start()

    def break_with(self, fault):
        """Answers with a fault where the given function says so: see `_Handler._fail` for their names."""
        with self.lock:
            self.fault, self.count = fault, 0

    def writes(self):
        return [f"{method} {path}" for method, path, write, _, _ in self.requests if write]

    def forget(self):
        with self.lock:
            self.requests.clear()

    def snapshot(self):
        with self.lock:
            return copy.deepcopy(self.state)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: StandIn
    timeout = 20
    # Otherwise each answer waits for the acknowledgement of its own head.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def _serve(self):
        owner, start = self.owner, time.monotonic()
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        with owner.lock:
            owner.count += 1
            fault = owner.fault and owner.fault(owner.count, request)
        if owner.delay:
            time.sleep(owner.delay)
        if fault and fault != "after" and self._fail(fault):
            owner.requests.append((request.method, request.path, False, fault, time.monotonic() - start))
            return
        # Whoever is asked while it tests somebody else must be able to answer.
        with owner.lock if request.method != "GET" else contextlib.nullcontext():
            try:
                answer, status, more = owner.answer(request), None, {}
            except Refused as refused:
                answer, status, more = refused.body, refused.status, refused.headers
            write = owner.is_write(request)
        if isinstance(answer, Raw):
            text, kind, status, more = answer.body, answer.kind, answer.status, answer.headers
        else:
            text = b"" if answer is None else json.dumps(answer).encode()
            kind, status = "application/json; charset=utf-8", status or 200
        owner.requests.append((request.method, request.path, write, status, time.monotonic() - start))
        if fault == "after":
            # Done, and nobody hears of it.
            self._drop()
            return
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def _fail(self, fault):
        """Fails in the named way instead of doing anything. `slow` only takes its time."""
        if fault == "slow":
            time.sleep(1.2)
            return False
        if fault == "hang":
            time.sleep(4)
            self._drop()
        elif fault == "drop":
            self._drop()
        elif fault == "middle":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n[{\"id\":")
            self.wfile.flush()
            self._drop()
        elif fault == "restart":
            self._drop()
            self.owner.restart_in(0.7)
        elif fault == "html":
            self._say(200, b"<!DOCTYPE html><html><body>Sign in</body></html>", "text/html")
        elif fault == "text":
            self._say(200, b"all is well", "text/plain")
        elif fault == "login":
            self._say(302, b"", "text/html", {"location": "/login?returnUrl=/"})
        elif fault == "huge":
            self._huge()
        elif fault == "garbage":
            self.wfile.write(b"\x15\x03\x03\x00\x02\x02\x46")
            self.wfile.flush()
            self._drop()
        elif fault.isdigit():
            self._say(int(fault), b'{"message": "told to fail"}', "application/json")
        else:
            raise ValueError(fault)
        return True

    def _say(self, status, text, kind, more=None):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _huge(self):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(HUGE))
        self.end_headers()
        chunk = b"[" + b" " * 65535
        try:
            for _ in range(HUGE // len(chunk)):
                self.wfile.write(chunk)
        except OSError:
            pass
        self.close_connection = True

    def _drop(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
