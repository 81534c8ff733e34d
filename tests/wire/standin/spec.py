"""Requests held against a service's own description of its API (OpenAPI 3.0), where one is at hand."""

import functools
import json
from urllib.parse import parse_qsl, urlsplit

VERBS = ("get", "post", "put", "patch", "delete")


def values(request, name):
    """All values of a query parameter; only the last one where the request does not say how it was asked."""
    target = getattr(request, "target", None)
    if target is None:
        return [request.query[name]] if name in request.query else []
    return [value for key, value in parse_qsl(urlsplit(target).query, keep_blank_values=True) if key == name]


def load(folder, name, base=""):
    """The description in a file of the given folder, or None without a folder."""
    return _load(str(folder / name), base) if folder else None


@functools.lru_cache(maxsize=None)
def _load(path, base):
    with open(path, encoding="utf-8") as file:
        if path.endswith(".json"):
            return Spec(json.load(file), base)
        import yaml
        return Spec(yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), base)


class Spec:
    """A description. `base` is what stands before all its paths."""

    def __init__(self, document, base=""):
        self.document, self.base = document, base
        # Literal segments win over parameters, as in every router.
        self.paths = sorted(document["paths"].items(), key=lambda item: item[0].count("{"))

    def find(self, path):
        """The entry of a path with all its methods, or None."""
        if not path.startswith(self.base):
            return None
        asked = path[len(self.base):].strip("/").split("/")
        for template, entry in self.paths:
            parts = template.strip("/").split("/")
            if len(parts) == len(asked) and all(p == a or p.startswith("{") for p, a in zip(parts, asked)):
                return entry
        return None

    def check(self, request, more=(), strict=True):
        """What is wrong with a request: a list of sentences. `more` are body fields the description forgot."""
        entry = self.find(request.path)
        if entry is None:
            return ["no such path"]
        operation = entry.get(request.method.lower())
        if operation is None:
            return ["no such method on this path"]
        wrong = self._check_query(request, entry.get("parameters", []) + operation.get("parameters", []))
        return wrong + self._check_body(request, operation.get("requestBody"), more, strict)

    def problems(self, schema, value, strict=True):
        """What is wrong with a value for the schema of that name."""
        return self._compare({"$ref": "#/components/schemas/" + schema}, value, "body", (), strict)

    def _check_query(self, request, parameters):
        known = {p["name"]: p for p in map(self._resolve, parameters) if p["in"] == "query"}
        wrong = [f"unknown query parameter {name}" for name in request.query if name not in known]
        for name, parameter in known.items():
            if name not in request.query:
                if parameter.get("required"):
                    wrong.append(f"query parameter {name} is missing")
                continue
            for value in values(request, name):
                wrong += self._compare(parameter["schema"], _typed(self._flat(parameter["schema"]), value), name)
        return wrong

    def _check_body(self, request, wanted, more, strict):
        if wanted is None:
            return ["a body where none belongs"] if request.body.strip() not in (b"", b"{}") else []
        wanted = self._resolve(wanted)
        if not request.body:
            return ["no body"] if wanted.get("required") else []
        if "application/json" not in request.headers.get("content-type", ""):
            return ["the body is not declared as JSON"]
        try:
            value = json.loads(request.body)
        except ValueError:
            return ["the body is not JSON"]
        return self._compare(wanted["content"]["application/json"]["schema"], value, "body", more, strict)

    def _resolve(self, schema):
        while "$ref" in schema:
            found = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def _flat(self, schema):
        """A schema with what it refers to and all of what it combines in one."""
        schema = self._resolve(schema)
        if "allOf" not in schema:
            return schema
        whole = {"properties": {}, "required": []}
        for part in [self._flat(part) for part in schema["allOf"]] + [schema]:
            whole["properties"].update(part.get("properties", {}))
            whole["required"] = whole["required"] + part.get("required", [])
            whole.update({k: v for k, v in part.items() if k not in ("properties", "required", "allOf")})
        return whole

    def _compare(self, schema, value, where, more=(), strict=True):
        schema = self._flat(schema)
        if value is None:
            return [] if schema.get("nullable") or not schema.get("type") else [f"{where} is null"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where} is none of {', '.join(map(str, schema['enum']))}: {value!r}"]
        kind = schema.get("type") or ("object" if schema.get("properties") else None)
        if kind and not _is(kind, value):
            return [f"{where} is no {kind}: {value!r}"]
        if kind == "array":
            return [w for n, each in enumerate(value)
                    for w in self._compare(schema.get("items", {}), each, f"{where}[{n}]", (), strict)]
        if kind == "string" and len(value) < schema.get("minLength", 0):
            return [f"{where} is too short"]
        return self._compare_object(schema, value, where, more, strict) if kind == "object" else []

    def _compare_object(self, schema, value, where, more, strict):
        known, wrong = schema.get("properties", {}), []
        for name in schema.get("required", []):
            # What only the service may set is required of its answers alone.
            if name not in value and not known.get(name, {}).get("readOnly"):
                wrong.append(f"{where}.{name} is missing")
        for name, each in value.items():
            if name not in known:
                if strict and known and name not in more:
                    wrong.append(f"{where}.{name} is unknown")
            elif known[name].get("readOnly"):
                wrong.append(f"{where}.{name} is read-only")
            else:
                wrong += self._compare(known[name], each, f"{where}.{name}", (), strict)
        return wrong


def _is(kind, value):
    if kind in ("integer", "number"):
        return isinstance(value, (int, float) if kind == "number" else int) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool, "array": list, "object": dict}[kind])


def _typed(schema, text):
    """The text of a query parameter as the type that is wanted, or as it is."""
    kind = schema.get("type")
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "array":
        return text.split(",")
    try:
        return {"integer": int, "number": float}.get(kind, str)(text)
    except ValueError:
        return text
