"""fail2ban's jails and filters."""

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed


def jails(host: Host, sandbox: Sandbox) -> None:
    applicable(host, "/etc/fail2ban/jail.d/*.conf")
    output = sandbox.expect("fail2ban-client", "-t")
    if "WARNING" in output or "ERROR" in output:
        raise Failed(output)
