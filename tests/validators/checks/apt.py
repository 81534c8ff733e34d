"""Package sources and package names."""

from checks.helper import applicable
from harness import vendor
from harness.manifest import Host
from harness.sandbox import Sandbox
from harness.verdict import Failed

# Names that apt would install on a tree with that status: it thinks for seconds, and would say the same again.
_ANSWERED: set[tuple[tuple[str, ...], bytes]] = set()


def sources(host: Host, sandbox: Sandbox) -> None:
    for path in applicable(host, "/etc/apt/sources.list.d/*.sources"):
        output = sandbox.expect(
            "apt-get",
            *("-o", f"Dir::Etc::SourceList={path}", "-o", "Dir::Etc::SourceParts=/dev/null"),
            *("indextargets", "--no-release-info", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"),
            "Created-By: Packages",
        )
        if any(line.startswith(("W:", "E:", "N:")) for line in output.splitlines()):
            raise Failed(output)
        missing = _declared(sandbox.path(path).read_text(encoding="utf-8")) - set(output.splitlines())
        if missing:
            raise Failed(f"{path}: apt does not see {sorted(missing)}, only:\n{output}")


def packages(host: Host, sandbox: Sandbox) -> None:
    foreign = {package.name for package in vendor.PACKAGES}
    for path in applicable(host, "/etc/mediac/packages.list"):
        lines = (line.split("#")[0].strip() for line in sandbox.path(path).read_text(encoding="utf-8").splitlines())
        names = [line for line in lines if line and line not in foreign]
        question = (tuple(names), sandbox.path("/var/lib/dpkg/status").read_bytes())
        if question not in _ANSWERED:
            # Debian's own source only: the vendors' have no index here.
            sandbox.expect("apt-get", "-o", "Dir::Etc::SourceParts=/dev/null", "--simulate", "install", *names)
            _ANSWERED.add(question)


def _declared(text: str) -> set[str]:
    """Every combination of archive, suite and component that a deb822 file enables."""
    found = set()
    for stanza in _stanzas(text):
        if stanza.get("enabled", "yes") != "yes" or "uris" not in stanza:
            continue
        # A flat archive, whose suite is a path, has no components.
        for uri in stanza["uris"].split():
            for suite in stanza["suites"].split():
                for component in stanza.get("components", "").split() or [""]:
                    found.add(f"{uri.rstrip('/')}/|{suite}|{component}")
    return found


def _stanzas(text: str) -> list[dict[str, str]]:
    stanzas: list[dict[str, str]] = [{}]
    for line in text.splitlines():
        if not line.strip():
            stanzas.append({})
        elif not line.startswith((" ", "\t", "#")):
            key, _, value = line.partition(":")
            stanzas[-1][key.strip().lower()] = value.strip()
    return stanzas
