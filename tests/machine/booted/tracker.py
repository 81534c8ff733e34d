"""A tracker that names one peer and writes down who asked: tracker.py ADDRESS PORT PEER:PORT FILE"""

import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def main() -> None:
    address, port, peer, book = sys.argv[1:]
    host, _, peer_port = peer.partition(":")
    compact = socket.inet_aton(host) + struct.pack("!H", int(peer_port))
    body = b"d8:intervali5e12:min intervali1e5:peers6:" + compact + b"e"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802, the name is the library's
            with open(book, "a", encoding="ascii") as file:
                file.write(self.client_address[0] + "\n")
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    ThreadingHTTPServer((address, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
