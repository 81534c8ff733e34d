"""What listens in the world: peers, name servers, pages, and what passes connections on. One thread for all of it."""

import selectors
import socket
import threading

from places import (
    CLIENT, HOST, MARK, PEER6, PEER_PORT, PEER_TCP, PEER_UDP, PUBLIC_DNS, PUBLIC_DNS6, ROUTER, WEBSITE,
)

IP_FREEBIND = 15


class Services:
    """Servers in namespaces. An answer says who was seen to ask."""

    def __init__(self, spaces, built):
        self.spaces = spaces
        self._selector = selectors.DefaultSelector()
        for address in (PEER_UDP, PEER6):
            self.datagrams("internet", address, PEER_PORT)
        for address in (PEER_TCP, PEER6):
            self.connections("internet", address, PEER_PORT)
        for address in (PUBLIC_DNS, PUBLIC_DNS6):
            self.datagrams("internet", address, 53)
            self.connections("internet", address, 853)
        self.connections("internet", WEBSITE, 443)
        self.datagrams("router", ROUTER, 53, ask=("router", PUBLIC_DNS))
        self.connections("lan", CLIENT, 445)
        for port in (22, 32400):
            self.connections("host", HOST, port)
        # Docker's proxy takes what its rules do not translate; Caddy asks for the page at the host's address.
        self.passing("host", "0.0.0.0", built.page_port, built.tunnel, built.page_port)
        self.passing("host", "0.0.0.0", 443, built.caddy, 443)
        self.passing("caddy", "0.0.0.0", 443, built.open_gateway, built.page_port)
        for port in (built.page_port, PEER_PORT):
            self.connections("tunnel", "0.0.0.0", port)
        self.datagrams("tunnel", "0.0.0.0", PEER_PORT)
        threading.Thread(target=self._loop, daemon=True).start()

    def datagrams(self, space, address, port, ask=None):
        """Sends datagrams back; or asks another server, from a namespace, and passes its answer on."""
        server = self._bound(space, socket.SOCK_DGRAM, address, port)
        self._selector.register(server, selectors.EVENT_READ, lambda: self._datagram(server, ask))

    def connections(self, space, address, port):
        """Tells whoever connects and says something which address it has."""
        server = self._bound(space, socket.SOCK_STREAM, address, port)
        self._selector.register(server, selectors.EVENT_READ, lambda: self._accept(server))

    def passing(self, space, address, port, to, to_port):
        """Passes one question and its answer on."""
        server = self._bound(space, socket.SOCK_STREAM, address, port)
        accept = lambda: threading.Thread(target=self._pass, args=(server.accept()[0], space, (to, to_port)), daemon=True).start()
        self._selector.register(server, selectors.EVENT_READ, accept)

    def _bound(self, space, kind, address, port):
        six = ":" in address
        server = self.spaces.socket(space, socket.AF_INET6 if six else socket.AF_INET, kind)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not six:
            server.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        server.bind((address, port))
        if kind == socket.SOCK_STREAM:
            server.listen(64)
        server.setblocking(False)
        return server

    def _loop(self):
        while True:
            for key, _ in self._selector.select():
                try:
                    key.data()
                except OSError:
                    pass  # whoever asked is gone

    def _datagram(self, server, ask):
        data, client = server.recvfrom(2048)
        if ask is None:
            server.sendto(data, client)
            return
        space, to = ask
        upstream = self.spaces.socket(space)
        upstream.sendto(data, (to, 53))
        self._selector.register(upstream, selectors.EVENT_READ, lambda: self._answer(upstream, server, client))

    def _answer(self, upstream, server, client):
        self._selector.unregister(upstream)
        server.sendto(upstream.recv(2048), client)
        upstream.close()

    def _accept(self, server):
        client, (address, *_) = server.accept()
        client.setblocking(False)
        self._selector.register(client, selectors.EVENT_READ, lambda: self._talk(client, address))

    def _talk(self, client, address):
        if client.recv(4096):
            client.send(b"seen as " + address.encode())
        else:
            self._selector.unregister(client)
            client.close()

    def _pass(self, client, space, to):
        server = self.spaces.socket(space, kind=socket.SOCK_STREAM)
        try:
            for end in (client, server):
                end.settimeout(1.5)
            server.connect(to)
            server.sendall(client.recv(4096))
            client.sendall(server.recv(4096))
        except OSError:
            pass
        finally:
            client.close()
            server.close()


def get(spaces, space, address, port, seconds=1.2):
    """What a server answers to a connection, or nothing."""
    client = spaces.socket(space, kind=socket.SOCK_STREAM)
    client.settimeout(seconds)
    try:
        client.connect((address, port))
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return client.recv(4096).decode()
    except OSError:
        return ""
    finally:
        client.close()


def echoes(spaces, space, address, port, seconds=0.5):
    """Whether a datagram comes back."""
    client = spaces.socket(space)
    client.settimeout(seconds)
    try:
        client.sendto(MARK + b" echo", (address, port))
        return bool(client.recv(2048))
    except OSError:
        return False
    finally:
        client.close()
