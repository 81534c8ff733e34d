"""Everything that is declared is changed behind mediac's back, one after the other; then renamed, then deleted."""

import json

import hands


CHECKS = (
    ("every declared field, changed in the service", "fields"),
    ("every object that has a name, renamed in the service", "renamed"),
    ("every object that was made, deleted in the service", "deleted"),
    ("every declared field, changed in the definition", "defined"),
    ("a field changed in both", "both"),
    ("a secret with another value", "rotated"),
    ("objects that nobody declares any more", "pruned"),
    ("what others made is left alone", "others"),
    ("the last of Bazarr's languages, switched off", "last"),
    ("a library that comes later", "later"),
    ("a change in the service becomes a line of the host file", "adopted"),
)


def section(world, report):
    world.fresh()
    for name, act in CHECKS:
        report.check(name, lambda act=act: on_wired(world, globals()[act]))


def on_wired(world, act):
    world.reset()
    said = world.machine.wire("apply")
    assert said.code == 0, said
    return act(world)


def fields(world):
    tried = unseen = 0
    for field in hands.declared(world):
        before = world.snapshot()
        if not hands.change(world, field):
            unseen += 1
            continue
        _restored(world, field, before, "service")
        tried += 1
    assert tried > 60, tried
    return f"{tried} fields; {unseen} that nobody can read were left out"


def _restored(world, field, before, cause, code=0):
    said = world.machine.wire("plan")
    changes = said.changes
    assert list(changes) == [field.object], f"{field}: the plan has {list(changes)}\n{said}"
    found = {one["field"]: one["cause"] for one in changes[field.object]["fields"]}
    assert found == {field.name: cause}, f"{field}: {found}"
    world.forget_requests()
    said = world.machine.wire("apply")
    assert said.code == code, f"{field}: {said}"
    assert len(said.document["done"]) == 1, f"{field}: {said.document['done']}"
    if before is not None:
        before, after = hands.plain(before), hands.plain(world.snapshot())
        assert after == before, f"{field}: {difference(before, after)}"


def renamed(world):
    tried = 0
    for thing in hands.objects(world):
        before = hands.plain(world.snapshot())
        if not hands.rename(world, thing):
            continue
        said = world.machine.wire("plan")
        assert list(said.changes) == [thing.path], f"{thing}: {said}"
        assert said.changes[thing.path]["renamed_to"], f"{thing}: {said.changes}"
        said = world.machine.wire("apply")
        assert said.code == 0, f"{thing}: {said}"
        after = hands.plain(world.snapshot())
        assert after == before, f"{thing}: {difference(before, after)}"
        tried += 1
    assert tried > 6, tried
    return f"{tried} objects"


def deleted(world):
    tried = 0
    for thing in hands.objects(world):
        before = hands.plain(world.snapshot())
        if not hands.delete(world, thing):
            continue
        said = world.machine.wire("plan")
        changes = said.changes
        assert changes.get(thing.path, {}).get("action") == "make-again", f"{thing}: {said}"
        said = world.machine.wire("apply")
        assert said.code == 0, f"{thing}: {said}"
        after = hands.plain(world.snapshot())
        assert after == before, f"{thing}: {difference(before, after)}"
        said = world.machine.wire("plan", "--exit-code")
        assert said.code == 0, f"{thing}: {said}"
        tried += 1
    assert tried > 10, tried
    return f"{tried} objects"


def defined(world):
    tried, before = 0, world.snapshot()
    for field in hands.declared(world):
        wanted = hands.other(field.value, field)
        if wanted is None:
            continue
        world.machine.define(lambda services, field=field, wanted=wanted: hands.declare(services, field, wanted))
        said = world.machine.wire("plan")
        causes = {one["cause"] for change in said.changes.values() for one in change["fields"]}
        assert causes == {"definition"}, f"{field}: {said.changes}"
        # Not applied: not every service takes any value.
        world.machine.restore()
        tried += 1
    said = world.machine.wire("plan", "--exit-code")
    assert said.code == 0, said
    assert world.snapshot() == before, "a plan changed something"
    return f"{tried} fields"


def both(world):
    field = next(one for one in hands.declared(world) if one.object == "qbittorrent/preferences" and one.name == "listen_port")
    before = world.snapshot()
    assert hands.change(world, field)
    world.machine.define(lambda services: hands.declare(services, field, 6999))
    _restored(world, field, None, "both")
    world.machine.restore()
    _restored(world, field, before, "definition")


def rotated(world):
    before = world.snapshot()
    secret = world.machine.root / "run/mediac/wire/radarr/api_key"
    old = secret.read_text()
    # As Radarr has it after a start with another key.
    secret.write_text("f" * 32)
    world.services["radarr"].api_key = "f" * 32
    said = world.machine.wire("plan")
    changed = {name for name, change in said.changes.items() for field in change["fields"] if "api" in field["field"].lower()}
    assert changed == {"bazarr/settings", "jellyseerr/radarr/radarr", "prowlarr/applications/radarr"}, said
    assert "f" * 32 not in said.text, said
    said = world.machine.wire("apply")
    assert said.code == 0, said
    secret.write_text(old)
    world.services["radarr"].api_key = old.strip()
    said = world.machine.wire("apply")
    assert said.code == 0, said
    assert world.snapshot() == before, difference(before, world.snapshot())
    return f"{len(changed)} services are told"


def pruned(world):
    before = hands.plain(world.snapshot())
    named = {"sonarr/tags/anime", "qbittorrent/categories/comics", "radarr/remote_paths/there"}

    def more(services):
        services["sonarr"]["wiring"]["tags"] = {"anime": {}}
        services["qbittorrent"]["wiring"]["categories"]["comics"] = {"savePath": "/srv/ssd/downloads/complete/comics"}
        services["radarr"]["wiring"]["remote_paths"] = {
            "there": {"host": "qbittorrent", "remotePath": "/there", "localPath": "/srv/hdd/media/movies"}}

    world.machine.define(more)
    said = world.machine.wire("apply")
    assert said.code == 0 and set(said.changes) == named, said
    world.machine.restore()
    said = world.machine.wire("plan", "--exit-code")
    assert said.code == 0, said
    left = {f"{service}/{name}" for service, about in said.document["services"].items() for name in about["undeclared"]}
    assert left == named, left
    said = world.machine.wire("plan", "--prune")
    assert {name: change["action"] for name, change in said.changes.items()} == dict.fromkeys(named, "remove"), said
    said = world.machine.wire("apply", "--prune")
    assert said.code == 0, said
    assert hands.plain(world.snapshot()) == before, difference(before, hands.plain(world.snapshot()))
    world.machine.restore()
    return f"{len(named)} objects are shown, and go only when asked"


def others(world):
    sonarr = world.services["sonarr"]
    with sonarr.lock:
        sonarr.state["tags"].append({"id": 900, "label": "mine"})
    before = world.snapshot()
    for words in ([], ["--prune"]):
        said = world.machine.wire("apply", *words)
        assert said.code == 0 and not said.document["done"], said
    assert world.snapshot() == before
    with sonarr.lock:
        sonarr.state["tags"].pop()


def last(world):
    before = world.snapshot()
    world.machine.define(lambda services: services["bazarr"]["wiring"]["languages"]["en"].update(enabled=False))
    said = world.machine.wire("apply")
    assert said.code == 0, said
    assert world.snapshot()["bazarr"]["enabled"] == [], said
    world.machine.restore()
    said = world.machine.wire("apply")
    assert said.code == 0 and world.snapshot() == before, said


def later(world):
    seerr = world.services["jellyseerr"]

    def more(services):
        libraries = services["plex"]["wiring"]["libraries"]
        libraries["Documentaries"] = {**libraries["Movies"], "location": "/srv/hdd/media/homevideo"}
        services["jellyseerr"]["wiring"]["libraries"]["Documentaries"] = {
            "enabled": True, "id": "mediac-made(plex/libraries/Documentaries:key)"}

    world.machine.define(more)
    said = world.machine.wire("apply")
    assert said.code == 0, said
    assert [deed["what"] for deed in said.document["done"]] == ["libraries/Documentaries", "libraries"], said
    looked_at = {one["name"] for one in seerr.state["plex"]["libraries"] if one["enabled"]}
    assert looked_at == {"Movies", "TV Shows", "Documentaries"}, looked_at
    said = world.machine.wire("apply")
    assert said.code == 0 and not said.document["done"], said
    world.machine.restore()


def adopted(world):
    field = next(one for one in hands.declared(world) if one.object == "sonarr/naming")
    before = world.snapshot()
    assert hands.change(world, field)
    said = world.machine.wire("plan", "--adopt", json=False)
    line = 'services.sonarr.wiring.naming.renameEpisodes = false,\n'
    assert said.out == line, said
    world.machine.define(lambda services: hands.declare(services, field, False))
    said = world.machine.wire("plan", "--exit-code")
    assert said.code == 0, said
    world.machine.restore()
    said = world.machine.wire("apply")
    assert said.code == 0 and world.snapshot() == before, said


def difference(before, after, place=""):
    """The first places where two snapshots differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        found = [difference(before.get(key), after.get(key), f"{place}/{key}") for key in sorted({*before, *after}, key=str)]
        return "\n".join(filter(None, found))
    if before == after:
        return ""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        found = [difference(one, other, f"{place}[{at}]") for at, (one, other) in enumerate(zip(before, after))]
        return "\n".join(filter(None, found))
    return f"{place}: {json.dumps(before)[:300]} -> {json.dumps(after)[:300]}"


