"""Holds requests against the published description of an API."""

import json
import re

FILES = {"sonarr": "sonarr-v3", "radarr": "radarr-v3", "lidarr": "lidarr-v1", "prowlarr": "prowlarr-v1"}
TYPES = {"string": str, "boolean": bool, "array": list, "object": dict}


class Specs:
    """The description of the API of one program."""

    def __init__(self, folder, app):
        self.whole = json.loads((folder / f"{FILES[app]}.openapi.json").read_text())
        self.paths = [(_pattern(path), methods) for path, methods in self.whole["paths"].items()]
        # Fixed names before places that take anything.
        self.paths.sort(key=lambda pair: pair[0].pattern.count("[^/]+"))

    def operation(self, method, path):
        """What is said of a method at a path; or why there is nothing."""
        known = [methods for pattern, methods in self.paths if pattern.fullmatch(path)]
        if method == "PUT":
            # Its number may be left out everywhere, which the description does not say.
            known += [methods for pattern, methods in self.paths if pattern.fullmatch(path + "/0")]
        for methods in known:
            if method.lower() in methods:
                return methods[method.lower()], None
        return None, "no such method" if known else "no such path"

    def complaints(self, method, path, body):
        """What is wrong with a request; its body is parsed already, and None for those without."""
        operation, wrong = self.operation(method, path)
        if wrong:
            return [wrong]
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None or body is None:
            return []
        return list(self.check(content["schema"], body, "body"))

    def check(self, schema, value, place):
        while "$ref" in schema:
            schema = self.whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        kind = schema.get("type")
        if kind is None:
            return
        if value is None:
            if not schema.get("nullable") and not schema.get("readOnly"):
                yield f"{place} must not be null"
            return
        if not _fits(kind, value):
            yield f"{place} must be of type {kind}, not {json.dumps(value)[:60]}"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{place} must be one of {schema['enum']}, not {value!r}"
        elif kind == "array":
            for at, part in enumerate(value):
                yield from self.check(schema["items"], part, f"{place}[{at}]")
        elif kind == "object":
            yield from self.check_object(schema, value, place)

    def check_object(self, schema, value, place):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for name, part in value.items():
            if name in properties:
                yield from self.check(properties[name], part, f"{place}.{name}")
            elif others is False:
                yield f"{place}.{name} is unknown"


def _fits(kind, value):
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[kind])


def _pattern(path):
    parts = [r"[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/")]
    return re.compile("/".join(parts), re.IGNORECASE)
