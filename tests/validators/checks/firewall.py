"""nftables rulesets, really loaded."""

from checks.helper import applicable
from harness.manifest import Host
from harness.sandbox import Sandbox

# A table of somebody else's stands for those of Docker: loading ours must leave it alone. What is loaded
# after the second time must be what was loaded after the first; `-s` leaves the counters out.
_LOAD = """
nft add table inet somebody_elses
for file in {files}; do nft -c -f "$file"; done
for file in {files}; do nft -f "$file"; done
nft -s list ruleset >/tmp/first.nft
for file in {files}; do nft -f "$file"; done
nft -s list ruleset >/tmp/second.nft
diff -u /tmp/first.nft /tmp/second.nft
nft list table inet somebody_elses >/dev/null
nft list tables
"""


def rulesets(host: Host, sandbox: Sandbox) -> None:
    files = applicable(host, "*.nft")
    for path in files:
        # Alone first: none may lean on another's sets or chains.
        sandbox.script(f"nft -c -f {path}\nnft -f {path}\ntest -n \"$(nft list tables)\"")
    sandbox.script(_LOAD.format(files=" ".join(files)))
