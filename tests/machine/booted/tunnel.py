"""What stands in for the tunnel's image: a container that says it is healthy, or one with a real WireGuard."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tunnel:
    script: str
    health: str
    programs: tuple[str, ...] = ()
    applets: tuple[str, ...] = ()


IDLE = Tunnel(
    """\
#!/bin/sh
# As process 1 of a container: end when told to.
trap 'kill $!; exit 0' TERM INT
sleep 2147483647 &
wait $!
""",
    "test ! -e /run/secrets/mediac/unhealthy",
)
# The routing is that of wg-quick; busybox has an `ip` of its own, which cannot do it. There is no firewall in
# here: only that of the host stands before a leak.
WIREGUARD = Tunnel(
    """\
#!/bin/sh
set -e
trap 'kill $!; exit 0' TERM INT
mkdir -p /dev/net /var/run/wireguard
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
wireguard-go -f wg0 &
until [ -S /var/run/wireguard/wg0.sock ]; do sleep 0.1; done
wg set wg0 fwmark 51820 private-key "$PRIVATE_KEY_FILE" \\
	peer "$PUBLIC_KEY" endpoint "$END_POINT" allowed-ips 0.0.0.0/0 persistent-keepalive 5
/bin/ip address add 10.5.0.2/32 dev wg0
/bin/ip link set wg0 mtu 1420 up
/bin/ip route add default dev wg0 table 51820
/bin/ip rule add not fwmark 51820 table 51820
/bin/ip rule add table main suppress_prefixlength 0
# It stays when the tunnel is gone, as a container does that is more than its tunnel.
sleep 2147483647 &
wait $!
""",
    # A handshake holds for two minutes, and a little.
    'last=$(wg show wg0 latest-handshakes | cut -f2) && test $(($(date +%s) - last)) -lt 150',
    ("wireguard-go", "wg", "ip"),
    ("cut", "date", "mknod"),
)
