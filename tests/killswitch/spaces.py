"""Network namespaces, and sockets and commands within them. The run has a mount and a process namespace of its own
(see `run`), so names need not be unique, and everything goes when it ends."""

import ctypes
import os
import socket
import subprocess

_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Spaces:
    """A set of network namespaces, by name."""

    def __init__(self, names):
        self._own = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._files = {}
        for name in names:
            command("ip", "netns", "add", name)
            self._files[name] = os.open(f"/run/netns/{name}", os.O_RDONLY)

    def socket(self, space, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0, user=None):
        """A socket of a namespace, made by a user."""
        self._enter(self._files[space])
        try:
            if user is not None:
                os.seteuid(user)
            return socket.socket(family, kind, protocol)
        finally:
            os.seteuid(0)
            self._enter(self._own)

    def run(self, space, script, check=True):
        """Runs a shell script in a namespace, and gives what it prints."""
        return command("nsenter", f"--net=/run/netns/{space}", "bash", "-euc" if check else "-c", script, check=check)

    def load(self, space, rules):
        """Loads nftables rules."""
        command("nsenter", f"--net=/run/netns/{space}", "nft", "-f", "-", input=rules)

    def start(self, space, *argv, **environment):
        """Starts a program that goes on running."""
        return subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{space}", *argv], env=os.environ | environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    @staticmethod
    def _enter(file):
        if _libc.setns(file, _NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def command(*argv, check=True, **more):
    """Runs a program; the error has what it said."""
    done = subprocess.run([str(word) for word in argv], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))}: exit code {done.returncode}: {done.stdout}")
    return done.stdout
