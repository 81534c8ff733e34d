"""The part of Sonarr, Radarr, Lidarr and Prowlarr that is about others: it is tested before it is kept."""

import contextlib

from . import servarr_kinds as kinds_of
from .base import Raw, Refused
from .servarr_peers import Failed, hand_over
from .servarr_providers import clean, failure, refuse, values


class Tested:
    """Definitions, checked and tried out."""

    def _definition(self, name, body, stored, test):
        """The definition that a body describes, checked and tested if it is in use."""
        about = self.definitions[name]
        made = about.read(body, stored["id"] if stored else 0, stored)
        self._check_shared(name, made, stored)
        if "categories" in about.own and body.get("categories") is None:
            raise Refused(409, {"message": "constraint failed\nNOT NULL constraint failed: DownloadClients.Categories"})
        if not about.awake(made):
            return made
        if wrong := about.check(made):
            refuse(*wrong)
        if test and not (self.app != "prowlarr" and made == stored):
            self._live_test(made)
        if self.app == "prowlarr" and made["implementation"] in ("Newznab", "Torznab"):
            # What it can do is kept with it, so it is asked also by whoever forces it to be saved.
            if wrong := self._tested(made):
                raise Refused(500, {"message": wrong["errorMessage"], "description": "at GetCapabilities"})
        return made

    def _check_shared(self, name, made, stored):
        """What is checked also for what is switched off."""
        wrong = []
        if any(one["name"].lower() == made["name"].lower() for one in self._things(name) if one is not stored):
            wrong.append(failure("Name", "Should be unique", made["name"]))
        if not 1 <= made.get("priority", 1) <= 50:
            wrong.append(failure("Priority", "'Priority' must be between 1 and 50.", made["priority"]))
        if name == "indexer" and self.app == "prowlarr":
            wrong += self._check_exists(made, "appProfileId", "appprofile")
        if name == "importlist":
            wrong += self._check_exists(made, "qualityProfileId", "qualityprofile")
            if clean(made["rootFolderPath"]) not in [one["path"] for one in self.state["rootfolder"]]:
                wrong.append(failure("RootFolderPath", "Root folder does not exist", made["rootFolderPath"]))
        if wrong:
            refuse(*wrong)

    def _live_test(self, definition):
        if wrong := self._tested(definition):
            refuse(wrong)

    def _tested(self, definition):
        """What is wrong with what a definition describes, or None."""
        fields = values(definition)
        expected = self.client_password
        if expected is not None and definition["implementation"] in kinds_of.kinds(self.app)["downloadclient"]:
            if "password" in fields and not fields.get("apiKey") and fields["password"] != expected:
                return failure("Username", "Authentication failure")
        if self.reach is None:
            return None
        if self.app == "prowlarr":
            # Those that it hands its indexers to come back with its key.
            fields = fields | {"keyOfProwlarr": self.api_key}
        with self._unlocked():
            wrong = self.reach(definition["implementation"], fields)
        if wrong is None:
            return None
        about, message = wrong if isinstance(wrong, tuple) else ("Host", wrong)
        return failure(about, message)

    @contextlib.contextmanager
    def _unlocked(self):
        """Answers others meanwhile: a test may come back here."""
        self.lock.release()
        try:
            yield
        finally:
            self.lock.acquire()

    def _try(self, name, body):
        stored = next((one for one in self._things(name) if one["id"] == body.get("id")), None)
        made = self.definitions[name].read(body, 0, stored)
        if wrong := self.definitions[name].check(made):
            refuse(*wrong)
        self._live_test(made)
        return {}

    def _try_all(self, name):
        about, results = self.definitions[name], []
        for one in [one for one in self._things(name) if about.awake(one) and not about.check(one)]:
            wrong = self._tested(one)
            results.append({"id": one["id"], "isValid": wrong is None, "validationFailures": [wrong] if wrong else []})
        raise Refused(200 if all(one["isValid"] for one in results) else 400, results)

    def _search(self, number):
        """The interface of an indexer, for others; number 0 stands for one that is only tried out."""
        if number:
            self._found("indexer", number)
        return Raw("<?xml version='1.0'?><caps/>", "application/rss+xml")

    def _after(self, name):
        """Prowlarr hands its indexers to the others whenever either changes."""
        if self.app != "prowlarr" or name not in ("indexer", "applications"):
            return
        protocols = {one["id"]: kinds_of.protocol(one["implementation"]) for one in self.state["indexer"]}
        indexers = [one | {"protocol": protocols[one["id"]]} for one in self.state["indexer"] if one["enable"]]
        users = [one for one in self.state["applications"] if one["syncLevel"] != "disabled"]
        with self._unlocked():
            for one in users if indexers else []:
                with contextlib.suppress(Failed):
                    hand_over(one["implementation"], values(one), indexers, self.api_key, self.hosts)
