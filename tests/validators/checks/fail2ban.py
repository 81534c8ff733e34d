"""fail2ban's jails and filters."""

import configparser

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

_FILES = ("/etc/fail2ban/*.conf", "/etc/fail2ban/*.local")
_FILTERS = "/etc/fail2ban/filter.d/"
_OUTSIDER = "203.0.113.7"
# The server stays in the foreground of a network namespace of its own, so its bans touch nothing else.
_START = """
exec 2>&1
mkdir -p /run/fail2ban
fail2ban-server -f -x --logtarget STDOUT >/tmp/fail2ban.log &
server=$!
trap 'kill -9 $server; cat /tmp/fail2ban.log' EXIT
tries=100
until fail2ban-client ping >/dev/null; do
    tries=$((tries - 1))
    test $tries -gt 0
    kill -0 $server
    sleep 0.1
done
"""
# A jail of its own state: the ban of one must not be taken for the other's.
_BAN = """
fail2ban-client set '{jail}' banip {address}
tries=50
until nft list ruleset | grep -qF {address}; do
    tries=$((tries - 1))
    test $tries -gt 0 || {{ echo "no rule bans {address} from the jail {jail}"; exit 1; }}
    sleep 0.1
done
fail2ban-client set '{jail}' unbanip {address}
"""


def jails(host: Host, sandbox: Sandbox) -> None:
    files = applicable(host, *_FILES)
    _quiet(sandbox.expect("fail2ban-client", "-t"))
    # `-t` reads regular expressions without compiling them.
    for path in files:
        if path.startswith(_FILTERS):
            _quiet(sandbox.expect("fail2ban-regex", "some line", path))
    # The dump is what the server would be told: a jail that is not started there is not on.
    dump = sandbox.expect("fail2ban-client", "-d")
    missing = [name for name in _enabled(sandbox, files) if f"['start', '{name}']" not in dump]
    if missing:
        raise Failed(f"enabled, but not started: {', '.join(missing)}\n{dump}")


def bans(host: Host, sandbox: Sandbox) -> None:
    """The server really starts, and every jail's ban really becomes a rule of the firewall."""
    files = applicable(host, *_FILES)
    script = [_START]
    for name, options in _enabled(sandbox, files).items():
        for log in options.get("logpath", "").split():
            # Written by the service once it runs; fail2ban refuses a jail whose log is not there yet.
            if log.startswith("/") and "*" not in log:
                sandbox.path(log).parent.mkdir(parents=True, exist_ok=True)
                sandbox.path(log).touch()
        script.append(_BAN.format(jail=name, address=_OUTSIDER))
    sandbox.script("".join(script))


def _enabled(sandbox: Sandbox, files: list[str]) -> dict[str, configparser.SectionProxy]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read([sandbox.path(path) for path in files if "/jail" in path], encoding="utf-8")
    return {name: parser[name] for name in parser.sections() if parser.getboolean(name, "enabled", fallback=False)}


def _quiet(output: str) -> None:
    if "WARNING" in output or "ERROR" in output:
        raise Failed(output)
