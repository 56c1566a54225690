# lab.sh: a network of hosts in namespaces, for system tests and the demo.
# POSIX sh (dash, bash, busybox). A test begins
#
#	SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
#	. "$SRC/tests/lab/lab.sh"
#	lab_begin "$@"
#
# and has from then on:
#
# $SRC $O $PEERS   the source tree, what was built, foreign daemons (unpacked)
# $LAB_DIR         a directory of this lab alone, empty at first, that script
#                  and hosts share; it vanishes with the lab
#
# lab_begin ARGS...    must come first, with the script's own arguments: it
#	runs the script once more inside the lab's own mount, network, PID and
#	UTS namespaces and never returns in the first one. The lab ends with
#	the script, however that ends (exit, signal, kill -9), and with it all
#	its processes, mounts and interfaces: the kernel tears it down, since
#	they live in its namespaces only.
# lab_need_uids        end the test as skipped where the lab has only one uid:
#	for an ordinary user without a subordinate uid range. Never for root.
# lab_host NAME...     new hosts. A host has its own network, mounts, process
#	ids and host name; /run, /srv, /etc/basenet, /var/lib/basenet,
#	/var/log/basenet, /var/spool/basenet and /dev (no log socket) are empty
#	and its own; the rest of /etc and /var is the machine's to read, and
#	what is written there stays in the host. Its users: root, daemon,
#	nobody, _tftpd and so on for every daemon of ours, alice (in the group
#	tftp) and bob (in none).
# lab_bridge NAME...   new switches.
# lab_link HOST IFNAME BRIDGE [ADDRESS/BITS...]   plug a new interface of the
#	host in. Addresses (IPv4, IPv6) work at once.
# lab_route HOST PREFIX|default ROUTER-ADDRESS
# lab_forward HOST...  the host forwards packets: a router.
# lab_in HOST CMD...   run a command there: its stdin, stdout, exit status.
# lab_bg HOST CMD...   the same in the background (stdin /dev/null). Sets
#	LAB_PID, the process itself, to be used with kill, and LAB_JOB, to be
#	used with wait. Redirect the call: lab_bg h tftpd -d >"$LAB_DIR/log" 2>&1
# lab_loss HOST IFNAME PERCENT [in|out]   so many IP packets, a decimal number,
#	are lost on the wire, both ways or one; 0 ends it. The sender does not
#	see it; neighbour discovery is spared. A large send that the kernel
#	would cut late (GSO) is cut at the host, so packets are lost one by one.
# lab_lose HOST IFNAME N	each Nth packet from now on, the same ones every
#	time; 0 ends it.
# lab_until SECONDS CMD...   repeat the command until it succeeds; fails when
#	the time is over.
# lab_pid HOST         print the process id, in the script's eyes, of the
#	host's init; killing it kills everything in the host.
# lab_stop HOST...     end these hosts.
# lab_end              end all hosts and switches now.
# lab_keep             say how to look around and wait to be interrupted.
#
# tap.sh, which this reads, has what a test prints.
# shellcheck shell=sh

SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
O=${O:-$SRC/build}
PEERS=${PEERS:-$SRC/build/peers}
case $PATH in
*/sbin*) ;;
*) PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH ;;
esac
PATH=$PATH:$PEERS/usr/sbin:$PEERS/usr/bin:$PEERS/sbin
export SRC O PEERS PATH

# shellcheck source=tests/lab/tap.sh
. "$SRC/tests/lab/tap.sh"

lab_die() {
	echo "lab: $*" >&2
	exit 1
}

# A directory that every system has and that hides nothing we need.
_lab_mountpoint() {
	for _d in /media /mnt /opt; do
		[ -d "$_d" ] || continue
		case $SRC/:$O/:$PWD/:$PEERS/ in
		*"$_d"/*) ;;
		*) echo "$_d"; return ;;
		esac
	done
	return 1
}

# What unshare needs so that an ordinary user may do it.
_lab_usermap() {
	LAB_USER=$(id -u) LAB_UIDS=all _lab_user=
	[ "$LAB_USER" -ne 0 ] || return 0
	_lab_user='--user --map-root-user --map-auto'
	# shellcheck disable=SC2086 # words
	unshare $_lab_user true 2>/dev/null && return
	LAB_UIDS=one _lab_user='--user --map-root-user'
}

# unshare makes the root mount private. In a chroot whose root is no mount
# point that cannot be done; init.sh looks there whether mounts stay ours.
_lab_propagation() {
	LAB_UNSHARE='--mount --net --pid --uts --fork --kill-child'
	# shellcheck disable=SC2086 # words
	unshare $_lab_user --mount true 2>/dev/null ||
	    LAB_UNSHARE="$LAB_UNSHARE --propagation unchanged"
}

# The pid 1 of the lab, the only child of unshare; killing it kills all, and
# unshare ends when all are gone.
_lab_kill() {
	_lab_one=
	read -r _lab_one <"/proc/$1/task/$1/children" || :
	kill -KILL "${_lab_one:-$1}" 2>/dev/null
	wait "$1" 2>/dev/null
	trap - EXIT
	exit "$2"
}

# An asynchronous command of a shell ignores INT and QUIT and reads from
# /dev/null; the lab must have them as the script had them.
_lab_outside() {
	LAB_DIR=$(_lab_mountpoint) || lab_die "no directory to mount on"
	_lab_usermap
	_lab_propagation
	export LAB_DIR LAB_UIDS LAB_USER LAB_UNSHARE
	exec 3<&0
	# shellcheck disable=SC2086 # words
	LAB_INSIDE=1 env --default-signal=INT,QUIT setpriv --pdeathsig KILL \
	    unshare $_lab_user $LAB_UNSHARE \
	    sh "$SRC/tests/lab/init.sh" lab sh "$0" "$@" <&3 3<&- &
	_lab_job=$!
	exec 3<&-
	trap '_lab_kill $_lab_job 129' HUP
	trap '_lab_kill $_lab_job 130' INT
	trap '_lab_kill $_lab_job 143' TERM
	wait "$_lab_job"
	exit
}

lab_begin() {
	[ -n "${LAB_INSIDE:-}" ] || _lab_outside "$@"
	# A lab within this one must not take itself for it.
	unset LAB_INSIDE
	_lab_hosts='' _lab_bridges='' _lab_port=0
}

lab_need_uids() {
	[ "$LAB_UIDS" = one ] || return 0
	echo "1..0 # SKIP this user has no subordinate uids" \
	    "(uidmap, /etc/subuid): more than one user id is needed"
	exit 0
}

lab_pid() {
	cat "$LAB_DIR/.hosts/$1/pid"
}

_lab_one_host() {
	_dir=$LAB_DIR/.hosts/$1
	[ ! -e "$_dir" ] || lab_die "$1: there is such a host already"
	mkdir -p "$_dir"
	# shellcheck disable=SC2086 # words
	unshare $LAB_UNSHARE \
	    sh "$SRC/tests/lab/init.sh" host "$1" "$_dir" \
	    </dev/null >"$_dir/messages" 2>&1 &
	_job=$!
	_lab_hosts="$_lab_hosts $1"
	until [ -s "$_dir/pid" ]; do
		kill -0 "$_job" 2>/dev/null || {
			cat "$_dir/messages" >&2
			lab_die "$1: the host did not come up"
		}
		sleep 0.01
	done
}

lab_host() {
	for _h; do
		_lab_one_host "$_h"
	done
}

lab_bridge() {
	for _b; do
		ip link add "$_b" type bridge stp_state 0 forward_delay 0 \
		    mcast_snooping 0 &&
		    ip link set dev "$_b" up || lab_die "$_b: no bridge"
		_lab_bridges="$_lab_bridges $_b"
	done
}

lab_link() {
	_h=$1 _if=$2 _b=$3
	shift 3
	_lab_port=$((_lab_port + 1))
	ip link add "p$_lab_port" type veth peer name "$_if" \
	    netns "$(lab_pid "$_h")" &&
	    ip link set "p$_lab_port" master "$_b" up &&
	    echo "p$_lab_port" >"$LAB_DIR/.hosts/$_h/port.$_if" &&
	    lab_in "$_h" ip link set dev "$_if" up ||
	    lab_die "$_h: no interface $_if on $_b"
	for _a; do
		case $_a in
		*:*) lab_in "$_h" ip addr add "$_a" dev "$_if" nodad ;;
		*) lab_in "$_h" ip addr add "$_a" dev "$_if" ;;
		esac || lab_die "$_h: cannot have $_a on $_if"
	done
}

lab_route() {
	case $3 in
	*:*) lab_in "$1" ip -6 route add "$2" via "$3" ;;
	*) lab_in "$1" ip route add "$2" via "$3" ;;
	esac || lab_die "$1: no route to $2 via $3"
}

lab_forward() {
	for _h; do
		# shellcheck disable=SC2016 # that shell's variables
		lab_in "$_h" sh -ec 'echo 1 >/proc/sys/net/ipv4/ip_forward
		    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' ||
		    lab_die "$_h: cannot forward"
	done
}

lab_in() {
	_pid=$(lab_pid "$1") || return 125
	shift
	nsenter --target "$_pid" --mount --net --pid --uts --root \
	    --wdns="$PWD" -- "$@"
}

# The first thing a new process does is to write its own id as the /proc of
# the lab shows it, which is what the script can use.
lab_bg() {
	_h=$1
	shift
	rm -f "$LAB_DIR/.bg"
	# shellcheck disable=SC2016 # that shell's variables
	lab_in "$_h" env --default-signal=INT,QUIT sh -c '
		read -r pid _ <"$LAB_DIR/.proc/self/stat"
		echo "$pid" >"$LAB_DIR/.bg"
		exec "$@"' sh "$@" </dev/null &
	LAB_JOB=$!
	until [ -s "$LAB_DIR/.bg" ]; do
		kill -0 "$LAB_JOB" 2>/dev/null || [ -s "$LAB_DIR/.bg" ] ||
		    return 1
		sleep 0.01
	done
	# shellcheck disable=SC2034 # the script's
	read -r LAB_PID <"$LAB_DIR/.bg"
}

lab_loss() {
	_drop=$(awk "BEGIN { printf \"%d\", $3 * 1000 }")
	_some="numgen random mod 100000 < $_drop"
	[ "$_drop" -lt 100000 ] || _some=
	[ "$_drop" -gt 0 ] || _some=none
	_lab_drop "$1" "$2" "$_some" "${4:-}"
}

lab_lose() {
	_some=none
	[ "$3" -le 0 ] || _some="numgen inc mod $3 == $(($3 - 1))"
	_lab_drop "$1" "$2" "$_some"
}

# _lab_drop HOST IFNAME WHICH [in|out]: WHICH is what nft says of these packets,
# nothing for all, none for none.
_lab_drop() {
	_port=$(cat "$LAB_DIR/.hosts/$1/port.$2") || lab_die "$1: no $2"
	nft delete table bridge "loss-$_port" 2>/dev/null
	[ "$3" != none ] || return 0
	_some=$3
	lab_in "$1" ip link set dev "$2" gso_max_segs 1 ||
	    lab_die "$1: $2: cannot cut packets"
	{
		echo "table bridge loss-$_port {"
		echo "chain wire {"
		echo "type filter hook forward priority 0;"
		echo "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert," \
		    "nd-router-solicit, nd-router-advert } accept"
		for _way in iifname oifname; do
			[ "$_way${4:-}" != iifnamein ] || continue
			[ "$_way${4:-}" != oifnameout ] || continue
			echo "$_way $_port ether type { ip, ip6 } $_some drop"
		done
		echo "}"
		echo "}"
	} | nft -f - || lab_die "$1: $2: no loss"
}

lab_until() {
	_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -le "$_end" ] || return 1
		sleep 0.05
	done
}

lab_stop() {
	for _h; do
		kill -KILL "$(lab_pid "$_h")"
		while kill -0 "$(lab_pid "$_h")" 2>/dev/null; do
			sleep 0.01
		done
		# The kernel takes its time to clear a network away.
		for _port in "$LAB_DIR/.hosts/$_h"/port.*; do
			[ ! -e "$_port" ] ||
			    ip link del "$(cat "$_port")" 2>/dev/null
		done
		rm -rf "$LAB_DIR/.hosts/$_h"
	done
}

lab_end() {
	for _h in $_lab_hosts; do
		[ ! -e "$LAB_DIR/.hosts/$_h" ] || lab_stop "$_h"
	done
	for _b in $_lab_bridges; do
		ip link del "$_b"
	done
	_lab_hosts='' _lab_bridges=''
}

lab_keep() {
	_u=
	[ "$LAB_USER" = 0 ] || _u=' --user --preserve-credentials'
	echo "The lab stays until this is interrupted. To look around:"
	for _h in $_lab_hosts; do
		[ -e "$LAB_DIR/.hosts/$_h" ] || continue
		echo "$_h: nsenter --target" \
		    "$(cat "$LAB_DIR/.hosts/$_h/machine-pid")$_u" \
		    "--mount --net --pid --uts --root"
	done
	while :; do
		sleep 3600
	done
}
