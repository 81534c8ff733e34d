"""Stands before a real service, so that its requests are noted, and it can be told to fail."""

import http.client

from .base import Raw, Refused, StandIn

_OWN = {"connection", "transfer-encoding", "content-length", "date", "server", "keep-alive", "content-type"}


class Relay(StandIn):
    def __init__(self, name, to, port=0, reads=(), writes=()):
        # Requests that change nothing although they are no GET, and the other way round, by the end of their path.
        self.name, self.to, self.reads, self.writing, self.state = name, to, tuple(reads), tuple(writes), {}
        super().__init__(port)

    def is_write(self, request):
        if request.path.endswith("/rpc") or request.path.endswith("/jsonrpc"):
            return not any(f'"{name}"'.encode() in request.body for name in self.reads)
        return request.path.endswith(self.writing) or super().is_write(request) and not request.path.endswith(self.reads)

    def answer(self, request):
        connection = http.client.HTTPConnection("127.0.0.1", self.to, timeout=20)
        try:
            headers = {name: value for name, value in request.headers.items() if name not in ("host", "connection")}
            headers["host"] = f"127.0.0.1:{self.to}"
            connection.request(request.method, request.target, request.body or None, headers)
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
            more = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
            return Raw(body, answer.getheader("content-type") or "text/plain", answer.status, more)
        except OSError:
            raise Refused(502, {"message": f"{self.name} does not answer"}) from None
        finally:
            connection.close()
