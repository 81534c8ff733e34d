#!/bin/sh
# usage: namespace-supervisor COMPOSE-FILE OWNER CHILD...
#
# Each CHILD shares the network namespace of OWNER. Docker looks that namespace up once, when the
# child starts: after a restart of OWNER the child is alone in a dead one. This compares the two
# whenever a container starts or ends, and makes a child anew that is gone or in the wrong place,
# as soon as OWNER is healthy. Until then the child stays down.
set -u

file=$1
owner=$2
shift 2

compose() {
	docker compose --file "$file" --project-name mediac "$@"
}

# The id of the container of a service, running or not.
container() {
	compose ps --all --quiet "$1" 2>/dev/null | head -n 1
}

# The network namespace of a container, as the kernel names it; nothing if it does not run.
namespace() {
	pid=$(docker inspect --format '{{.State.Pid}}' "$1" 2>/dev/null) || return 0
	[ "${pid:-0}" -gt 0 ] && readlink "/proc/$pid/ns/net"
}

healthy() {
	[ "$(docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$1" 2>/dev/null)" = healthy ]
}

check() {
	id=$(container "$owner")
	[ -n "$id" ] || return 0
	want=$(namespace "$id")
	for child in "$@"; do
		kid=$(container "$child")
		have=
		[ -n "$kid" ] && have=$(namespace "$kid")
		[ -n "$want" ] && [ "$have" = "$want" ] && continue
		if [ -n "$have" ]; then
			echo "$child is not in the network of $owner: stopping it"
			docker stop "$kid" >/dev/null
		fi
		if [ -n "$want" ] && healthy "$id"; then
			echo "starting $child in the network of $owner"
			compose up --detach --no-deps --force-recreate "$child"
		fi
	done
}

check "$@"
# One line for each start, end or change of health; the loop ends when Docker does, and systemd
# starts it again. The look once a minute is for an event that was missed.
{
	docker events --format '{{.Status}}' --filter type=container --filter event=start \
		--filter event=die --filter event=health_status &
	events=$!
	trap 'kill "$events" 2>/dev/null' EXIT TERM INT
	while kill -0 "$events" 2>/dev/null; do
		sleep 60
		echo look
	done
} | while read -r _; do
	check "$@"
done
