"""Faults that are put into the rules, one at a time."""

KILLSWITCH, FIREWALL = "killswitch.nft", "firewall.nft"

# What it is, in which file, the text that is there, the text that takes its place.
FAULTS = [
    ("a rule is dropped", KILLSWITCH, 'iifname "br-*" goto from_confined\n', "\n"),
    ("IPv6 is forgotten", KILLSWITCH, "c_drop_v6 drop", "c_drop_v6 accept"),
    ("a name is off by one", KILLSWITCH, '"docker0"', '"docker1"'),
    ("a priority is changed", KILLSWITCH, "hook prerouting priority mangle - 5", "hook prerouting priority dstnat + 5"),
    ("the last rule is dropped", KILLSWITCH, "accept\n\t\tgoto drop_out\n\t}\n\n\tchain drop_out", "accept\n\t}\n\n\tchain drop_out"),
    ("drops only count", KILLSWITCH, "counter name c_drop_out drop", "counter name c_drop_out"),
    ("plain text to the server", KILLSWITCH, " @th,64,32 { 0x01000000, 0x02000000, 0x03000000, 0x04000000 }", ""),
    ("another port of the server", KILLSWITCH, ". udp . 51820", ". udp . 51821"),
    ("another server", KILLSWITCH, ". 203.0.113.51 .", ". 203.0.113.52 ."),
    ("new connections to the host", KILLSWITCH, "ct direction reply ct state established fib daddr", "fib daddr"),
    ("strangers on the open bridge", KILLSWITCH, 'iifname { "br-mediac" } goto from_confined\n', 'iifname { "br-mediac" } accept\n'),
    ("everything into the tunnel's network", KILLSWITCH, "counter name c_drop_in drop", "counter name c_drop_in"),
    ("published ports are judged too late", FIREWALL, "hook prerouting priority mangle - 6", "hook prerouting priority dstnat + 5"),
    ("a published port is forgotten", FIREWALL, "tcp dport 8989 fib daddr type local goto from_home", ""),
    ("home is everywhere", FIREWALL, "ip saddr @home4 accept", "accept"),
    ("containers can be addressed directly", FIREWALL, "counter name c_drop_routed drop", "counter name c_drop_routed"),
    ("drops of the input only count", FIREWALL, "counter name c_drop_input drop", "accept"),
]


def spoil(rules):
    """The rules with each of the faults."""
    for what, name, old, new in FAULTS:
        if old not in rules[name]:
            raise SystemExit(f"{name} has no {old!r}")
        yield what, rules | {name: rules[name].replace(old, new)}
