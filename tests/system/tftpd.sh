# tftpd.sh: what the tests of tftpd share: a host s that serves on 10.0.0.1,
# 10.0.0.3 and 2001:db8::1, clients c (10.0.0.2, 2001:db8::2) and d (10.0.0.4,
# 2001:db8::4) on the same wire, and tftpd started from the build with what a
# test wrote into its configuration.
#
# Files of the server stand in $served, as it sees them; those of the test in
# $LAB_DIR, which all hosts see.
# shellcheck shell=sh

etc=/etc/basenet
run=/run/basenet
conf=$etc/tftpd.conf
served=/srv/tftp
log=$LAB_DIR/log
probe=$O/tests/system/tftp-probe
server='' server_job=''

s() {
	lab_in s "$@"
}

c() {
	lab_in c "$@"
}

d() {
	lab_in d "$@"
}

site() {
	lab_bridge wire
	lab_host s c d
	lab_link s eth0 wire 10.0.0.1/24 10.0.0.3/24 2001:db8::1/64
	lab_link c eth0 wire 10.0.0.2/24 2001:db8::2/64
	lab_link d eth0 wire 10.0.0.4/24 2001:db8::4/64
	s mkdir -p "$served" "$run"
	cd "$LAB_DIR" || exit
}

# configure LINE...
configure() {
	printf '%s\n' "$@" | s sh -c "cat >$conf"
}

# serve [NAME=VALUE...]: start, as most systems would, with few descriptors.
serve() {
	lab_bg s sh -c 'ulimit -Sn 1024; exec env "$@"' sh "$@" \
	    "$O/sbin/tftpd" -d -f "$conf" >>"$log" 2>&1
	server=$LAB_PID server_job=$LAB_JOB
	lab_until 20 s test -s $run/tftpd.pid && return
	fail "tftpd starts"
	diag_file "$log"
	done_testing
}

# stop [WHAT]: it ends well, and nothing in its log says otherwise.
stop() {
	kill "$server"
	wait "$server_job"
	is "${1:+$1: }it ends well" "$?" 0
	healthy "${1:-}"
	: >"$log"
}

healthy() {
	is "${1:+$1: }no worker died" "$(grep -E -A 9 \
	    'worker [0-9]+: (killed|ended)|Sanitizer|runtime error' "$log")" ''
}

ctl() {
	s "$O/libexec/basenet/ctl" ask $run/tftpd.sock "$@"
}

# counter NAME
counter() {
	ctl stats | awk -v n="$1" '$1 == n { print $2 }'
}

# count NAME N: it has come to that.
count() {
	[ "$(counter "$1")" = "$2" ]
}

# Nothing is under way.
idle() {
	count transfers.active 0
}

# The first worker, as the server sees it.
worker() {
	ctl status | sed -n 's/.*worker 0: pid \([0-9]*\), ready.*/\1/p'
}

# probe [ADDRESS,PORT] STEP...: the client's steps; what it prints is in $out.
probe() {
	case $1 in
	*' '* | fence | recv | rest) set -- 10.0.0.1 "$@" ;;
	esac
	out=$(c "$probe" "$@" 2>&1) || out="$out (status $?)"
}

# told WHAT WANTED STEP...: the packets that the steps bring, one a line.
told() {
	what=$1 want=$2
	shift 2
	probe "$@"
	is "$what" "$out" "$want"
}

# What stands in a directory of the server, hidden names, too.
names() {
	s sh -c "cd $1 && find . ! -name . | sort" | tr '\n' ' '
}
