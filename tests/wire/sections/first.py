"""Bare services become wired ones with one command; after that nothing is left to do."""

import claims


def section(world, report):
    world.fresh()
    report.check("bare services are wired with one command", lambda: bare(world))
    report.check("a second run sends no request that writes", lambda: second(world))
    report.check("the plan of a wired host is empty", lambda: planned(world))
    report.check("without what was noted, nothing is written either", lambda: forgotten(world))


def bare(world):
    before = world.machine.wire("plan")
    assert before.code in (0, 1), before
    said = claims.wired(world.machine)
    document = said.document
    claims.violations(world.services)
    made = [f"{deed['service']}: {deed['what']}" for deed in document["done"]]
    for line in made:
        print(f"     {line}")
    declared = world.machine.wiring["services"]
    missing = [
        f"{service}/{resource}" for service, about in declared.items() for resource in about.get("wiring", {})
        if resource not in str(document["services"][service]) and not document["services"][service]["steps"]
    ]
    assert not missing, missing
    leaked = world.machine.leaks(before.text + said.text)
    assert not leaked, leaked
    return f"{len(made)} things were done"


def second(world):
    said = claims.settled(world.machine, world.services)
    fine = sum(len(found["fine"]) for found in said.document["services"].values())
    return f"{fine} objects, {sum(len(service.requests) for service in world.services.values())} requests that read"


def planned(world):
    said = world.machine.wire("plan", "--exit-code")
    assert said.code == 0, said
    assert not said.changes, said.changes
    text = world.machine.wire("plan", json=False).out
    assert "nothing to do" in text, text


def forgotten(world):
    world.machine.forget()
    world.forget_requests()
    said = world.machine.wire("plan")
    # What nobody can read is not known any more, and all the rest is as declared.
    others = [
        f"{name}: {field}" for name, change in said.changes.items() for field in change["fields"]
        if field["cause"] != "unseen"
    ]
    assert not others, others
    said = world.machine.wire("apply")
    assert said.code == 0, said
    return f"{len(said.document['done'])} objects were sent again, for their secrets"
