"""Measuring whole processes: time by hyperfine, memory by GNU time, growth by least squares."""

import json
import math
import shlex
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Command:
    """A process to measure, and what to do before each run of it."""

    name: str
    argv: list
    folder: Path
    prepare: list = field(default_factory=lambda: ["true"])
    # Runs in each round; one that takes long needs fewer.
    runs: int = 5
    environment: dict = field(default_factory=dict)


@dataclass
class Times:
    """What a process took, in seconds, run by run."""

    seconds: list

    @property
    def minimum(self):
        return min(self.seconds)

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def deviation(self):
        return statistics.stdev(self.seconds) if len(self.seconds) > 1 else 0.0


# How often the commands take turns in a round; those that take long do so once.
LAPS = 5


def interleaved(commands, rounds, say):
    """Times by name. The commands take turns, so that a busy moment of the machine hits all of them."""
    seconds = {command.name: [] for command in commands}
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}")
        for lap in range(LAPS):
            for command in commands:
                runs = command.runs // LAPS if command.runs > 1 else int(lap == 0)
                if runs:
                    seconds[command.name] += hyperfine(command, runs, warmup=1 if turn + lap == 0 else 0)
    return {name: Times(values) for name, values in seconds.items()}


def hyperfine(command, runs, warmup):
    """The wall times of some runs. Without a shell in between: its start would count as well."""
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "result.json"
        argv = ["hyperfine", "--shell=none", "--style=none", f"--warmup={warmup}", f"--runs={runs}"]
        argv += ["--prepare", shlex.join(map(str, command.prepare)), "--export-json", str(result)]
        argv.append(shlex.join(map(str, command.argv)))
        done = subprocess.run(argv, cwd=command.folder, env=command.environment or None, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{command.name}: {done.stderr.strip()}")
        return json.loads(result.read_text())["results"][0]["times"]


@dataclass
class Sample:
    """One size of a growing input: median time, and the most memory any run took."""

    size: int
    times: Times
    kibibytes: int


def growth(cases, rounds, say):
    """A sample for each (size, Command). The sizes take turns as well."""
    seconds = {size: [] for size, _ in cases}
    memory = {size: 0 for size, _ in cases}
    for turn in range(rounds):
        for size, command in cases:
            say(f"{command.name}: round {turn + 1} of {rounds}")
            subprocess.run(command.prepare, cwd=command.folder, check=True)
            taken, peak = once(command)
            seconds[size].append(taken)
            memory[size] = max(memory[size], peak)
    return [Sample(size, Times(seconds[size]), memory[size]) for size, _ in cases]


def once(command):
    """Wall time in seconds and peak memory in KiB of one run."""
    with tempfile.NamedTemporaryFile("r") as result:
        argv = ["time", "--format=%M", f"--output={result.name}", *map(str, command.argv)]
        # The program, not the shell's own word.
        argv[0] = shutil.which("time") or "/usr/bin/time"
        start = time.perf_counter()
        done = subprocess.run(
            argv, cwd=command.folder, env=command.environment or None, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        taken = time.perf_counter() - start
        if done.returncode != 0:
            raise SystemExit(f"{command.name}: {done.stderr.decode(errors='replace').strip()[-2000:]}")
        return taken, int(result.read().split()[-1])


def exponents(samples):
    """The exponent k of time = size^k between successive sizes, and over all by least squares."""
    points = [(math.log(sample.size), math.log(sample.times.median)) for sample in samples]
    steps = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(points, points[1:])]
    middle_x = statistics.fmean(x for x, _ in points)
    middle_y = statistics.fmean(y for _, y in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / sum((x - middle_x) ** 2 for x, _ in points)
    return steps, slope
