"""The checks. Each is a function of the host and its sandbox that returns, or raises a verdict."""

from checks import (
    accounts,
    apt,
    belt,
    caddy,
    compose,
    fail2ban,
    firewall,
    listing,
    qbittorrent,
    shell,
    ssh,
    syntax,
    udev,
    units,
)

# Checks that only read come first; the order is otherwise that of a machine's start.
CHECKS = (
    ("manifest", listing.manifest),
    ("json", syntax.json),
    ("yaml", syntax.yaml),
    ("xml", syntax.xml),
    ("ini", syntax.ini),
    ("shell", shell.shellcheck),
    ("sysusers", accounts.sysusers),
    ("tmpfiles", accounts.tmpfiles),
    ("apt-sources", apt.sources),
    ("apt-packages", apt.packages),
    ("udev", udev.rules),
    ("units", units.verify),
    ("nft", firewall.rulesets),
    ("belt", belt.rules),
    ("sshd", ssh.daemon),
    ("fail2ban", fail2ban.jails),
    ("compose", compose.config),
    ("compose-schema", compose.schema),
    ("caddy", caddy.validate),
    ("caddy-format", caddy.formatted),
    ("qbittorrent", qbittorrent.starts),
)
