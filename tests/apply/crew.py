"""Workers, each with a machine of its own in memory."""

import multiprocessing
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from scenarios import Workshop
from world import SHM, Machine

_mine = {}


def _begin(mediac, folder):
    # A handler written in Python can come too late: the signal arrives just before the wait that it should end.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _mine["machine"] = Machine(mediac, folder / f"worker-{os.getpid()}")


def _work(job):
    function, item = job
    return function(_mine["machine"], item)


class Crew:
    """What all sections share: the program, a folder in memory, the scenarios and the workers."""

    def __init__(self, mediac, workers):
        self.mediac, self.workers = Path(mediac).resolve(), workers

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(dir=SHM, prefix="mediac-apply-"))
        # What is in it goes with the last process, even when nobody can tidy up.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "mediac-apply", self.folder], check=True)
        self.workshop = Workshop(self.mediac, self.folder)
        try:
            self.scenarios = list(self.workshop.all())
        except BaseException:
            self.tidy()
            raise
        # Before there are threads, and after the scenarios, which every worker has then.
        self.pool = multiprocessing.get_context("fork").Pool(self.workers, _begin, (self.mediac, self.folder))
        return self

    def __exit__(self, *_):
        self.pool.terminate()
        self.pool.join()
        self.tidy()

    def tidy(self):
        subprocess.run(["umount", "--lazy", self.folder], check=True)
        self.folder.rmdir()

    def each(self, function, items, chunk=8):
        """The items with what became of them, in order."""
        items = list(items)
        return zip(items, self.pool.imap(_work, ((function, item) for item in items), chunk))
