"""Programs of Debian, and those that somebody has (see `genuine`): each starts on the seeds, is wired, changed by somebody else, and breaks."""

import http.client
import json
import subprocess
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlencode

import claims
import genuine
import hands
from harness import references
from house import compiled
from machine import Machine
from sections.genuine_kinds import KINDS
from standin import crew, plextv
from standin.base import Refused
from standin.relay import Relay
from standin.servarr_peers import default_reach

_LIBRARY = ("movies", "tv")
_FOLDERS = tuple(f"/srv/data/media/{folder}" for folder in _LIBRARY)
_BEHIND = 20000
_LONG = 4000


def section(world, report):
    for kind in sorted(KINDS):
        if not genuine.is_here(kind):
            print(f"   {kind}: left out, for MEDIAC_REAL_{kind.upper()} names no program")
            continue
        with tempfile.TemporaryDirectory() as folder:
            world.halt()
            stage = Stage(world, kind, Path(folder))
            try:
                for name, act in CHECKS:
                    if act in NEEDS and not NEEDS[act](stage):
                        continue
                    report.check(f"{kind}: {name}", lambda act=act: act(stage))
            finally:
                stage.stop()
                world.fresh()


class Stage:
    """A host with one real program, and stand-ins for the others."""

    def __init__(self, world, kind, folder):
        self.kind, self.about, self.folder = kind, KINDS[kind], folder
        program = world.machine.program
        host = compiled(program, folder, self.about.services, _LIBRARY)
        self.machine = Machine(program, folder / "root", host)
        ports = {name: self.machine.port(name) for name in self.machine.wiring["services"]}
        # What a program makes below /srv ends with the run, and names lead to where its host would have them.
        subprocess.run(["mount", "-t", "tmpfs", "none", "/srv"], check=True)
        genuine.known([*ports, plextv.NAME], folder)
        seeds = host / "srv/config"
        self.program = genuine.Genuine(kind, seeds / kind, folder, _BEHIND + ports[kind], world.sandbox)
        self.plextv = None
        if "plex" in ports:
            self.plextv = plextv.PlexTv(references.plain("plex", "token"), folder)
            self.program.environment["NODE_EXTRA_CA_CERTS"] = str(self.plextv.certificate)
        self.relay = Relay(kind, self.program.port, ports[kind], writes=self.about.writes)
        tested = lambda implementation, fields: default_reach(implementation, fields, hosts=ports)
        self.services = {kind: self.relay}
        for name in sorted(ports, key=lambda name: (name not in ("plex", "jellyfin"), name)):
            if name != kind:
                # What another one still says is as good as what it should say, up to the version that is declared.
                more = {"legacy": True} if name == "jellyfin" else {}
                self.services[name] = crew.make(name, name, ports[name], hosts=ports, reach=tested, folders=_FOLDERS,
                                                others=self.services, specs=world.specs, seeds=seeds, **more)

    def stop(self):
        self.program.stop()
        if self.plextv:
            self.plextv.stop()
        for service in self.services.values():
            service.stop()
        genuine.unknown()
        subprocess.run(["umount", "--lazy", "/srv"], check=True)

    def bare(self):
        """The program as after its first start, and nothing wired."""
        self.program.fresh()
        self.machine.restore()
        self.machine.forget()
        self.relay.break_with(None)

    def resources(self):
        return self.machine.wiring["services"][self.kind]["api"]["resources"]

    def somebody(self, change, *words):
        """What the definition would be if it were as `change` makes it is so in the service now."""
        other = self.machine.twin(self.folder / "other")
        # Somebody removes what others made as well.
        noted = other.root / "var/lib/mediac/wired.json"
        noted.write_text(noted.read_text().replace('"other"', '"mediac"'))
        other.define(lambda services: change(services))
        return other.wire("apply", *words, timeout=4)


def seeded(stage):
    """It starts on the seeds, starts again, and has all that they say."""
    stage.bare()
    stage.program.restart()
    tried, lost = 0, []
    for seed in stage.program.files():
        place = seed.relative_to(stage.program.seeds)
        said = hands.read(place, references.fill(seed.read_bytes()).decode())
        kept = hands.read(place, (stage.program.config / place).read_text())
        tried += len(said)
        # The port is another one here.
        lost += [f"{place}: {name} was {value!r}, is {kept.get(name)!r}" for name, value in said.items()
                 if kept.get(name) != value and str(kept.get(name)) != str(stage.program.port)]
    assert not lost, "\n".join(lost)
    return f"{tried} settings"


def login(stage):
    password = references.plain(stage.kind, "password")
    assert stage.about.login(stage.program.port, password), "the seeded password does not let one in"
    assert not stage.about.login(stage.program.port, "no-such"), "any password lets one in"


def first(stage):
    stage.bare()
    before = stage.machine.wire("plan")
    said = claims.wired(stage.machine, wait=30)
    claims.violations(stage.services)
    leaked = stage.machine.leaks(before.text + said.text)
    assert not leaked, leaked
    mine = [deed["what"] for deed in said.document["done"] if deed["service"] == stage.kind]
    return ", ".join(mine)


def second(stage):
    said = claims.settled(stage.machine, {stage.kind: stage.relay})
    about = said.document["services"][stage.kind]
    assert not about["rewritten"], about["rewritten"]
    return f"{len(about['fine'])} objects, {len(stage.relay.requests)} requests that read"


def peers(stage):
    """With the addresses and keys that it was given."""
    found = stage.about.knows(stage.program.port, references.plain(stage.kind, "api_key"))
    settings = stage.machine.wiring["services"][stage.kind]["wiring"].get("settings", {})
    assert found == set(settings) & set(stage.services), found
    return ", ".join(sorted(found))


def restarted(stage):
    stage.program.restart()
    return second(stage)


def forgotten(stage):
    stage.machine.forget()
    said = stage.machine.wire("apply")
    assert said.code == 0, said
    others = [f"{name}: {field}" for name, change in said.changes.items() for field in change["fields"]
              if field["cause"] != "unseen"]
    assert not others, others


def fields(stage):
    tried = []
    for field in hands.declared(stage):
        resource = stage.resources().get(field.thing.resource, {}) if field.thing.service == stage.kind else None
        if resource is None or field.place[-1] in (*resource.get("unread", []), *resource.get("masked", [])):
            continue
        wanted = stage.about.others.get(field.place[-1], hands.other(field.value))
        if wanted is None:
            continue
        said = stage.somebody(lambda services: hands.declare(services, field, wanted))
        _is_found(stage, field, said)
        said = stage.machine.wire("apply")
        assert said.code == 0 and len(said.document["done"]) == 1, f"{field}: {said}"
        said = stage.machine.wire("plan", "--exit-code")
        assert said.code == 0 and not said.changes, f"{field}: {said}"
        tried.append(field)
    assert tried
    return f"{len(tried)} fields"


def _is_found(stage, field, before):
    said = stage.machine.wire("plan")
    assert list(said.changes) == [field.object], f"{field}: the plan has {list(said.changes)}\n{said}\nafter {before}"
    found = {one["field"]: one["cause"] for one in said.changes[field.object]["fields"]}
    assert found == {field.name: "service"}, f"{field}: {found}"


def deleted(stage):
    tried = []
    for thing in hands.objects(stage):
        if thing.service != stage.kind or not thing.name or "delete" not in stage.resources()[thing.resource]:
            continue
        said = stage.somebody(lambda services: services[thing.service]["wiring"][thing.resource].pop(thing.name), "--prune")
        assert said.code == 0, f"{thing}: {said}"
        said = stage.machine.wire("plan")
        assert {name: change["action"] for name, change in said.changes.items()} == {thing.path: "make-again"}, f"{thing}: {said}"
        said = stage.machine.wire("apply")
        assert said.code == 0, f"{thing}: {said}"
        said = stage.machine.wire("plan", "--exit-code")
        assert said.code == 0, f"{thing}: {said}"
        tried.append(thing.path)
    return ", ".join(tried) or "nothing of it can be deleted"


def killed(stage):
    """The plug is pulled before and after each request that writes; the next run does what is left."""
    stage.bare()
    stage.relay.forget()
    claims.wired(stage.machine, wait=30)
    writes = len(stage.relay.writes())
    for at in range(1, writes + 1):
        for when in ("before", "after"):
            stage.bare()
            _pull(stage, at, when)
            said = stage.machine.wire("apply", wait=1, timeout=10)
            del stage.relay.answer
            assert "internal error" not in said.text and not stage.machine.leaks(said.text), said
            said = claims.wired(stage.machine, wait=60)
            stage.relay.forget()
            claims.settled(stage.machine, {stage.kind: stage.relay})
    return f"{2 * writes} times"


def _pull(stage, at, when):
    count, plain = [0], stage.relay.answer

    def answer(request):
        if not stage.relay.is_write(request):
            return plain(request)
        count[0] += 1
        if count[0] != at:
            return plain(request)
        found = plain(request) if when == "after" else None
        stage.program.kill()
        threading.Thread(target=stage.program.start, daemon=True).start()
        if found is None:
            raise Refused(502)
        return found

    stage.relay.forget()
    stage.relay.answer = answer


def key(stage):
    place = stage.machine.root / "run/mediac/wire" / stage.kind / "api_key"
    right = place.read_text()
    place.write_text("not-this-one-at-all")
    said = stage.machine.wire("plan", wait=0)
    place.write_text(right)
    _told(stage, said, "does not accept the login")
    assert "not-this-one" not in said.text, said


def port(stage):
    stage.machine.define(lambda services: services[stage.kind].update(url="http://127.0.0.1:9"))
    said = stage.machine.wire("plan", wait=0)
    stage.machine.restore()
    _told(stage, said, "nothing listens there")


def alike(stage):
    """The stand-in takes and refuses what the real one takes and refuses."""
    stage.bare()
    other = crew.make(stage.kind, stage.kind, 0, hosts=None, reach=None, folders=_FOLDERS, others={}, specs=None,
                      seeds=stage.program.seeds.parent)
    differ = []
    try:
        for method, path, form in stage.about.asked:
            real, stands = (_answer(server.port, stage.kind, method, path, form) for server in (stage.program, other))
            if real != stands and real != _without(stage.about.newer, stands):
                differ.append(f"{method} {path.split('&apikey')[0]} {form or ''}: {real}, and not {stands}")
    finally:
        other.stop()
    assert not differ, "\n".join(differ)
    return f"{len(stage.about.asked)} requests"


def _without(names, value):
    """A value without the fields of these names, wherever they are."""
    if isinstance(value, dict):
        return {name: _without(names, part) for name, part in value.items() if name not in names}
    return type(value)(_without(names, part) for part in value) if isinstance(value, (list, tuple)) else value


def _answer(port, kind, method, path, form):
    """The status, and what a short answer says that is none of an error."""
    key = references.plain(kind, "api_key")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"X-Api-Key": key, "Content-Type": "application/x-www-form-urlencoded"} if form is not None else {"X-Api-Key": key}
    connection.request(method, path.replace("{key}", key), urlencode(form) if form is not None else None, headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    try:
        return answer.status, json.loads(body) if answer.status == 200 and len(body) < _LONG else None
    except ValueError:
        return answer.status, "no JSON"


def _told(stage, said, words):
    trouble = said.document["services"][stage.kind]["trouble"]
    assert said.code == 1 and trouble and words in trouble["message"] and trouble["help"], said


CHECKS = (
    ("it starts on the seeds, and keeps them", seeded),
    ("the seeded password lets one in", login),
    ("it is wired with one command", first),
    ("a second run sends no request that writes", second),
    ("whom it is told of, it talks to", peers),
    ("nor does one after a start", restarted),
    ("a wrong key", key),
    ("a wrong port", port),
    ("every object that has a name, deleted by somebody else", deleted),
    ("every declared field, changed by somebody else", fields),
    ("without what was noted, only what nobody can read is sent again", forgotten),
    ("its stand-in answers alike", alike),
    ("its end, before and after each request that writes", killed),
)
# What is checked only of those that have it.
NEEDS = {
    login: lambda stage: stage.about.login,
    peers: lambda stage: stage.about.knows,
    alike: lambda stage: stage.about.asked,
    key: lambda stage: f"{stage.kind}/api_key" in json.dumps(stage.machine.wiring["services"][stage.kind]["api"]["auth"]),
}
