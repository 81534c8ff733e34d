"""What the measurements say: checks, and a table for people."""

from scenarios import SCENARIOS

CONTROL, PROVED = "none", "mediac"
FAMILIES = ("ipv4", "ipv6")


def leaked(result, family=None):
    """Packets that got out: the higher of the two counts, as what stays in the house is seen at one place only."""
    counted = [result[place] for place in ("house", "line")]
    return max(sum(one[f] for f in FAMILIES if family in (None, f)) for one in counted)


def checks(measured):
    """Of each row: what is wrong with it, its name, and what it showed."""
    for row, cells in measured.items():
        for column, result in cells.items():
            if "error" in result:
                yield "did not run", f"{row} with {column}", result["error"]
        whole = {column: result for column, result in cells.items() if "error" not in result}
        if row == "works":
            yield from (("" if works else "does not", name, "works") for name, works in whole.get(PROVED, {}).get("works", {}).items())
        elif PROVED in whole:
            shown = ", ".join(f"{column} {_shown(result)}" for column, result in whole.items())
            yield _fault(whole, **SCENARIOS[row][2]), row, shown


def _fault(cells, quiet=False, backed=True):
    """`quiet`: nothing leaks in any case. `backed`: the rules count what they drop."""
    if leaked(cells[PROVED]):
        return f"it leaks as {', '.join(cells[PROVED]['sources'])}"
    if quiet or CONTROL not in cells:
        return ""
    if not leaked(cells[CONTROL]):
        return "without a kill-switch nothing leaks either: nothing was sent"
    return "" if cells[PROVED]["dropped"] or not backed else "no rule dropped anything"


def _shown(result):
    if "error" in result:
        return "error"
    four, six = (leaked(result, family) for family in FAMILIES)
    return f"{four}+{six}" if four or six else "0"


def table(measured, seconds):
    """Two tables, in Markdown."""
    rows = {row: cells for row, cells in measured.items() if row != "works"}
    columns = list(next(iter(measured.values())))
    lines = [
        "# The kill-switch, measured", "",
        f"`tests/killswitch/run --write`, all in one run of {seconds} s. A cell has the packets of a confined program that were seen outside of the",
        "tunnel, IPv4 + IPv6, at the host's interface or on the line to the provider. `none` is no kill-switch: it shows what was sent.",
        "`nordlynx` and `gluetun` are the rules of those images in the container, `docker-user` the usual recipe for Docker's chain,",
        "`mediac-rules` the two rulesets that mediac builds, `mediac` everything that it builds. Bridges have IPv6 here, as if somebody had switched it on.",
        "", _line(["what happens", *columns]), _line(["---", *["--:"] * len(columns)]),
    ]
    for row, cells in rows.items():
        shown = [_shown(result) for result in cells.values()]
        lines.append(_line([f"{SCENARIOS[row][0]} (`{row}`)", *(one if one == "0" else f"**{one}**" for one in shown)]))
    for family in FAMILIES:
        counts = [sum("error" not in cells[c] and leaked(cells[c], family) > 0 for cells in rows.values()) for c in columns]
        name = {"ipv4": "IPv4", "ipv6": "IPv6"}[family]
        lines.append(_line([f"leaks {name} in, of {len(rows)}", *map(str, counts)]))
    works = measured.get("works", {})
    if names := list(next((cell["works"] for cell in works.values() if "works" in cell), {})):
        lines += ["", _line(["must work", *columns]), _line(["---", *["---"] * len(columns)])]
        for name in names:
            answers = [works[column].get("works", {}).get(name) for column in columns]
            lines.append(_line([name, *("yes" if answer else "**no**" for answer in answers)]))
    return "\n".join(lines) + "\n"


def _line(words):
    return f"| {' | '.join(words)} |"
