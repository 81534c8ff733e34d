"""A name server that knows a few names: names.py ADDRESS NAME=ADDRESS..."""

import socket
import struct
import sys


def answer(question: bytes, known: dict[str, str]) -> bytes:
    name, end = read_name(question)
    kind = struct.unpack("!H", question[end : end + 2])[0]
    address = known.get(name.lower())
    found = int(bool(address) and kind == 1)
    head = question[:2] + struct.pack("!HHHHH", 0x8180 if address else 0x8183, 1, found, 0, 0)
    body = question[12 : end + 4]
    if found:
        body += struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
    return head + body


def read_name(message: bytes) -> tuple[str, int]:
    """The name that is asked for, and where it ends."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    return ".".join(labels), at + 1


def main() -> None:
    known = dict(pair.split("=") for pair in sys.argv[2:])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    while True:
        message, sender = server.recvfrom(1500)
        try:
            server.sendto(answer(message, known), sender)
        except (IndexError, struct.error):
            continue  # no question


if __name__ == "__main__":
    main()
