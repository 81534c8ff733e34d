"""A host of a test's own, compiled with the modules of the project."""

import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_HOST = """{
  name = "other",
  lan.ipv4 = ["192.168.1.0/24"],
  storage = {
    config = "/srv/config",
    downloads.root = "/srv/data/downloads",
    library = { root = "/srv/data/media", folders = { %s } },
    transcode = "/srv/transcode",
  },
  services = {%s},
}
"""


def compiled(program: Path, project: Path, services: str, folders):
    """What a host with these services and folders of its library is compiled into, below the folder `project`."""
    (project / "hosts").mkdir()
    for part in ("modules", "schemas"):
        (project / part).symlink_to(PROJECT / part)
    library = ", ".join(f'{folder} = "{folder}"' for folder in folders)
    (project / "hosts/other.ncl").write_text(_HOST % (library, services))
    done = subprocess.run([program, "-C", project, "build"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return project / "out/other"
