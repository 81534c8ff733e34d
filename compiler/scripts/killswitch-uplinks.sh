#!/bin/sh
# usage: killswitch-uplinks lock|try|free|show
#
# A container network of the macvlan kind puts frames on the wire past every rule of the host's. It cannot do so
# under the interface's own address: `lock` lets frames leave by the interfaces that lead out of the house under no
# other. It can be repeated, and is, as interfaces come and go; `try` does the same, and is no failure when it fails.
# `free` takes it back, `show` prints what is locked.
set -eu

table=mediac_uplinks
# Where the interfaces are; the tests have others.
net=${MEDIAC_NET:-/sys/class/net}

# What is hardware, and what has the default route.
leading_out() {
	for device in "$net"/*/device; do
		[ -e "$device" ] || continue
		device=${device%/device}
		echo "${device##*/}"
	done
	for family in -4 -6; do
		ip -o "$family" route show default | sed -nE 's/.* dev ([^ ]+).*/\1/p'
	done
}

# A chain for each, with its address. Ports of a bridge carry what its guests send; what is not Ethernet has no address.
chains() {
	number=0
	leading_out | sort -u | while read -r name; do
		[ -e "$net/$name/address" ] || continue
		[ "$(cat "$net/$name/type")" = 1 ] || continue
		[ ! -e "$net/$name/brport" ] || continue
		number=$((number + 1))
		printf '\tchain uplink%s {\n\t\ttype filter hook egress device "%s" priority 0; policy accept;\n' "$number" "$name"
		printf '\t\tether saddr != %s counter drop\n\t}\n' "$(cat "$net/$name/address")"
	done
}

# Only what changed is loaded: the counters of what stays go on counting.
lock() {
	rules=$(chains)
	if [ -z "$rules" ]; then
		free
		return
	fi
	mark=$(printf '%s' "$rules" | cksum)
	nft list table netdev "$table" 2>/dev/null | grep -qF "comment \"$mark\"" && return
	printf 'table netdev %s\ndelete table netdev %s\ntable netdev %s {\n\tcomment "%s"\n%s\n}\n' \
		"$table" "$table" "$table" "$mark" "$rules" | nft -f -
}

free() {
	# Making it first, deleting cannot fail for want of it.
	printf 'table netdev %s\ndelete table netdev %s\n' "$table" "$table" | nft -f -
}

show() {
	nft list table netdev "$table"
}

case "${1:-}" in
lock | free | show) "$1" ;;
try) lock || echo "could not lock the interfaces yet" >&2 ;;
*)
	echo "usage: killswitch-uplinks lock|try|free|show" >&2
	exit 64
	;;
esac
