"""Runs checks and prints one line each."""

import sys
import time

from booted.machine import Broken


class Note(str):
    """What a check that passed wants said behind its name."""


class Report:
    def __init__(self, name: str):
        self.passed = self.failed = 0
        self._name = name
        self._start = time.monotonic()

    def check(self, name: str, act) -> bool:
        note = ""
        try:
            # A check says by an exception, or by False, that it failed.
            said = act()
            fault = "" if said is not False else "no"
            note = f": {said}" if isinstance(said, Note) else ""
        except Broken as broken:
            fault = str(broken)
        except Exception as error:  # a check that breaks has not passed
            fault = f"{type(error).__name__}: {error}"
        self.passed, self.failed = self.passed + (not fault), self.failed + bool(fault)
        print(f"{'FAIL' if fault else 'ok'} {self._name} {name}{note} ({time.monotonic() - self._start:.0f} s)")
        if fault:
            print("\n".join(f"    {line}" for line in fault.splitlines()))
        sys.stdout.flush()
        return not fault

    def fail(self, name: str, fault: str) -> None:
        def check() -> None:
            raise Broken(fault)

        self.check(name, check)

    def end(self) -> int:
        """Prints the sum and gives the exit code."""
        print(f"{self._name}: {self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
