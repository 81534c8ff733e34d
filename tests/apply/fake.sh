# The programs that mediac calls, on a machine that is a folder: $name says which this is, $root is the machine, and
# what would be in memory there is below $base/state. Mostly without programs of its own: there are many calls.
# shellcheck shell=sh disable=SC2154
state=$base/state

# -- being told to go wrong

question() {
	case "$name $*" in
	"systemctl show"* | "systemctl is-enabled"* | "docker inspect"* | "nft --json"*) ;;
	"sh -c docker ps"* | "sh -c docker network ls"* | "sh -c ip -4 rule show"*) ;;
	*) return 1 ;;
	esac
}

if [ -z "${FAKE_NESTED-}" ]; then
	if question "$@"; then kind=q; else kind=c; fi
	read -r count <"$base/$kind" && count=$((count + 1)) && echo "$count" >"$base/$kind"
	echo "$kind$count|$name $*" >>"$base/log"
	while read -r at what; do
		[ "$at" = "$kind$count" ] || continue
		case $what in
		fail) echo "it does not work" >&2 && exit 3 ;;
		hang) exec /bin/sleep 20 ;;
		kill) kill -9 "$PPID" && exit 0 ;;
		lie) exit 0 ;;
		half) export FAKE_HALF=yes ;;
		esac
	done <"$base/script"
fi

# It does what can be seen at once, and what that should bring about does not come.
half() {
	[ -n "${FAKE_HALF-}" ]
}

# -- what all of them need

# A file as one line, in $text.
slurp() {
	text=
	[ -f "$1" ] || return 1
	while IFS= read -r line; do text="$text$line;"; done <"$1"
}

# A number that never was, in $tick.
next() {
	read -r tick <"$state/tick"
	tick=$((tick + 1))
	echo "$tick" >"$state/tick"
}

# -- systemd

# Units that packages bring have no file here, and run.
is_package() {
	case $1 in
	mediac-* | *.mount) return 1 ;;
	esac
}

# What a unit would be started by, in $text.
define() {
	if [ "$1" = systemd-networkd.service ]; then
		slurp "$root/etc/systemd/networkd.conf.d/10-mediac.conf" || :
	elif is_package "$1"; then
		text=package
	else
		slurp "$root/etc/systemd/system/$1"
	fi
}

load() {
	[ -f "$state/loaded/$1" ] || { define "$1" && echo "$text" >"$state/loaded/$1"; }
}

# What there is of a unit: $active, $run (its number), $moved (when).
unit() {
	active=inactive run='' moved=0
	if [ -f "$state/units/$1" ]; then
		read -r active run moved <"$state/units/$1"
	elif is_package "$1"; then
		active=active run=1
	fi
}

become() {
	next
	echo "$2 ${3:-$tick} $tick" >"$state/units/$1"
}

begin() {
	load "$1" || exit 5
	become "$1" active
	if [ "$1" = systemd-networkd.service ]; then define "$1" && echo "$text"; else /bin/cat "$state/loaded/$1"; fi >"$state/running/$1"
	take_in "$1"
}

# What its program reads when it starts, and when it is reloaded.
take_in() {
	! half || return 0
	case $1 in
	mediac-firewall.service) table "inet mediac_firewall" firewall.nft ;;
	mediac-killswitch.service)
		table "inet mediac_killswitch" killswitch.nft
		echo belt >"$state/rules"
		;;
	mediac-stack.service) make_all ;;
	esac
}

finish() {
	# This one does not end well.
	case $1 in
	mediac-gone.service) become "$1" failed "$run" ;;
	*) become "$1" inactive "$run" ;;
	esac
	/bin/rm -f "$state/running/$1"
	[ "$1" != mediac-firewall.service ] || /bin/rm -f "$state/tables/inet mediac_firewall"
}

show() {
	load "$1" && define "$1"
	stale=no
	if [ -f "$state/loaded/$1" ]; then
		read -r has <"$state/loaded/$1"
		define "$1"
		[ "$has" = "$text" ] || [ "$1" = systemd-networkd.service ] || stale=yes
	fi
	unit "$1"
	echo "Type=simple
RemainAfterExit=no
ActiveState=$active
InvocationID=$run
StateChangeTimestampMonotonic=$moved
ConditionResult=yes
ConditionTimestampMonotonic=0
NeedDaemonReload=$stale"
}

systemctl() {
	verb=$1
	for last; do :; done
	unit "$last"
	case $verb in
	show)
		case $last in
		--property=*)
			read -r tick <"$state/load"
			echo "UnitsLoadTimestampMonotonic=$tick"
			;;
		*) show "$last" ;;
		esac
		;;
	daemon-reload)
		next
		echo "$tick" >"$state/load"
		for file in "$state"/loaded/*; do
			[ -f "$file" ] || continue
			if define "${file##*/}"; then echo "$text" >"$file"; else /bin/rm "$file"; fi
		done
		;;
	start) [ "$active" = active ] || begin "$last" ;;
	restart) begin "$last" ;;
	try-restart) [ "$active" != active ] || begin "$last" ;;
	reload-or-restart)
		if [ "$active" = active ]; then become "$last" active "$run" && take_in "$last"; else begin "$last"; fi
		;;
	stop)
		[ -f "$state/loaded/$last" ] || [ "$active" = active ] || define "$last" || exit 5
		[ "$active" = inactive ] || [ "$active" = failed ] || finish "$last"
		;;
	enable) define "$last" && : >"$state/enabled/$last" ;;
	disable)
		/bin/rm -f "$state/enabled/$last"
		define "$last" || exit 1
		;;
	is-enabled)
		define "$last" || { echo not-found && exit 4; }
		[ -f "$state/enabled/$last" ] || { echo disabled && exit 1; }
		echo enabled
		;;
	reset-failed) [ "$active" != failed ] || become "$last" inactive "$run" ;;
	is-active) [ "$active" = active ] || exit 3 ;;
	*) echo "systemctl $verb?" >&2 && exit 64 ;;
	esac
}

# -- the kernel

table() {
	next
	slurp "$root/etc/mediac/$2"
	printf '%s\n%s\n' "$tick" "$text" >"$state/tables/$1"
}

nft() {
	if [ "$1" = delete ]; then
		! half || return 0
		[ -f "$state/tables/$3 $4" ] && /bin/rm "$state/tables/$3 $4"
		return
	fi
	list=
	for file in "$state"/tables/*; do
		[ -f "$file" ] || continue
		read -r number <"$file"
		file=${file##*/}
		list="$list, {\"table\": {\"family\": \"${file% *}\", \"name\": \"${file#* }\", \"handle\": $number}}"
	done
	echo "{\"nftables\": [{\"metainfo\": {}}$list]}"
}

ip() {
	case "$1 $3" in
	"-4 show")
		echo "0: from all lookup local"
		[ ! -f "$state/rules" ] || echo "99: from all lookup main proto 77"
		;;
	"-4 flush") half || /bin/rm -f "$state/rules" ;;
	esac
}

# -- Docker

# Service, definition and owner of each container that the Compose file has, a line each; and its networks.
wanted() {
	[ -f "$root/etc/mediac/compose.yaml" ] || return 0
	/usr/bin/awk '
		/^[a-z]/ { part = $1 }
		part == "networks:" && /^  [a-z]/ { sub(":", "", $1); print "network", $0 }
		part == "services:" && /^  [a-z]/ { sub(":", "", $1); name = $1; print "service", name }
		part == "services:" && match($0, /mediac.definition: "?[a-z0-9]+/) {
			label = substr($0, RSTART + 19, RLENGTH - 19)
			sub("\"", "", label)
			print "definition", name, label
		}
		part == "services:" && match($0, /network_mode: "?.?service:/) { print "child", name }
	' "$root/etc/mediac/compose.yaml"
}

# Makes what is not as it should be; $1 is how it is afterwards.
make() {
	health=$1 names=" $2 "
	wanted >"$state/wanted.$$"
	while read -r what one rest; do
		case $what in
		network) [ -f "$state/networks/mediac_$one" ] || { next && printf '%s\n%s\n' "$tick" "$rest" >"$state/networks/mediac_$one"; } ;;
		definition)
			case $names in *" $one "*) ;; *) continue ;; esac
			has=
			[ ! -f "$state/containers/$one" ] || read -r number has ill <"$state/containers/$one"
			if [ "$has" != "$rest" ]; then create "$one" "$rest"; fi
			[ "$health" = starting ] || [ ! -f "$state/containers/$one" ] || { read -r number has ill <"$state/containers/$one" && echo "$number $has $health" >"$state/containers/$one"; }
			;;
		esac
	done <"$state/wanted.$$"
	/bin/rm "$state/wanted.$$"
}

create() {
	# Half of it: what is there is taken for the right one.
	if half && [ -f "$state/containers/$1" ]; then return 0; fi
	next
	echo "$tick $2 starting" >"$state/containers/$1"
	slurp "$root/etc/mediac/live/$1/Caddyfile" && echo "$text" >"$state/taken/$1"
}

# All but those that share a network, as the unit does.
make_all() {
	all=
	for one in $(wanted | /usr/bin/awk '$1 == "service" { all[$2] } $1 == "child" { delete all[$2] } END { for (one in all) print one }'); do
		all="$all $one"
	done
	make healthy "$all"
}

compose() {
	verb=$6
	shift 6
	case $verb in
	up)
		health=starting names=
		while [ $# -gt 0 ]; do
			case $1 in
			--wait) health=healthy ;;
			--wait-timeout) shift ;;
			--*) ;;
			*) names="$names $1" ;;
			esac
			shift
		done
		make "$health" "$names"
		;;
	restart | exec)
		for one; do [ "$one" != -T ] && break; done
		[ "$verb" = exec ] || { next && echo "$tick" >"$state/started/$one"; }
		if slurp "$root/etc/mediac/live/$one/Caddyfile"; then echo "$text" >"$state/taken/$one"; fi
		;;
	esac
}

docker() {
	for last; do :; done
	case "$1 $2" in
	"compose "*) compose "$@" ;;
	"ps "*)
		for file in "$state"/containers/*; do
			[ -f "$file" ] || continue
			read -r number has ill <"$file"
			echo "${file##*/} $number running [$has] Up 2 seconds ($([ "$ill" = healthy ] || echo "health: ")$ill)"
		done
		;;
	"network ls")
		for file in "$state"/networks/*; do
			[ -f "$file" ] || continue
			read -r number <"$file"
			echo "${file##*/} $number"
		done
		;;
	"network rm") half || /bin/rm -f "$state/networks/$last" ;;
	"rm "*)
		! half || return 0
		/bin/rm -f "$state/containers/$last"
		# Its supervisor makes it anew, or for the first time.
		if wanted | /bin/grep -qx "child $last"; then make healthy "$last"; fi
		;;
	"inspect --type=container")
		[ -f "$state/containers/$last" ] || exit 1
		has=0
		[ ! -f "$state/started/$last" ] || read -r has <"$state/started/$last"
		echo "$has"
		;;
	"inspect --format")
		[ -f "$state/containers/$last" ] || exit 1
		read -r number has ill <"$state/containers/$last"
		echo "$ill"
		;;
	esac
}

# -- all of them

case $name in
systemctl | nft | docker | ip) "$name" "$@" ;;
sh) FAKE_NESTED=yes exec /bin/sh "$@" ;;
systemd-tmpfiles) slurp "$root/etc/tmpfiles.d/mediac.conf" && echo "$text" >"$state/folders" || : ;;
systemd-sysusers) slurp "$root/etc/sysusers.d/mediac.conf" && echo "$text" >"$state/accounts" || : ;;
seq) echo 1 ;;
*) : ;;
esac
