"""Hosts to measure growth with: one host of many services, or many hosts."""

import shutil

# Services that run beside any number of their kind, and how a host file asks for one.
# Every second one is a container that no module knows, as hosts have them.
KINDS = ("sonarr", "custom", "radarr", "custom", "lidarr", "custom", "prowlarr", "custom")

HEAD = """{
  name = "%(name)s",
  timezone = "Europe/Oslo",
  lan.ipv4 = ["192.168.1.0/24"],
  storage = {
    disks.ssd = { label = "ssd", mount = "/srv/ssd" },
    config = "/srv/ssd/config",
    downloads.root = "/srv/ssd/data/downloads",
    library.root = "/srv/ssd/data/media",
  },
  firewall = {},
  services = {
    ssh.options.users.anna = {},
    # Every arr looks for torrent clients among all services of its host.
    qbittorrent = {},
"""

CUSTOM = """    "%(id)s" = {
      image = "docker.io/example/app%(number)d:1.%(number)d.0",
      endpoints.http = { port = %(port)d, scheme = 'http, expose = 'lan },
      state = "/data",
      mounts.media = { source = "/srv/ssd/data/media", target = "/media", access = 'read },
      env = { LOG_LEVEL = "info", NUMBER = "%(number)d" },
      health.test = ["CMD", "wget", "-q", "--spider", "http://localhost:%(port)d/"],
    },
"""

ARR = """    "%(id)s" = {
      kind = "%(kind)s",
      endpoints.http.port = %(port)d,
      options.log_level = 'debug,%(category)s
    },
"""

FIRST_PORT = 10000


def services(count):
    """The definitions of `count` services, the torrent client and SSH among them."""
    for number in range(2, count):
        kind = KINDS[number % len(KINDS)]
        values = {"id": f"{kind}-{number}", "kind": kind, "number": number, "port": FIRST_PORT + number}
        # Two that hand in downloads under one category would take each other's.
        values["category"] = "" if kind == "prowlarr" else f'\n      category = "{kind}-{number}",'
        yield (CUSTOM if kind == "custom" else ARR) % values


def host(name, count):
    """A host file with `count` services."""
    return HEAD % {"name": name} + "".join(services(count)) + "  },\n}\n"


def project_of_services(folder, count):
    """A project with one host of `count` services."""
    text = host(f"services-{count}", count)
    return project(folder, {f"services-{count}": text})


def project_of_hosts(folder, count, home):
    """A project with `count` hosts that differ from the home host in nothing but their name."""
    said = '  name = "home",\n'
    if said not in home:
        raise SystemExit("hosts/home.ncl no longer says its name as the generator expects")
    names = [f"home-{number}" for number in range(1, count + 1)]
    return project(folder, {name: home.replace(said, f'  name = "{name}",\n') for name in names})


def project(folder, hosts):
    """Writes a project anew."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "hosts").mkdir(parents=True)
    for name, text in hosts.items():
        (folder / "hosts" / f"{name}.ncl").write_text(text)
    return folder
