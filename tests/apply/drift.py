"""What was applied last, what is on the disk, what is wanted: every combination, on the program itself.

The table is written by hand, from the rules and not from the program:
  .  it stays: it is as wanted, or nobody wants it     w  it is written, as nothing is lost by that     r  it is removed
  d  edited, and nothing new is wanted: it stays and is told     e  edited, and something new is wanted: refused
  f  not mediac's: refused     k  of another kind: refused, whatever is asked for
`--drift keep` keeps e as well, `--drift overwrite` saves and writes d and e, `--adopt` saves and writes f.
"""

import json

import builds
from world import STATE, USERS, File, Folder, Link, Machine, lay, target

DISK = ["absent", "A", "B", "link", "folder", "mode"]
# What mediac can have made, and can be asked for; it makes no links.
MADE = {
    "absent": None,
    "A": builds.Entry("A\n"),
    "B": builds.Entry("B\n"),
    "folder": builds.folder(),
    "mode": builds.Entry("A\n", 0o600),
}
FOUND = {
    "A": File(0o644, 0, 0, b"A\n"),
    "B": File(0o644, 0, 0, b"B\n"),
    "link": Link("elsewhere"),
    "folder": Folder(0o755, 0, 0),
    "mode": File(0o600, 0, 0, b"A\n"),
}
# By what was last and what is wanted; the letters are for what is on the disk, in the order of DISK.
TABLE = {
    ("absent", "absent"): "......",
    ("absent", "A"): "w.ffkf",
    ("absent", "B"): "wf.fkf",
    ("absent", "folder"): "wkkk.k",
    ("absent", "mode"): "wfffk.",
    ("A", "absent"): ".r....",
    ("A", "A"): "w.ddkd",
    ("A", "B"): "ww.eke",
    ("A", "folder"): "wkkk.k",
    ("A", "mode"): "wweek.",
    ("B", "absent"): "..r...",
    ("B", "A"): "w.weke",
    ("B", "B"): "wd.dkd",
    ("B", "folder"): "wkkk.k",
    ("B", "mode"): "wewek.",
    ("folder", "absent"): "......",
    ("folder", "A"): "w.eeke",
    ("folder", "B"): "we.eke",
    ("folder", "folder"): "wkkk.k",
    ("folder", "mode"): "weeek.",
    ("mode", "absent"): ".....r",
    ("mode", "A"): "w.eekw",
    ("mode", "B"): "we.ekw",
    ("mode", "folder"): "wkkk.k",
    ("mode", "mode"): "wdddk.",
}
# A file that is its program's once it is there.
SEEDS = {(last, new): "......" if new == "absent" else "w..kk." for last in MADE for new in MADE if "folder" not in (last, new)}
POLICIES = {
    "fail": ([], {}),
    "keep": (["--drift", "keep"], {"e": "d"}),
    "overwrite": (["--drift", "overwrite"], {"e": "o", "d": "o"}),
    "adopt": ([], {"f": "o"}),
}
MARKS = {".": None, "w": "+~", "r": "-", "d": "!", "o": "~", "e": "x", "f": "x", "k": "x"}
REFUSED = "efk"


def cells():
    """Kept how, last, disk, new, letter."""
    for kept, table in (("owned", TABLE), ("seed", SEEDS)):
        for (last, new), letters in table.items():
            for disk, letter in zip(DISK, letters, strict=True):
                yield kept, last, disk, new, letter


def path(cell):
    kept, last, disk, new, _ = cell
    return f"/cells/{kept}-{last}-{disk}-{new}/it"


def build(folder, chosen, which):
    entries = {"/cells/some": builds.Entry("some\n")}
    for cell in chosen:
        entry = MADE[cell[which]]
        if entry is not None:
            kept = "dir" if entry.text is None else cell[0]
            entries[path(cell)] = builds.Entry(entry.text, entry.mode, entry.owner, kept)
    return builds.write(folder, entries)


def outcome(cell, letter):
    """What is at a path afterwards."""
    _, _, disk, new, _ = cell
    if letter in "wo":
        return FOUND[new]
    return None if letter == "r" else FOUND.get(disk)


def marks(text):
    return {change["path"]: change["change"] for change in json.loads(text)["changes"]}


def trial(machine, name, all_cells, before, base):
    """One policy: the plan of all cells, an apply that is refused, one that is not, and that again."""
    options, settled = POLICIES[name]
    letters = {cell: settled.get(cell[4], cell[4]) for cell in all_cells}
    options = options + [word for cell in all_cells if name == "adopt" for word in ("--adopt", path(cell))]
    everything = build(base / f"{name}-all", all_cells, 3)
    fine = [cell for cell in all_cells if letters[cell] not in REFUSED]
    rest = build(base / f"{name}-fine", fine, 3)
    lay(machine.root, before)
    wrong = []
    shown = marks(machine.run("plan", "--from", everything, "--json", *options).stdout)
    for cell in all_cells:
        wanted, mark = MARKS[letters[cell]], shown.get(path(cell))
        if mark != wanted and (mark is None or wanted is None or mark not in wanted):
            wrong.append(f"{name} {path(cell)}: the plan says {mark}, not {wanted}")
    done = machine.run("apply", "--from", everything, "--yes", *options)
    if done.returncode != 3 or target(machine.look()) != target(before):
        wrong.append(f"{name}: not refused, or something was done: {done.returncode}")
    # What is refused is in the way of all: without it.
    lay(machine.root, without(before, set(all_cells) - set(fine)))
    done = machine.run("apply", "--from", rest, "--yes", *options)
    tree = machine.look()
    if done.returncode:
        return [*wrong, f"{name}: exit {done.returncode}: {done.stderr[-300:]}"]
    saved = [entry._replace(mode=0) if isinstance(entry, File) else entry
             for place, entry in tree.items() if place.startswith(f"{STATE}/backups/")]
    for cell in fine:
        has, wanted = tree.get(path(cell)), outcome(cell, letters[cell])
        if has != wanted:
            wrong.append(f"{name} {path(cell)}: {has}, not {wanted}")
        was = before.get(path(cell))
        if letters[cell] == "o" and (was._replace(mode=0) if isinstance(was, File) else was) not in saved:
            wrong.append(f"{name} {path(cell)}: written over, and not saved: {was}")
    again = machine.run("apply", "--from", rest, "--yes", *options)
    if again.returncode or target(machine.look()) != target(tree):
        wrong.append(f"{name}: the second apply changed something")
    return wrong


def without(tree, chosen):
    paths = {path(cell) for cell in chosen if cell[1] == "absent"}
    return {place: entry for place, entry in tree.items() if place not in paths}


def section(crew):
    base = crew.folder / "drift"
    base.mkdir()
    machine = Machine(crew.mediac, base / "machine")
    all_cells = list(cells())
    folders = {"/cells": Folder(0o755, 0, 0)} | {path(cell).rsplit("/", 1)[0]: Folder(0o755, 0, 0) for cell in all_cells}
    lay(machine.root, USERS | folders)
    machine.must("apply", "--from", build(base / "last", all_cells, 1), "--yes")
    before = machine.look()
    for cell in all_cells:
        before.pop(path(cell), None)
        if cell[2] != "absent":
            before[path(cell)] = FOUND[cell[2]]
    owned = sum(cell[0] == "owned" for cell in all_cells)
    for name in POLICIES:
        wrong = trial(machine, name, all_cells, before, base)
        shown = f"{owned} cells, {len(all_cells) - owned} of seeds, 66 that no build can have (links), {len(wrong)} wrong"
        yield f"drift-{name}", shown, wrong
