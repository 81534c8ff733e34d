"""Images for every service of a compose file, made from the machine's own programs.

There is no registry to pull from. Each image gets the exact name that the compose file asks for. qBittorrent and
Caddy are the real programs; the others are busybox answering on the port that the service has.
"""

import json
import re
from pathlib import Path

from booted.machine import Machine
from booted.tunnel import IDLE, Tunnel

# The health commands of the compose file call curl and wget; both answer as the real ones do here: 0 or not.
_CURL = '#!/bin/sh\nfor url; do :; done\nexec busybox wget -q -O /dev/null "$url"\n'
_SERVE = """\
#!/bin/sh
# As process 1 of a container: end when told to.
trap 'kill $!; exit 0' TERM INT
if [ -n "${1:-}" ]; then
	mkdir -p /tmp/www
	cd /tmp/www && mkdir -p api/v1/settings api/system && echo ok >ping && cp ping index.html &&
		cp ping api/system/ping && cp ping api/v1/settings/public
	busybox httpd -f -p "$1" &
else
	sleep 2147483647 &
fi
wait $!
"""
# Like the image it stands for, it becomes PUID and PGID at its start, and its settings are below /config.
_TORRENT = """\
#!/bin/sh
trap 'kill $!; wait $!; exit 0' TERM INT
umask "$UMASK"
export HOME=/config XDG_CONFIG_HOME=/config XDG_DATA_HOME=/config
/bin/setpriv --reuid="$PUID" --regid="$PGID" --clear-groups qbittorrent-nox \\
	--webui-port="$WEBUI_PORT" --confirm-legal-notice &
wait $!
"""
_BUILD = """
rm -rf /tmp/image && mkdir -p /tmp/image/bin /tmp/image/tmp /tmp/image/etc && cd /tmp/image
chmod 1777 tmp && cp /bin/busybox bin/
for applet in sh sleep wget test mkdir cp echo kill $APPLETS; do ln -s busybox bin/$applet; done
cp /tmp/curl /tmp/serve /tmp/torrent /tmp/tunnel bin/ && chmod 0755 bin/*
programs="caddy qbittorrent-nox setpriv $PROGRAMS"
for program in $programs; do cp "$(command -v $program)" bin/; done
for file in $(cd bin && ldd $programs | grep -oE '/[^ :]+\\.so[^ :]*' | sort -u); do
	mkdir -p ".${file%/*}" && cp -L "$file" ".$file"
done
if [ -n "$STANDINS" ]; then
	mkdir -p usr/lib && cp -aL /usr/lib/python3.* usr/lib/ && cp -a "$STANDINS" standin
fi
tar -c . | docker import - mediac-test:base >/dev/null
cd / && rm -rf /tmp/image
"""


def services(compose: Path) -> dict[str, str]:
    """The image of each service, as the compiler writes them."""
    found, current = {}, ""
    for line in compose.read_text(encoding="utf-8").split("\nservices:\n", 1)[1].splitlines():
        if heading := re.fullmatch(r"  ([\w.-]+):", line):
            current = heading[1]
        elif image := re.fullmatch(r'    image: "?([^"\s]+)"?', line):
            found[current] = image[1]
    return found


def build(
    machine: Machine, compose: Path, ports: dict[str, int], tunnel: Tunnel = IDLE, standins: str | None = None
) -> None:
    """`standins` is where the machine has programs that speak the services' APIs: they answer instead of busybox."""
    for name, text in (("curl", _CURL), ("serve", _SERVE), ("torrent", _TORRENT), ("tunnel", tunnel.script)):
        machine.run("tee", f"/tmp/{name}", stdin=text.encode())
    programs = [*tunnel.programs, *(["python3"] if standins else [])]
    given = f"APPLETS='{' '.join(tunnel.applets)}' PROGRAMS='{' '.join(programs)}' STANDINS='{standins or ''}'\n"
    machine.must(given + _BUILD, timeout=180)
    for service, image in services(compose).items():
        command = ["/bin/serve", str(ports[service])] if service in ports else ["/bin/serve"]
        lines = [f"CMD {json.dumps(command)}"]
        if standins and service in ports:
            command = ["/bin/python3", "-B", "/standin/serve.py", service, str(ports[service])]
            lines = ["ENV PYTHONHOME=/usr", f"CMD {json.dumps(command)}"]
        if service == "qbittorrent":
            lines = ['CMD ["/bin/torrent"]']
        if service == "caddy":
            lines = ['CMD ["/bin/caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]']
            lines += ["ENV XDG_DATA_HOME=/data"]
        if service == "nordlynx":
            # A name of its own among the processes, for whoever watches them.
            lines = ['CMD ["/bin/tunnel"]', f"HEALTHCHECK --interval=1s --timeout=5s --retries=2 CMD {tunnel.health}"]
        text = "\n".join(["FROM mediac-test:base", "ENV PATH=/bin", *lines])
        made = machine.run("docker", "build", "--quiet", "--tag", image, "-", stdin=text.encode(), timeout=120)
        if made.returncode != 0:
            raise RuntimeError(f"{image}: {made.stdout.decode(errors='replace')}")
