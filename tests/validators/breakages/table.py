"""The faults. Every check of the table in `checks` occurs on the right-hand side at least once."""

from breakages.edit import Breakage, append, change, edit_listing, remove_program
from checks import CHECKS
from harness.manifest import Host

# A tree that cannot be installed leaves nothing for the others to look at.
_ALL = ("install", *(name for name, _ in CHECKS))
_CONF = "*/qBittorrent/qBittorrent.conf"
# of `adminadmin`, well formed
_OTHER_HASH = (
    "ARQ77eY1NUZaQsuDHbIMCA==:"
    "0WMRkYTUWVT9wVvdDtHAjU9b3b7uB8NR1Gur2hmQCvCDpm39Q+PsJRJPaCU51dEiz+dTzh8qbPsL8WkFljQYFQ=="
)
_HASH = r"(?<=@ByteArray\()mediac-secret\(([^)]*):pbkdf2-sha512\)"


def _breaks(name: str, *red: str, stale: bool = False):
    def of(edit) -> Breakage:
        return Breakage(name, frozenset(red), tree=edit, stale=stale)

    return of


def _stray_file(host: Host) -> None:
    (host.tree / "etc" / "stray").write_text("not in the manifest\n", encoding="utf-8")


def _lost_file(host: Host) -> None:
    (host.tree / host.files("*.xml")[0].lstrip("/")).unlink()


def _unknown_kind(host: Host) -> None:
    (host.tree / "etc" / "unknown.kind").write_text("?\n", encoding="utf-8")
    entry = {"path": "/etc/unknown.kind", "mode": "0644", "owner": "root", "group": "root", "class": "owned"}
    edit_listing(lambda files: files.append(entry))(host)


def _open_to_everyone(files: list[dict]) -> None:
    next(item for item in files if item["path"].endswith("/qBittorrent.conf"))["mode"] = "0644"


def _foreign_owner(files: list[dict]) -> None:
    next(item for item in files if item["class"] != "dir")["owner"] = "no-such-account"


BREAKAGES = (
    _breaks("a changed byte", "manifest", stale=True)(append("/etc/ssh/sshd_config.d/*", "# changed\n")),
    _breaks("a file too many", "manifest", stale=True)(_stray_file),
    _breaks("a file too few", *_ALL)(_lost_file),
    _breaks("an owner without an account", *_ALL)(edit_listing(_foreign_owner)),
    _breaks("an unknown form of a secret", *_ALL)(change(_CONF, ":pbkdf2-sha512", ":rot13")),
    _breaks("a secret that everyone may read", "secrets")(edit_listing(_open_to_everyone)),
    _breaks("JSON with a trailing comma", "json")(change("*/settings.json", r"\}\s*\Z", ",}\n")),
    _breaks("a JSON key twice", "json")(change("*/settings.json", r"\A\s*\{", '{"twice": 1, "twice": 2,')),
    _breaks("YAML indented by a tab", "yaml")(append("*/config/config.yaml", "tabbed:\n\t- 1\n")),
    _breaks("a YAML scalar of two meanings", "yaml")(append("*/config/config.yaml", "surprise: no\n")),
    _breaks("YAML sexagesimals", "yaml")(append("*/config/config.yaml", "surprise: 22:22\n")),
    _breaks("an octal YAML scalar", "yaml")(append("*/config/config.yaml", "surprise: 0022\n")),
    _breaks("an XML element left open", "xml")(append("*/config.xml", "<Config>\n")),
    _breaks("an INI key twice", "fail2ban", "fail2ban-bans", "ini")(
        append("/etc/fail2ban/jail.d/*", "bantime = 1h\nbantime = 2h\n")
    ),
    _breaks("an unquoted variable", "shell")(append("/usr/lib/mediac/killswitch-uplinks", "rm $1\n")),
    _breaks("a shell syntax error", "shell")(append("/usr/lib/mediac/killswitch-uplinks", "if true\n")),
    _breaks("an unknown kind of account", *_ALL)(append("/etc/sysusers.d/*", "x broken -\n")),
    _breaks("an account id that is taken", "sysusers")(append("/etc/sysusers.d/*", "u broken 33 -\n")),
    _breaks("an unknown tmpfiles line", "tmpfiles")(
        append("/etc/mediac/*.tmpfiles", "? /srv/broken 0755 root root -\n")
    ),
    _breaks("a tmpfiles owner without an account", "tmpfiles")(
        append("/etc/mediac/*.tmpfiles", "d /srv/broken 0755 no-such-account root -\n")
    ),
    _breaks("a source without a suite", "apt-sources")(change("*.sources", r"^Suites:.*\n", "")),
    _breaks("a misspelt source field", "apt-sources")(change("*.sources", "^Components:", "Component:")),
    _breaks("a package that Debian lacks", "apt-packages")(append("/etc/mediac/packages.list", "no-such-package\n")),
    _breaks("an unknown udev key", "udev")(append("/etc/udev/rules.d/*", 'SUBSYSTEMM=="drm", MODE="0660"\n')),
    _breaks("an unknown unit key", "units")(append("/etc/systemd/system/*.service", "\n[Service]\nRestrat=always\n")),
    _breaks("a unit without its program", "units")(
        append("/etc/systemd/system/*.service", "\n[Service]\nExecStartPre=/usr/bin/no-such-program\n")
    ),
    _breaks("an unknown key in a drop-in", "units")(append("*.service.d/*.conf", "\n[Service]\nRestrat=always\n")),
    _breaks("a mount unit of another name", "units")(change("*.mount", "^Where=.*", "Where=/srv/elsewhere")),
    _breaks("a timer that never elapses", "units")(change("*.timer", "^OnUnitActiveSec=.*", "OnCalendar=someday")),
    _breaks("an nft syntax error", "nft")(change("*/killswitch.nft", r"\}\s*\Z", "")),
    _breaks("an nft file that adds up", "nft")(change("*/killswitch.nft", "^delete table .*\n", "")),
    _breaks("an nft file that flushes everything", "nft")(change("*/firewall.nft", r"\A", "flush ruleset\n")),
    _breaks("a belt rule with a bad address", "belt")(change("*.belt", r"to [\d.]+", "to 203.0.113.999")),
    _breaks("an unknown sshd keyword", "sshd")(append("/etc/ssh/sshd_config.d/*", "PermitRootLogon no\n")),
    _breaks("an sshd setting that comes too late", "sshd")(
        append("/etc/ssh/sshd_config.d/*", "PasswordAuthentication yes\n")
    ),
    _breaks("an unknown fail2ban filter", "fail2ban", "fail2ban-bans")(
        append("/etc/fail2ban/jail.d/*", "\n[broken]\nenabled = true\nfilter = no-such-filter\n")
    ),
    _breaks("an unknown fail2ban backend", "fail2ban-bans")(
        append("/etc/fail2ban/jail.d/*", "\n[broken]\nenabled = true\nfilter = sshd\nbackend = no-such-backend\n")
    ),
    _breaks("a filter that does not compile", "fail2ban", "fail2ban-bans")(
        change("/etc/fail2ban/filter.d/*", "^failregex = .*", "failregex = ^(<HOST>$")
    ),
    _breaks("an unknown compose key", "compose", "compose-schema")(
        change("*/compose.yaml", r"^(\s+)image:", r"\1imagee: wrong\n\1image:")
    ),
    _breaks("a compose type error", "compose", "compose-schema")(
        change("*/compose.yaml", r"^(\s+)image: .*", r"\1image: [a, b]")
    ),
    _breaks("a network that compose does not know", "compose")(
        change("*/compose.yaml", r"^(\s+)networks:\n", r"\1networks:\n\1  no-such-network: {}\n")
    ),
    _breaks("an unset compose variable", "compose")(
        change("*/compose.yaml", r"^(\s+)image: .*", r"\1image: a/b:1${NO_SUCH_VARIABLE}")
    ),
    _breaks("a Caddyfile brace left open", "caddy")(change("*/Caddyfile", r"^\}\s*\Z", "")),
    _breaks("an unknown Caddy directive", "caddy")(change("*/Caddyfile", r"\breverse_proxy\b", "reverse_porxy")),
    _breaks("a Caddyfile indented by spaces", "caddy-format")(change("*/Caddyfile", r"^\t", "  ")),
    _breaks("the hash of another password", "qbittorrent")(
        change(_CONF, _HASH, _OTHER_HASH)
    ),
    _breaks("a hash in the wrong key", "qbittorrent")(change(_CONF, "Password_PBKDF2", "Password_PBKDF")),
    _breaks("settings in the wrong section", "qbittorrent")(change(_CONF, r"^\[BitTorrent\]", "[Bittorrent]")),
    _breaks("a misspelt setting of the seed", "qbittorrent")(
        change(_CONF, r"^Session\\TempPathEnabled=", r"Session\\TempPathenabled=")
    ),
    _breaks("a kind of file that no check reads", "every-file")(_unknown_kind),
    Breakage("no caddy", frozenset({"caddy", "caddy-format"}), machine=remove_program("/usr/bin/caddy")),
    # a unit starts it, and bans are made with it
    Breakage("no nft", frozenset({"nft", "units", "fail2ban-bans"}), machine=remove_program("/usr/sbin/nft")),
    Breakage("no udevadm", frozenset({"udev"}), machine=remove_program("/usr/bin/udevadm")),
    Breakage("no shellcheck", frozenset({"shell"}), machine=remove_program("/usr/bin/shellcheck")),
    Breakage("no qbittorrent-nox", frozenset({"qbittorrent"}), machine=remove_program("/usr/bin/qbittorrent-nox")),
)
