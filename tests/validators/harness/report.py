"""Runs every check of a host and prints one line each."""

import sys
from collections import Counter
from dataclasses import dataclass

from checks import CHECKS
from harness.install import install
from harness.manifest import Host
from harness.sandbox import Sandboxes
from harness.verdict import Failed, NotApplicable, NotRun

OK, FAIL, NOT_APPLICABLE, NOT_RUN = "ok", "FAIL", "n/a", "not run"


@dataclass(frozen=True)
class Result:
    check: str
    status: str
    output: str = ""


def check_host(host: Host, sandboxes: Sandboxes, alter=None) -> list[Result]:
    """The results of all checks on a machine of its own; `alter` may break the machine before."""
    with sandboxes.make() as sandbox:
        installed = _judge("install", lambda: install(host, sandbox))
        if installed.status == FAIL:
            stopped = [Result(name, FAIL, "nothing to look at: the tree could not be installed") for name, _ in CHECKS]
            return [installed, *stopped]
        if alter:
            alter(sandbox)
        return [installed, *(_judge(name, lambda: check(host, sandbox)) for name, check in CHECKS)]


def _judge(name: str, act) -> Result:
    try:
        act()
    except NotApplicable as reason:
        return Result(name, NOT_APPLICABLE, str(reason))
    except NotRun as reason:
        return Result(name, NOT_RUN, str(reason))
    except Failed as failure:
        return Result(name, FAIL, str(failure))
    except Exception as error:  # a check that breaks has not passed
        return Result(name, FAIL, f"{type(error).__name__}: {error}")
    return Result(name, OK)


def show(host: Host, results: list[Result]) -> Counter:
    counts = Counter(result.status for result in results)
    for result in results:
        line = f"{result.status} validator {host.name} {result.check}"
        if result.status in {NOT_APPLICABLE, NOT_RUN}:
            line += f" ({result.output})"
        print(line)
        if result.status == FAIL:
            print("\n".join(f"    {text}" for text in result.output.splitlines()))
    sys.stdout.flush()
    return counts
