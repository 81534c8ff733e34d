#!/bin/sh
# usage: killswitch-belt add|prune|show|check
#
# Routing rules that hold when the firewall is flushed. `add` can be repeated and never opens a gap:
# new rules go in first, those that are no longer wanted are taken out afterwards. `check` loads the
# kill-switch, and the firewall where there is one, again when their tables are gone.
set -eu

etc=/etc/mediac
file=${MEDIAC_BELT:-$etc/killswitch.belt}

add() {
	load
	# A rule that has changed is there twice: what it was comes first, and goes first.
	while stale=$(doubled | head -n 1) && [ -n "$stale" ]; do
		ip "${stale% *}" rule del pref "${stale#* }" protocol 77
		load
	done
	prune
}

load() {
	while read -r rule; do
		[ -n "$rule" ] || continue
		# shellcheck disable=SC2086 # a rule is a command and its words
		out=$($rule 2>&1) || case "$out" in
		*"File exists"*) ;;
		*)
			echo "$rule: $out" >&2
			return 1
			;;
		esac
	done <"$file"
}

# Family and preference of rules that are there more than once.
doubled() {
	for family in -4 -6; do
		ip "$family" rule show | sed -nE "s/^([0-9]+):.* proto 77\$/$family \\1/p" | sort | uniq -d
	done
}

prune() {
	for family in -4 -6; do
		ip "$family" rule show | grep 'proto 77$' | while read -r preference _; do
			grep -q "^ip $family rule add pref ${preference%:} " "$file" ||
				ip "$family" rule del pref "${preference%:}" protocol 77
		done
	done
}

show() {
	{
		ip -4 rule show
		ip -6 rule show
	} | grep 'proto 77$'
}

check() {
	for table in killswitch firewall; do
		[ -e "$etc/$table.nft" ] || continue
		nft list table inet "mediac_$table" >/dev/null 2>&1 && continue
		echo "the table of the $table is gone: loading it again" >&2
		systemctl reload-or-restart "mediac-$table.service"
	done
	alone add
}

# The timer's look must not meet a reload half way.
alone() {
	exec 9>/run/mediac-belt.lock
	flock 9
	"$1"
}

case "${1:-add}" in
add | prune) alone "${1:-add}" ;;
show | check) "$1" ;;
*)
	echo "usage: killswitch-belt add|prune|show|check" >&2
	exit 64
	;;
esac
