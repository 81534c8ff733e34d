"""One column in one scenario, in namespaces of its own: cell COLUMN SCENARIO MEDIAC TREE. Prints JSON."""

import json
import sys

sys.dont_write_bytecode = True

import built
from columns import COLUMNS
from scenarios import SCENARIOS
from spaces import command
from works import works


def main():
    column, scenario, mediac, tree = sys.argv[1:]
    # Names of namespaces and sockets of tunnels are files below here.
    command("mount", "-t", "tmpfs", "tmpfs", "/run")
    facts, switch = built.read(mediac, tree), COLUMNS[column]()
    if scenario == "works":
        result = {"works": works(facts, switch)}
    else:
        result = SCENARIOS[scenario][1](facts, switch)
    print(json.dumps(result | {"dropped": dropped()}))


def dropped():
    """How many packets the rules counted as dropped: a zero elsewhere is theirs, and not for want of packets."""
    listing = command("nsenter", "--net=/run/netns/host", "nft", "-j", "list", "counters")
    counters = (item["counter"] for item in json.loads(listing)["nftables"] if "counter" in item)
    return {one["name"]: one["packets"] for one in counters if one["name"].startswith("c_drop") and one["packets"]}


if __name__ == "__main__":
    main()
