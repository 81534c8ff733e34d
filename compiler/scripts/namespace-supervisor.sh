#!/bin/sh
# usage: namespace-supervisor COMPOSE-FILE OWNER CHILD...
#
# Each CHILD shares the network namespace of OWNER. Docker looks that namespace up once, when the
# child starts: after a restart of OWNER the child is alone in a dead one. This compares the two
# whenever a container starts or ends, stops a child in the wrong place, and starts one that is
# down as soon as OWNER is healthy. Until then the child stays down.
set -u

file=$1
owner=$2
shift 2

compose() {
	docker compose --file "$file" --project-name mediac "$@"
}

# The id of the container of a service, running or not.
container() {
	docker ps --all --quiet --no-trunc --filter label=com.docker.compose.project=mediac \
		--filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False |
		head -n 1
}

# The network namespace of a container, as the kernel names it; nothing if it does not run.
namespace() {
	pid=$(docker inspect --format '{{.State.Pid}}' "$1" 2>/dev/null) || return 0
	[ "${pid:-0}" -gt 0 ] && readlink "/proc/$pid/ns/net"
}

healthy() {
	[ "$(docker inspect --format '{{with .State.Health}}{{.Status}}{{end}}' "$1" 2>/dev/null)" = healthy ]
}

# A container knows OWNER by its id. Where that is still right the container is kept, and its log.
start() {
	if [ "$(docker inspect --format '{{.HostConfig.NetworkMode}}' "$kid" 2>/dev/null)" = "container:$id" ]; then
		docker start "$kid" >/dev/null
	else
		compose up --detach --no-deps --force-recreate "$child"
	fi
}

check() {
	id=$(container "$owner")
	want=$(namespace "$id")
	for child in "$@"; do
		kid=$(container "$child")
		have=$(namespace "$kid")
		[ -n "$want" ] && [ "$have" = "$want" ] && continue
		if [ -n "$have" ]; then
			echo "$child is not in the network of $owner: stopping it"
			docker stop "$kid" >/dev/null
		fi
		healthy "$id" || continue
		echo "starting $child in the network of $owner"
		start
		# One that ends at once is not started again at once.
		sleep 5
	done
}

since=$(date +%s)
check "$@"
# One line for each start, end or change of health, also for those during the first look; once a
# minute one for an event that was missed. It ends when Docker does, and systemd starts it again.
{
	# The pipe must not be held open by a sleep that outlives the rest.
	while sleep 60 >/dev/null; do echo look; done &
	docker events --since "$since" --format '{{.Action}}' --filter type=container \
		--filter event=start --filter event=die --filter event=health_status
	kill $!
} | while read -r _; do
	check "$@"
done
