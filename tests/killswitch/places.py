"""The addresses around the host: documentation ranges, so that nothing of them exists anywhere else."""

# The router's network, as in hosts/home.ncl.
HOST, ROUTER, CLIENT, HOME_LENGTH = "192.168.1.10", "192.168.1.1", "192.168.1.50", 24
HOST6, ROUTER6, CLIENT6 = "2001:db8:1::10", "2001:db8:1::1", "2001:db8:1::50"

# What the provider gave to the household, and the internet beyond.
WAN, PROVIDER = "203.0.113.2", "203.0.113.1"
WAN6, PROVIDER6 = "2001:db8:ffff::2", "2001:db8:ffff::1"
PEER_UDP, PEER_TCP, PEER6 = "198.51.100.10", "198.51.100.20", "2001:db8:beef::10"
PUBLIC_DNS, PUBLIC_DNS6 = "198.51.100.53", "2001:db8:beef::53"
WEBSITE = "198.51.100.80"  # what the host and its other containers may use
EXIT = "198.51.100.100"  # the address that the VPN server lends

# Inside the tunnel.
INNER, INNER_SERVER = "10.5.0.2", "10.5.0.1"

# Addresses that somebody gave to the bridges, against the definition, which has no IPv6 there.
TUNNEL6, TUNNEL_GATEWAY6 = "fd00:29::2", "fd00:29::1"
STRAY6, STRAY_DOCKER0_6, DOCKER0_GATEWAY6 = "fd00:29::77", "fd00:17::5", "fd00:17::1"
DOCKER0_GATEWAY, STRAY_DOCKER0 = "172.17.0.1", "172.17.0.5"

PEER_PORT = 6881
MARK = b"mediac-torrent"
