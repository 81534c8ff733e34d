"""Fills secret references with test values.

A compiled tree holds `mediac-secret(SERVICE/NAME)` or `mediac-secret(SERVICE/NAME:FORM)` wherever the
machine will hold a secret. The forms are computed here a second time, independently of the compiler, so
that a program which accepts the filled file proves the form as well.
"""

import base64
import hashlib
import re

_REFERENCE = re.compile(rb"mediac-secret\(([^()\s/:]+)/([^()\s/:]+)(?::([^()\s/:]+))?\)")
_START = b"mediac-secret("


class Malformed(Exception):
    """A text that begins like a reference and is none, or asks for an unknown form."""


def plain(service: str, name: str) -> str:
    """The test value of a secret: 32 hex digits, the same for everyone who refers to it."""
    return hashlib.sha256(f"test:{service}/{name}".encode()).hexdigest()[:32]


def find(data: bytes) -> list[tuple[str, str, str | None]]:
    """Service, name and form of every reference in the order of occurrence."""
    return [tuple(part.decode() if part else None for part in found.groups()) for found in _REFERENCE.finditer(data)]


def fill(data: bytes) -> bytes:
    filled = _REFERENCE.sub(_value, data)
    if _START in filled:
        at = filled.index(_START)
        raise Malformed(f"malformed reference {filled[at:at + 60]!r}")
    return filled


def _value(found: re.Match) -> bytes:
    service, name, form = (part.decode() if part else "" for part in found.groups())
    if form not in _FORMS:
        raise Malformed(f"no test value for the form {form!r} of {service}/{name}")
    return _FORMS[form](plain(service, name), f"{service}/{name}").encode()


def _pbkdf2_sha512(value: str, context: str) -> str:
    salt = hashlib.sha256(f"salt:{context}".encode()).digest()[:16]
    key = hashlib.pbkdf2_hmac("sha512", value.encode(), salt, 100_000, 64)
    return f"{base64.b64encode(salt).decode()}:{base64.b64encode(key).decode()}"


_FORMS = {
    "": lambda value, _: value,
    "md5": lambda value, _: hashlib.md5(value.encode(), usedforsecurity=False).hexdigest(),
    "pbkdf2-sha512": _pbkdf2_sha512,
}
