"""The SSH daemon's configuration, and that the daemon really takes it from the drop-in."""

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

# What `sshd -T` prints for a value that has two spellings.
_SPELLING = {"prohibit-password": "without-password"}
_UNITS = {"s": 1, "m": 60, "h": 3600}


def daemon(host: Host, sandbox: Sandbox) -> None:
    drop_ins = applicable(host, "/etc/ssh/sshd_config.d/*.conf")
    for keys in host.judge("/etc/ssh/authorized_keys.d/*"):
        sandbox.expect("ssh-keygen", "-l", "-f", keys)
    sandbox.expect("ssh-keygen", "-A")
    sandbox.path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    warnings = sandbox.expect("/usr/sbin/sshd", "-t")
    if warnings:
        raise Failed(warnings)
    effective = {line.lower() for line in sandbox.expect("/usr/sbin/sshd", "-T").splitlines()}
    missing = [
        f"{path}: `{setting}` is not in effect"
        for path in drop_ins
        for setting in _settings(sandbox.path(path).read_text(encoding="utf-8"))
        if setting not in effective
    ]
    if missing:
        raise Failed("\n".join(missing))


def _settings(text: str) -> list[str]:
    """What applies to everyone, in the spelling of `sshd -T`."""
    settings = []
    for line in text.splitlines():
        keyword, *values = line.lower().replace("=", " ", 1).split() or [""]
        if keyword == "match":
            break
        if not keyword or keyword.startswith("#"):
            continue
        # These lists are printed one value a line.
        each = [[value] for value in values] if keyword in {"allowusers", "allowgroups", "denyusers"} else [values]
        settings += [" ".join([keyword, *(_value(keyword, word) for word in words)]) for words in each]
    return settings


def _value(keyword: str, word: str) -> str:
    if keyword.endswith(("time", "interval")) and word[:-1].isdecimal() and word[-1] in _UNITS:
        return str(int(word[:-1]) * _UNITS[word[-1]])
    return _SPELLING.get(word, word)
