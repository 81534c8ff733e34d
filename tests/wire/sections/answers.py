"""Answers that are none: each is told for what it is, with the service's name, and never with a secret."""

import re
import subprocess

import claims
from real import Program

# How a service answers everything, and what has to be said of it.
WRONG = {
    "401": "does not accept the login", "403": "does not accept the login", "html": "a web page instead of JSON",
    "text": "other text instead of JSON | it gives no cookie", "login": "leads to `/login?returnUrl=/`", "huge": "more than 16 MB",
    "garbage": "does not speak HTTP", "500": "cannot do it now", "drop": "the connection broke",
    "middle": "the connection broke", "hang": "did not answer in time",
}


def section(world, report):
    world.fresh()
    for at, (kind, words) in enumerate(WRONG.items()):
        report.check(f"all services answering everything with {kind}", lambda kind=kind, words=words: wrong(world, kind, words))
        alone = sorted(world.services)[at % len(world.services)]
        report.check(f"{alone} answering everything with {kind}, alone",
                     lambda kind=kind, words=words, alone=alone: one(world, alone, kind, words))
    report.check("a wrong port", lambda: port(world))
    report.check("a port that speaks TLS", lambda: tls(world))
    report.check("a wrong key", lambda: key(world))
    report.check("a secret without a value", lambda: secret(world))
    report.check("a refusal in the service's own words, without the secret in them", lambda: refused(world))


def wrong(world, kind, words):
    """Each is told apart in one plan, for programs and for people."""
    world.reset()
    _break(world.services.values(), kind)
    said = world.machine.wire("plan", wait=1, timeout=2)
    for name in world.services:
        _told(world, said, name, words, "plan")
    _break(world.services.values(), kind)
    human = world.machine.wire("plan", wait=1, timeout=2, json=False)
    # What begins a line is a service; what is about it is indented.
    headings = re.split(r"^(?=\S)", human.out, flags=re.MULTILINE)
    for name in world.services:
        mine = [part for part in headings if part.startswith(f"{name} (")]
        assert any(any(word in part for word in words.split(" | ")) and "help:" in part for part in mine), f"{name}: {human}"
    assert said.seconds < 25, said.seconds
    return f"{len(world.services)} services"


def one(world, name, kind, words):
    """The others are wired meanwhile, and it is when it answers again."""
    world.reset()
    _break([world.services[name]], kind)
    said = world.machine.wire("apply", wait=1, timeout=2)
    _told(world, said, name, words, "apply")
    assert said.seconds < 25, said.seconds
    world.heal()
    done = {deed["service"] for deed in said.document["done"] if not deed["failed"]}
    assert done - {name}, said
    claims.wired(world.machine)
    return f"{len(done - {name})} others were wired"


def _break(services, kind):
    """They answer that they are there: what is wrong comes after that."""
    for service in services:
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


def tls(world):
    """Of Caddy, which answers plain HTTP there, and of OpenSSL, which hangs up."""
    world.reset()
    sonarr, said = world.services["sonarr"], []
    key, certificate = "/var/tmp/tls.key", "/var/tmp/tls.crt"
    subprocess.run(["chroot", world.sandbox.root, "openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=localhost",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    world.sandbox.path("/var/tmp/Caddyfile").write_text(
        "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
        f"https://127.0.0.1:{sonarr.port} {{\n\ttls {certificate} {key}\n}}\n")
    servers = (["caddy", "run", "--config", "/var/tmp/Caddyfile"],
               ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{sonarr.port}", "-cert", certificate, "-key", key])
    sonarr.stop()
    try:
        for server in servers:
            program = Program(world.sandbox, server, sonarr.port).start()
            try:
                answer = world.machine.wire("plan", wait=1, timeout=3)
            finally:
                program.stop()
            _told(world, answer, "sonarr", "speaks TLS there", "plan")
            said.append(server[0])
    finally:
        sonarr.start()
    return " and ".join(said)


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
