"""What has to be so of every host that is wired."""


def wired(machine, **words):
    """Wires it, with nothing left, failed or untested; returns what was said."""
    said = machine.wire("apply", **words)
    assert said.code == 0, said
    assert not said.document["left"], said.document["left"]
    failed = [deed for deed in said.document["done"] if deed["failed"] or deed["untested"]]
    assert not failed, failed
    return said


def settled(machine, services):
    """A second run sends nothing that writes; returns what was said."""
    for service in services.values():
        service.forget()
    said = machine.wire("apply")
    assert said.code == 0, said
    assert not said.document["done"], said.document["done"]
    assert not said.document["writes"], said.document["writes"]
    written = {name: found for name, service in services.items() if (found := service.writes())}
    assert not written, written
    return said


def violations(services):
    """What the stand-ins found that no real service would take."""
    found = [f"{name}: {one}" for name, service in services.items() for one in getattr(service, "violations", [])]
    assert not found, "\n".join(found)
