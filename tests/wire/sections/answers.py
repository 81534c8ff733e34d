"""Answers that are none: each is told for what it is, with the service's name, and never with a secret."""

# How a service answers everything, and what has to be said of it.
WRONG = {
    "401": "does not accept the login", "403": "does not accept the login", "html": "a web page instead of JSON",
    "text": "other text instead of JSON | it gives no cookie", "login": "leads to `/login?returnUrl=/`", "huge": "more than 16 MB",
    "garbage": "does not speak HTTP", "500": "cannot do it now", "drop": "the connection broke",
    "middle": "the connection broke", "hang": "did not answer in time",
}


def section(world, report):
    world.fresh()
    for kind, words in WRONG.items():
        report.check(f"each service answering everything with {kind}", lambda kind=kind, words=words: wrong(world, kind, words))
    report.check("a wrong port", lambda: port(world))
    report.check("a wrong key", lambda: key(world))
    report.check("a secret without a value", lambda: secret(world))
    report.check("a refusal in the service's own words, without the secret in them", lambda: refused(world))


def wrong(world, kind, words):
    longest = 0.0
    for name, service in sorted(world.services.items()):
        world.reset()
        for verb in ("plan", "apply"):
            _break(service, kind)
            said = world.machine.wire(verb, wait=1, timeout=2)
            _told(world, said, name, words, verb)
            longest = max(longest, said.seconds)
        _break(service, kind)
        human = world.machine.wire("plan", wait=1, timeout=2, json=False)
        assert name in human.out and any(one in human.out for one in words.split(" | ")) and "help:" in human.out, human
    assert longest < 25, f"{longest:.0f} s"
    return f"{len(world.services)} services; at most {longest:.1f} s"


def _break(service, kind):
    """It answers that it is there: what is wrong comes after that."""
    service.break_with(lambda count, _request: None if count == 1 else kind)


def _told(world, said, name, words, verb):
    assert said.code == 1 if verb == "plan" else said.code in (1, 5), f"{name}: {said}"
    about = said.document["services"][name]
    faults = [about["trouble"], *about["unread"].values()]
    faults += [deed["failed"] for deed in said.document["done"] if deed["service"] == name]
    told = [fault for fault in faults if fault and any(one in fault["message"] for one in words.split(" | "))]
    assert told, f"{name}: nothing says that it {words}: {said}"
    assert all(fault["help"] for fault in told), told
    assert "internal error" not in said.text and not world.machine.leaks(said.text), said


def port(world):
    world.reset()
    world.machine.define(lambda services: services["sonarr"].update(url="http://127.0.0.1:9"))
    said = world.machine.wire("plan", wait=0)
    _told(world, said, "sonarr", "nothing listens there", "plan")
    world.machine.restore()


def key(world):
    for name, secret_name in (("sonarr", "sonarr/api_key"), ("qbittorrent", "qbittorrent/password"), ("plex", "plex/token")):
        world.reset()
        place = world.machine.root / "run/mediac/wire" / secret_name
        right = place.read_text()
        place.write_text("not-this-one-at-all")
        world.forget_requests()
        said = world.machine.wire("apply", wait=1)
        place.write_text(right)
        _told(world, said, name, "does not accept the login", "apply")
        assert "not-this-one" not in said.text, said
        # Whoever tries too often is shut out.
        tries = len([one for one in world.services[name].requests if one[3] in (401, 403) or "login" in one[1]])
        # Whoever talks to it tries as well: Sonarr and Radarr, or Prowlarr.
        assert tries <= {"qbittorrent": 3, "sonarr": 2}.get(name, 1), f"{name} was tried {tries} times"


def secret(world):
    world.reset()
    place = world.machine.root / "run/mediac/wire/plex/token"
    value = place.read_text()
    place.unlink()
    said = world.machine.wire("apply", wait=1)
    place.write_text(value)
    _told(world, said, "plex", "the secret plex/token has no value here", "apply")


def refused(world):
    world.reset()
    sonarr = world.services["sonarr"]
    value = world.machine.secrets["qbittorrent/password"]

    def echo(request, answer=sonarr.answer):
        from standin.base import Refused  # noqa: PLC0415

        if request.method == "POST" and request.path.endswith("/downloadclient"):
            raise Refused(400, [{"propertyName": "Password", "errorMessage": f"`{value}` is too short"}])
        return answer(request)

    sonarr.answer = echo
    said = world.machine.wire("apply", wait=1)
    del sonarr.answer
    assert said.code == 5, said
    failed = [deed["failed"]["message"] for deed in said.document["done"] if deed["failed"]]
    assert any("Password: `[secret qbittorrent/password]` is too short" in one for one in failed), failed
    assert not world.machine.leaks(said.text), said
