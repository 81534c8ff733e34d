"""Device rules."""

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox


def rules(host: Host, sandbox: Sandbox) -> None:
    sandbox.expect("udevadm", "verify", *applicable(host, "/etc/udev/rules.d/*.rules"))
