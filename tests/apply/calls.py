"""What a program asks of the kernel, as strace shows it."""

import os
import re
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field

from world import ENVIRONMENT, SHM

# Whatever changes a file system. Those that do not occur today may tomorrow.
CHANGES = (
    "openat write pwrite64 writev copy_file_range sendfile ftruncate fallocate truncate fsync fdatasync sync syncfs rename "
    "renameat renameat2 unlink unlinkat rmdir mkdir mkdirat link linkat symlink symlinkat mknodat chmod fchmod fchmodat "
    "fchmodat2 chown fchown fchownat lchown utimensat setxattr fsetxattr removexattr open creat"
).split()
# A strace that does not know one of them does not mind.
MUTATING = ",".join(f"?{name}" for name in CHANGES)
LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(<[^>]*>)?")
UNFINISHED = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
FD = re.compile(r"^(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*|[^>]*)>")


@dataclass
class Call:
    pid: int
    name: str
    number: int  # the how-manieth of its name in its thread, as strace counts
    arguments: str
    result: int
    paths: list = field(default_factory=list)  # all that it names, absolute
    texts: list = field(default_factory=list)  # its strings as they are

    @property
    def mutates(self):
        return self.name not in ("openat", "open") or "O_CREAT" in self.arguments or "O_TRUNC" in self.arguments


def strace(argv, names):
    """Runs a program and returns its calls."""
    with tempfile.NamedTemporaryFile("r", dir=SHM, prefix="mediac-apply-trace-") as log:
        traced(argv, log.name, "-y", "-xx", "-s", "10000000", "-e", f"trace={names}")
        return list(parse(log.read()))


def inject(argv, name, fault):
    """Runs a program with a fault in one of its calls, and says whether it came to that."""
    with tempfile.NamedTemporaryFile("r", dir=SHM, prefix="mediac-apply-trace-") as log:
        done = traced(argv, log.name, "-e", f"trace={name}", "-e", f"inject={name}:{fault}")
        return done, done.returncode == -signal.SIGKILL or "(INJECTED)" in log.read()


def traced(argv, log, *options, timeout=60):
    under = ["strace", "-f", "-qqq", "-o", log, "-e", "signal=none", *options]
    done = subprocess.run([*under, *argv], env=ENVIRONMENT, cwd="/", stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", timeout=timeout)
    if "strace:" in done.stderr:
        raise RuntimeError(done.stderr)
    return done


def parse(text):
    numbers, begun = {}, {}
    for line in text.splitlines():
        if match := UNFINISHED.match(line):
            begun[match[1]] = f"{match[1]} {match[2]}({match[3]}"
            continue
        if match := RESUMED.match(line):
            line = begun.pop(match[1]) + match[3]
        match = LINE.match(line)
        if not match:
            continue
        pid, name, arguments, result, opened = match.groups()
        number = numbers[pid, name] = numbers.get((pid, name), 0) + 1
        call = Call(int(pid), name, number, arguments, -1 if result == "?" else int(result))
        call.texts = [plain(string) for string in STRING.findall(arguments)]
        call.paths = list(paths(name, arguments, call.texts))
        yield call


def plain(string):
    return bytes.fromhex(string.replace("\\x", ""))


def descriptor(text):
    match = FD.match(text)
    if not match:
        return None
    return os.fsdecode(plain(match[1])) if match[1].startswith("\\x") else match[1]


def paths(name, arguments, texts):
    """The paths that a call changes. Contents of `write` are no paths."""
    if name in ("write", "pwrite64", "writev", "ftruncate", "fallocate", "fsync", "fdatasync", "fchmod", "fchown"):
        yield descriptor(arguments)
        return
    names = [os.fsdecode(text) for text in texts]
    if name == "symlinkat":
        yield os.path.join(descriptor(arguments.split(", ", 1)[1]) or "", names[1])
        return
    words = arguments.split(", ")
    folders = [descriptor(word) for word in words if FD.match(word)]
    for index, path in enumerate(names):
        folder = folders[min(index, len(folders) - 1)] if folders else "/"
        yield os.path.join(folder or "/", path)
