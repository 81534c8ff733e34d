"""The tools to compare with: found, or installed into the cache where that needs no more rights."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NICKEL = "1.18"


def cache():
    """A folder outside of git for everything that is fetched, built or generated."""
    base = os.environ.get("MEDIAC_CACHE")
    if not base:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mediac"
    folder = Path(base) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def say(text):
    """Progress; results alone go to stdout."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def mediac():
    """The release binary: the one in $MEDIAC, or built now."""
    given = os.environ.get("MEDIAC")
    if given:
        return Path(given).resolve(strict=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or cache().parent / "target")
    say("building mediac")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, env=environment, check=True)
    said = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = next(line.removeprefix("host: ") for line in said.splitlines() if line.startswith("host: "))
    return target / host / "release" / "mediac"


def nickel():
    """The nickel command of the version whose evaluator is in mediac, as its project publishes it."""
    home = cache() / "nickel"
    program = home / "bin" / "nickel"
    if not program.exists():
        say("building nickel; this takes a while")
        # The release profile of nickel's workspace, which `cargo install` does not know.
        profile = {"CARGO_PROFILE_RELEASE_LTO": "fat", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "1"}
        argv = ["cargo", "install", "nickel-lang-cli", "--version", f"~{NICKEL}", "--locked"]
        # Its REPL and manual are not needed to export; without the formatter it does not compile.
        argv += ["--no-default-features", "--features", "format", "--jobs", "1", "--root", str(home)]
        argv += ["--target-dir", str(cache() / "nickel-target")]
        subprocess.run(["nice", "-n", "19", *argv], env={**os.environ, **profile}, check=True)
    if not version(program).startswith(f"{NICKEL}."):
        raise SystemExit(f"expected nickel {NICKEL}, found {version(program)}")
    return program


def debian(program, package):
    """A program from Debian, installed where root may; None where it is not to be had."""
    found = shutil.which(program)
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {package}")
        argv = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", package]
        subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        found = shutil.which(program)
    return Path(found) if found else None


def needed(program, package):
    """A program that nothing can be measured without."""
    found = debian(program, package)
    if not found:
        raise SystemExit(f"`{program}` is missing: install the package {package}")
    return found


def ansible():
    """Ansible from Debian, or from PyPI in a folder of its own."""
    found = debian("ansible-playbook", "ansible-core")
    if found:
        return found
    home = cache() / "ansible"
    program = home / "bin" / "ansible-playbook"
    if not program.exists():
        say("installing ansible-core")
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", "ansible-core"], check=True)
    return program


def nix():
    """Nix and the library with its module system: both, or why not."""
    program = debian("nix-instantiate", "nix-bin")
    if not program:
        return None, None, "no Nix"
    places = [os.environ.get("NIXPKGS_LIB"), cache() / "nixpkgs-lib" / "lib"]
    for place in places:
        if place and (Path(place) / "modules.nix").exists():
            return program, Path(place).resolve(), None
    return None, None, "no nixpkgs lib (name its folder in NIXPKGS_LIB)"


def version(program):
    """The version a program says it has."""
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"[0-9]+(\.[0-9]+)+", done.stdout)
    return found.group() if found else "of unknown version"


def machine():
    """Cores and generation of the processor: what a reader needs to judge the times, and no more."""
    facts = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    cores = len(os.sched_getaffinity(0))
    numbers = ", ".join(f"{name} {facts[key]}" for name, key in (("family", "cpu family"), ("model", "model")) if key in facts)
    model = facts.get("model name", "unknown processor").replace("(R)", "").replace("(TM)", "")
    return f"{cores} cores, {' '.join(model.split())}" + (f" ({numbers})" if numbers else "")
