"""A bare machine and the desk that somebody sits at, for as long as something is played on them."""

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from booted import bare
from booted.checks import Report
from booted.desk import Desk
from booted.machine import Broken
from booted.outside import Outside
from harness import isolate, manifest
from harness.sandbox import Sandboxes

PROJECT = Path(__file__).resolve().parents[3]
# On the machine, below a folder that a package may be looked up from as any other module is.
STANDINS = "/opt/standin"


def run(name: str, about: str, play: Callable, plex: str = bare.IDLE) -> int:
    """Plays on `out/home` and a machine that has nothing of it yet; `plex` is what its package of Plex runs."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--mediac", type=Path, required=True)
    mediac = parser.parse_args().mediac.resolve()
    if not mediac.is_file():
        sys.exit(f"{name}: there is no {mediac}: build it first, or name another one with --mediac")
    base = isolate.enter(sys.argv)
    host = manifest.load(PROJECT / "out/home")
    report = Report(name)
    sandboxes = Sandboxes(base)
    with sandboxes.make() as around, sandboxes.make() as sandbox, Outside(around) as world:
        desk = Desk(world.client, around, mediac, (PROJECT / "hosts/home.ncl").read_text(encoding="utf-8"))
        shutil.copytree(PROJECT / "tests/wire/standin", sandbox.path(STANDINS), ignore=shutil.ignore_patterns("__pycache__"))
        machine = bare.machine(host, sandbox, desk.public_key, plex)
        world.attach(machine, sandbox)
        try:
            play(machine, host, desk, report)
        except Broken as broken:
            report.fail("goes on", str(broken))
        finally:
            machine.kill()
    return report.end()
