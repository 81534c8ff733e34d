"""mediac runs where there is nothing else: no C library, no loader, no shell. That is what makes it fit to be copied."""

import shutil
import subprocess


def section(crew):
    folder = crew.folder / "alone"
    folder.mkdir()
    shutil.copy(crew.mediac, folder / "mediac")
    wrong = []
    for words in (["--version"], ["history"], ["status"]):
        done = subprocess.run(["/usr/sbin/chroot", folder, "/mediac", *words], capture_output=True, text=True)
        if done.returncode:
            wrong.append(f"{' '.join(words)}: {done.returncode}, {done.stderr.strip()[-200:]}")
    yield "alone", f"in a folder with nothing but its {(folder / 'mediac').stat().st_size >> 20} MiB", wrong
