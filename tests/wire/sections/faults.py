"""Each service down, slow, restarting and failing, at each request in turn: the next run finishes, and nothing is doubled."""

import os

import hands
from sections.drift import difference

KINDS = ("drop", "middle", "restart", "500", "503", "slow", "hang")
# What may have been done without anybody hearing of it.
LOST = ("after", "drop")
QUICK = {"wait": 3, "timeout": 2}


def section(world, report):
    world.fresh()
    reference, counts, writes = _reference(world)
    for name in sorted(world.services):
        report.check(f"{name} down for a whole run", lambda name=name: down(world, name, reference))
    every = os.environ.get("MEDIAC_WIRE_ALL") == "1"
    for name in sorted(world.services):
        cases = _cases(counts[name], writes[name], every)
        report.check(f"{name} failing once, at each of its {counts[name]} requests",
                     lambda name=name, cases=cases: failing(world, name, cases, reference))
    report.check("every service slow", lambda: slow(world, reference))


def _reference(world):
    """What a run without a fault leaves, how many requests each service gets, and which of them write."""
    said = world.machine.wire("apply", **QUICK)
    assert said.code == 0, said
    counts = {name: len(service.requests) for name, service in world.services.items()}
    writes = {name: {at for at, one in enumerate(service.requests, 1) if one[2]} for name, service in world.services.items()}
    return hands.plain(world.snapshot()), counts, writes


def _cases(count, writes, every):
    """Which request fails, and how: all ways, or one after the other, and what may be lost at each that writes."""
    for at in range(1, count + 1):
        kinds = KINDS if every else (KINDS[at % len(KINDS)],)
        for kind in dict.fromkeys((*kinds, *(LOST if at in writes else ()))):
            yield at, kind


def _said_well(world, said, what):
    assert said.code in (0, 1, 5), f"{what}: {said}"
    assert "internal error" not in said.text and "panic" not in said.text, f"{what}: {said}"
    assert not world.machine.leaks(said.text), f"{what}: {world.machine.leaks(said.text)} in {said}"
    assert (said.code != 0) == bool(said.document["left"]), f"{what}: {said}"


def _finished(world, reference, what):
    world.forget_requests()
    said = world.machine.wire("apply", **QUICK)
    assert said.code == 0, f"{what}, the next run: {said}"
    after = hands.plain(world.snapshot())
    assert after == reference, f"{what}: {difference(reference, after)}"
    if not said.document["writes"] and not world.writes():
        # Nothing was left for it to do: then it is the run after already. What came late, of a run that had not waited for it,
        # is none of this one's.
        return
    world.forget_requests()
    said = world.machine.wire("apply", **QUICK)
    assert said.code == 0 and not world.writes(), f"{what}, the run after: {world.writes()} {said}"


def down(world, name, reference):
    world.reset()
    world.services[name].stop()
    said = world.machine.wire("apply", wait=1, timeout=2)
    _said_well(world, said, "down")
    assert said.code == 5 and name in said.document["left"], said
    done = {deed["service"] for deed in said.document["done"] if not deed["failed"]}
    idle = {other for other in world.services if other not in done and other != name}
    # What others need of it waits; all the rest is done.
    waits = {other for other in idle if f"mediac-made({name}/" in str(world.machine.wiring["services"][other]) or
             other == "jellyseerr" and name == "plex"}
    assert idle <= waits, f"{idle - waits} waited for nothing: {said}"
    world.services[name].start()
    _finished(world, reference, "down")
    return f"{len(done)} others were wired meanwhile"


def failing(world, name, cases, reference):
    tried = at_once = 0
    for at, kind in cases:
        what = f"{kind} at request {at}"
        world.reset()
        world.services[name].break_with(lambda count, _request, at=at, kind=kind: kind if count == at else None)
        said = world.machine.wire("apply", **QUICK)
        _said_well(world, said, what)
        world.services[name].break_with(None)
        at_once += said.code == 0
        _finished(world, reference, what)
        tried += 1
    return f"{tried} runs, {at_once} of them finished all the same"


def slow(world, reference):
    world.reset()
    for service in world.services.values():
        service.delay = 0.3
    said = world.machine.wire("apply", wait=3, timeout=10)
    assert said.code == 0, said
    world.heal()
    _finished(world, reference, "slow")
