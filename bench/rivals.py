"""The same work for other tools: projects generated from hosts/home.ncl and out/home."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from measure import Command
from tools import ROOT, say

# What a playbook's author would keep in variables.
VARIABLES = {"timezone": "Europe/Oslo", "domain": "example.org", "lan": "192.168.1.0/24", "config": "/srv/ssd/config"}


def fresh(folder):
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def nickel_project(folder):
    """Schemas, modules and the host on the disk, and the program that mediac generates in memory."""
    fresh(folder)
    for name in ("schemas", "modules"):
        shutil.copytree(ROOT / name, folder / name, ignore=lambda path, names: [n for n in names if not n.endswith(".ncl")])
    (folder / "hosts").mkdir()
    shutil.copy(ROOT / "hosts/home.ncl", folder / "hosts")
    modules = sorted(path.stem for path in (folder / "modules").glob("*.ncl"))
    known = [name for name in modules if not name.startswith("_")] + ["_custom"]
    table = "".join(f'  "{name}" = import "modules/{name}.ncl",\n' for name in known)
    driver = f'(import "schemas/mediac.ncl").compile {{\n{table}}} (import "hosts/home.ncl")\n'
    (folder / "driver.ncl").write_text(driver)


def nickel(program, folder):
    """`nickel export` of the resolved host."""
    nickel_project(folder)
    argv = [program, "export", "--format=json", "--import-path=.", "driver.ncl"]
    return Command("nickel export", [*argv, "--output=home.json"], folder, runs=5)


def jinja(text):
    """A template that renders to the given text."""
    text = re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)
    for name, value in VARIABLES.items():
        text = text.replace(value, "{{ " + name + " }}")
    return text


def playbook(folder):
    """One template task for each file of out/home. The folders are there: only files are compared."""
    fresh(folder)
    target = folder / "target"
    modes = {entry["path"].lstrip("/"): entry["mode"] for entry in json.loads((ROOT / "out/home/manifest.json").read_text())["files"]}
    tasks = []
    for source in sorted(path for path in (ROOT / "out/home").rglob("*") if path.is_file()):
        name = str(source.relative_to(ROOT / "out/home"))
        template = folder / "templates" / f"{name}.j2"
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(jinja(source.read_text()))
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        task = {"src": f"templates/{name}.j2", "dest": str(target / name), "mode": modes.get(name, "0644")}
        tasks.append({"name": name, "ansible.builtin.template": task})
    play = {"hosts": "localhost", "gather_facts": False, "vars": VARIABLES, "tasks": tasks}
    # JSON is YAML, and needs no library to write.
    (folder / "playbook.yml").write_text(json.dumps([play], indent=1, ensure_ascii=False))
    return len(tasks)


def ansible(program, folder):
    """`ansible-playbook --check --diff` into empty folders, with everything on that makes it faster."""
    count = playbook(folder)
    environment = {**os.environ, "ANSIBLE_PIPELINING": "1", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
    argv = [program, "--inventory=localhost,", "--connection=local", "playbook.yml"]
    say(f"checking that the playbook writes the {count} files of out/home")
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"ansible: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    target = folder / "target"
    for path in [path for path in target.rglob("*") if path.is_file()]:
        original = ROOT / "out/home" / path.relative_to(target)
        if path.read_bytes() != original.read_bytes():
            raise SystemExit(f"the playbook writes another {path.relative_to(target)} than mediac")
        path.unlink()
        count -= 1
    if count:
        raise SystemExit(f"the playbook leaves out {count} files")
    argv = [*argv[:-1], "--check", "--diff", argv[-1]]
    return Command("ansible-playbook --check --diff", argv, folder, runs=1, environment=environment)


def nix_literal(value):
    """A value as a Nix expression."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            text = value.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
            return '"' + text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'
        case list():
            return "[ " + " ".join(map(nix_element, value)) + " ]"
        case dict():
            return "{ " + " ".join(f"{nix_literal(key)} = {nix_literal(item)};" for key, item in value.items()) + " }"
        case _:
            return str(value)


def nix_element(value):
    """An element of a list; a minus sign would be an operator there."""
    return f"({nix_literal(value)})" if isinstance(value, (int, float)) else nix_literal(value)


def without_nulls(value):
    """Options that nobody set are null in Nix and absent in Nickel."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def nix(program, library, folder, resolved):
    """A bare module system with the same options, types and values; one module for each service."""
    fresh(folder)
    for name in ("eval.nix", "options.nix"):
        shutil.copy(Path(__file__).parent / name, folder)
    host = {key: value for key, value in resolved.items() if key != "services"}
    parts = {"host": host, **{name: {"services": {name: service}} for name, service in resolved["services"].items()}}
    (folder / "modules").mkdir()
    for name, part in parts.items():
        (folder / "modules" / f"{name}.nix").write_text(f"{{ ... }}:\n{nix_literal(part)}\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NIX_")}
    for name in ("STORE", "STATE", "LOG", "CONF"):
        # No daemon, no store, nothing outside of the folder.
        environment[f"NIX_{name}_DIR"] = str(folder / "nix" / name.lower())
    argv = [program, "--store", "dummy://", "--eval", "--strict", "--json", "--arg", "lib", f"import {library}", "eval.nix"]
    done = subprocess.run([str(word) for word in argv], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"nix: {done.stderr[-2000:]}")
    if without_nulls(json.loads(done.stdout)) != without_nulls(resolved):
        raise SystemExit("nix evaluates to other values than nickel")
    return Command("nix-instantiate --eval --strict", argv, folder, runs=5, environment=environment)
