"""Every file in a structured format is read by a parser that the compiler does not use."""

from checks.helper import applicable, program
from harness.manifest import Host
from harness.sandbox import Sandbox


def json(host: Host, sandbox: Sandbox) -> None:
    program(sandbox, "parse.py", "json", *applicable(host, "*.json"))


def yaml(host: Host, sandbox: Sandbox) -> None:
    program(sandbox, "parse.py", "yaml", *applicable(host, "*.yaml", "*.yml"))


def xml(host: Host, sandbox: Sandbox) -> None:
    program(sandbox, "parse.py", "xml", *applicable(host, "*.xml"))


def ini(host: Host, sandbox: Sandbox) -> None:
    files = applicable(host, "/etc/fail2ban/*.conf", "*/qBittorrent.conf", "*.ini", "/etc/systemd/networkd.conf.d/*")
    program(sandbox, "parse.py", "ini", *files)
