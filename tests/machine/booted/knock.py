"""Tries to reach ports of somebody all the time, by TCP and UDP: knock.py ADDRESS PORT..."""

import socket
import sys
import time


def main() -> None:
    address, *ports = sys.argv[1:]
    plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plain.setblocking(False)
    while True:
        for port in map(int, ports):
            knock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            knock.setblocking(False)
            knock.connect_ex((address, port))
            try:
                plain.sendto(b"d1:ad2:id20:mediac-test-mediac-te1:q4:ping1:y1:qe", (address, port))
            except OSError:
                pass  # what came back for an earlier one
            time.sleep(0.25)
            knock.close()


if __name__ == "__main__":
    main()
