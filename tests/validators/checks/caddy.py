"""The reverse proxy's configuration."""

import difflib
import json

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

_FILES = "*/Caddyfile"


def validate(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, _FILES):
        output = sandbox.expect("caddy", "validate", "--adapter", "caddyfile", "--config", path)
        warnings = [line for line in output.splitlines() if _is_warning(line)]
        if warnings:
            raise Failed("\n".join(warnings))


def formatted(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, _FILES):
        text = sandbox.path(path).read_bytes()
        # Not `--diff`, whose exit code differs between releases.
        wanted = sandbox.expect("caddy", "fmt", "-", stdin=text)
        given = text.decode()
        if wanted != given.rstrip() or given != given.rstrip() + "\n":
            difference = difflib.unified_diff(given.splitlines(), wanted.splitlines(), path, "caddy fmt", lineterm="")
            raise Failed("\n".join(difference) or "does not end in one newline")


def _is_warning(line: str) -> bool:
    """Caddy logs JSON; that the input is not formatted is the other check's finding."""
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return record.get("level") in {"warn", "error"} and "not formatted" not in record.get("msg", "")
