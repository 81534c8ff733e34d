"""Faults of the protocol, as runs that had them would have been recorded."""

from dataclasses import replace

from recording import changed
from world import STATE, File, Folder

JOURNAL, GENERATIONS = f"{STATE}/journal.json", f"{STATE}/generations"


def without(what):
    """The run without some of its ops."""
    return lambda run: changed(run, [op for op in run.ops if not what(run, op)])


def is_folder(run, op):
    return isinstance(run.nodes.get(op.node), Folder)


def in_state(op):
    return op.path == STATE or op.path.startswith(f"{STATE}/")


def folder_sync(run, op):
    return op.kind == "sync" and is_folder(run, op)


def file_sync(run, op):
    return op.kind == "sync" and not is_folder(run, op)


def journal_writes(run):
    """Where each write of the journal begins and ends: from its file to the sync of its folder."""
    found, begin = [], None
    for index, op in enumerate(run.ops):
        if op.kind == "entry" and op.path == f"{STATE}/.journal.json" and op.changes[0][1] is not None:
            begin = index
        if begin is not None and op.kind == "sync" and op.path == STATE:
            found.append((begin, index + 1))
            begin = None
    return found


def move_journal(which, before_target):
    """A write of the journal before all that is done to the target, or after it."""
    def moved(run):
        begin, end = journal_writes(run)[which]
        write, rest = run.ops[begin:end], run.ops[:begin] + run.ops[end:]
        places = [index for index, op in enumerate(rest) if not in_state(op)]
        place = places[0] if before_target else places[-1] + 1
        return changed(run, rest[:place] + write + rest[place:])
    return moved


def in_place(run, chosen):
    """The content goes straight into the file that is there: no temporary name, no rename."""
    ops = []
    for op in run.ops:
        old = existing(run, op.path) if op.kind == "entry" and len(op.changes) == 2 and chosen(op.path) else None
        if not isinstance(run.nodes.get(old), File):
            ops.append(op)
            continue
        (aside, _), (_, new) = op.changes
        # What was done to the other file was done to this one.
        ops = [earlier for earlier in ops if (aside, new) not in earlier.changes]
        ops = [replace(earlier, node=old) if earlier.node == new else earlier for earlier in ops]
    return changed(run, ops)


def existing(run, path):
    """The node that is at a path before the run."""
    number = 0
    for name in path.strip("/").split("/"):
        number = run.entries.get(number, {}).get(name)
        if number is None:
            return None
    return number


def first_journal_sync(run):
    begin, end = journal_writes(run)[0]
    return changed(run, run.ops[: end - 1] + run.ops[end:])


def build_sync_last(run):
    """The build is the machine's before its files are on the disk."""
    end = journal_writes(run)[-1][1]
    late = [op for op in run.ops if op.kind == "sync" and op.path.startswith(f"{GENERATIONS}/.")]
    return changed(run, [op for op in run.ops[:end] if op not in late] + late + run.ops[end:])


def target_sync_last(run):
    """The folders of the target are synced when the build is the machine's already."""
    late = [op for op in run.ops if folder_sync(run, op) and not in_state(op)]
    end = journal_writes(run)[-1][1]
    early = [op for op in run.ops[:end] if op not in late]
    return changed(run, early + late + run.ops[end:])


def syncs(of, where):
    """Syncs of `folders` or `files` at places."""
    kinds = {"folders": folder_sync, "files": file_sync, "all": lambda run, op: op.kind == "sync"}
    places = {
        "anywhere": lambda op: True,
        "target": lambda op: not in_state(op),
        "build": lambda op: op.path.startswith(f"{GENERATIONS}/."),
        "builds": lambda op: op.path == GENERATIONS,
        "saved": lambda op: op.path.startswith(f"{STATE}/backups"),
        "journal": lambda op: "journal" in op.path,
    }
    return without(lambda run, op: kinds[of](run, op) and places[where](op))


# What it is, the scenario that has it, and how.
MUTANTS = [
    ("no folder is synced", "update", syncs("folders", "anywhere")),
    ("no file is synced", "update", syncs("files", "anywhere")),
    ("nothing is synced", "first", syncs("all", "anywhere")),
    ("no folder of the target is synced", "update", syncs("folders", "target")),
    ("no file of the target is synced", "update", syncs("files", "target")),
    ("files of the build are not synced", "first", syncs("files", "build")),
    ("folders of the build are not synced", "first", syncs("folders", "build")),
    ("the folder of the builds is not synced", "update", syncs("folders", "builds")),
    ("the build is synced after the end", "first", build_sync_last),
    ("what was saved is not synced", "update", syncs("all", "saved")),
    ("the journal comes after the files", "update", move_journal(0, before_target=False)),
    ("the end comes before the files", "update", move_journal(-1, before_target=True)),
    ("the journal's content is not synced", "update", syncs("files", "journal")),
    ("the journal's name is not synced at first", "update", first_journal_sync),
    ("the journal is written in place", "update", lambda run: in_place(run, lambda path: path == JOURNAL)),
    ("files are written in place", "update", lambda run: in_place(run, lambda path: not path.startswith(STATE))),
    ("the target is synced after the end", "update", target_sync_last),
    ("undoing: the journal is cleared first", "recover", move_journal(-1, before_target=True)),
    ("undoing: no folder is synced", "recover", syncs("folders", "target")),
    ("undoing: no file is synced", "recover", syncs("files", "target")),
    ("going back: the end comes before the files", "rollback", move_journal(-1, before_target=True)),
]
