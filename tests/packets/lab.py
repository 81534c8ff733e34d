"""A host in a network namespace: interfaces by the names of the real ones, the rules, and eyes between them."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Where the chains of the eyes hang: before the rules are through, and after.
EYES = {
    "early": ("prerouting", -149),
    "input_first": ("input", -300),
    "input_last": ("input", 300),
    "forward_first": ("forward", -300),
    "forward_rules": ("forward", -1),
    "forward_last": ("forward", 300),
}


def call(*argv, **more):
    return subprocess.run([str(word) for word in argv], check=True, text=True, stdout=subprocess.PIPE, **more).stdout


class Lab:
    """The host, and the wires of its interfaces in a namespace beside it."""

    def __init__(self, sample, rules):
        self.sample, self.rules = sample, rules
        self.host, self.wire = f"mediac-host-{os.getpid()}", f"mediac-wire-{os.getpid()}"
        self.names = [interface["name"] for interface in sample["interfaces"]]

    def __enter__(self):
        for namespace in (self.host, self.wire):
            call("ip", "netns", "add", namespace)
        for key in ("ipv4.ip_forward=1", "ipv4.conf.all.rp_filter=0", "ipv4.conf.default.rp_filter=0",
                    "ipv6.conf.all.forwarding=1", "ipv6.conf.all.accept_dad=0", "ipv6.conf.default.accept_dad=0"):
            self.inside("sysctl", "-qw", f"net.{key}")
        self.inside("ip", "link", "set", "lo", "up")
        for index, interface in enumerate(self.sample["interfaces"]):
            name, wire = interface["name"], f"wire{index}"
            call("ip", "link", "add", name, "netns", self.host, "type", "veth", "peer", "name", wire, "netns", self.wire)
            call("ip", "-n", self.wire, "link", "set", wire, "up")
            self.inside("ip", "link", "set", name, "up")
            for address in interface["addresses"]:
                self.inside("ip", "address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
        home = next(a for i in self.sample["interfaces"] if i["name"] == "uplink" for a in i["addresses"] if "." in a)
        router = home.split("/")[0].rsplit(".", 1)[0] + ".1"
        self.inside("ip", "route", "add", "default", "via", router, "dev", "uplink")
        self.inside("ip", "-6", "route", "add", "default", "via", "fe80::1", "dev", "uplink")
        for text in (self.docker(), self.eyes(), *self.rules.values()):
            self.inside("nft", "-f", "-", input=text)
        return self

    def __exit__(self, *_):
        for namespace in (self.host, self.wire):
            subprocess.run(["ip", "netns", "delete", namespace], check=False)

    def inside(self, *argv, **more):
        return call("ip", "netns", "exec", self.host, *argv, **more)

    def docker(self):
        """What Docker's own rules do, as far as the proof knows them."""
        translate, let_in = [], []
        bridges = [i["name"] for i in self.sample["interfaces"] if i["addresses"] and i["name"] != "uplink"]
        for port in self.sample["published"]:
            bound = f"ip daddr {port['host_address']} " if port["host_address"] else ""
            translate.append(
                f"{bound}fib daddr type local {port['protocol']} dport {port['host_port']} "
                f"dnat ip to {port['address']}:{port['port']}"
            )
            let_in.append(f"ip daddr {port['address']} {port['protocol']} dport {port['port']} accept")
        own = [f'iifname "{name}" oifname "{name}" accept' for name in bridges]
        drop = [f'oifname "{name}" drop' for name in bridges]
        return (
            "table inet docker_model {\n"
            "chain translate { type nat hook prerouting priority dstnat; policy accept;\n" + "\n".join(translate) + "\n}\n"
            "chain back { type nat hook postrouting priority srcnat; policy accept; }\n"
            "chain through { type filter hook forward priority filter; policy accept;\n"
            + "\n".join([*own, "ct state established,related accept", *let_in, *drop]) + "\n}\n}\n"
        )

    def eyes(self):
        sets, chains = [], []
        for name, (hook, priority) in EYES.items():
            marks = []
            places = [(f"{name}_{index}", f'oifname "{out}" ') for index, out in enumerate(self.names)]
            for place, only in places if name == "forward_last" else [(name, "")]:
                sets.append(f"set {place}4 {{ typeof ip id; size 131072; flags dynamic; }}")
                sets.append(f"set {place}6 {{ typeof ip6 flowlabel; size 131072; flags dynamic; }}")
                marks.append(f"{only}meta nfproto ipv4 add @{place}4 {{ ip id }}")
                marks.append(f"{only}meta nfproto ipv6 add @{place}6 {{ ip6 flowlabel }}")
            chains.append(
                f"chain {name} {{ type filter hook {hook} priority {priority}; policy accept;\n" + "\n".join(marks) + "\n}"
            )
        return "table inet eyes {\n" + "\n".join(sets + chains) + "\n}\n"

    def fates(self, cases):
        """What becomes of each packet: the word of the proof, and the interface it leaves by."""
        self.connections(cases)
        macs = {
            name: json.loads(self.inside("ip", "-j", "link", "show", "dev", name))[0]["address"] for name in self.names
        }
        work = {"names": self.names, "macs": macs, "packets": [case["packet"] for case in cases]}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(work, file)
            file.flush()
            call("ip", "netns", "exec", self.wire, sys.executable, "-B", HERE / "send.py", file.name)
        seen = {name: set() for name in EYES if name != "forward_last"}
        left = {}
        for item in json.loads(self.inside("nft", "-j", "list", "table", "inet", "eyes"))["nftables"]:
            if "set" not in item:
                continue
            name, family = item["set"]["name"][:-1], item["set"]["name"][-1]
            numbers = {(family, number) for number in item["set"].get("elem", [])}
            if name.startswith("forward_last_"):
                left |= dict.fromkeys(numbers, self.names[int(name.rsplit("_", 1)[1])])
            else:
                seen[name] = seen.get(name, set()) | numbers
        return [self.fate(seen, left, number(case["packet"], index)) for index, case in enumerate(cases)]

    @staticmethod
    def fate(seen, left, key):
        if key not in seen["early"]:
            return "dropped-early", None
        if key in left:
            return "left", left[key]
        if key in seen["forward_rules"]:
            return "docker", None
        if key in seen["forward_first"]:
            return "dropped-forward", None
        if key in seen["input_last"]:
            return "delivered", None
        return ("dropped-input" if key in seen["input_first"] else "unroutable"), None

    def connections(self, cases):
        """Makes the connections known that packets are answers in."""
        lines = []
        for packet in (case["packet"] for case in cases):
            if packet["direction"] != "reply":
                continue
            line = (
                f"-I -p {packet['protocol']} -s {packet['original_source']} -d {packet['source']} "
                f"--sport {packet['destination_port']} --dport {packet['source_port']} -t 600 -u SEEN_REPLY,ASSURED"
            )
            if packet["original_source"] != packet["destination"]:
                line += f" -n {packet['destination']}"
            if packet["protocol"] == "tcp":
                line += " --state ESTABLISHED"
            lines.append(line)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            self.inside("conntrack", "-R", file.name, stderr=subprocess.DEVNULL)


def number(packet, index):
    """How a packet is known again: by a field that no rule looks at. Zero is no number."""
    return ("6" if ":" in packet["source"] else "4"), index + 1
