# daemon.sh: what the tests of a daemon share: it runs on the host s, started
# from the build with what a test wrote into its configuration; c and d are its
# clients. The file that reads this sets daemon to its name.
#
# Files of the test stand in $LAB_DIR, which all hosts see.
# shellcheck shell=sh disable=SC2154,SC2016

run=/run/basenet
conf=/etc/basenet/$daemon.conf
log=$LAB_DIR/log
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

# configure LINE...
configure() {
	printf '%s\n' "$@" | s sh -c "cat >$conf"
}

# serve [NAME=VALUE...]: start, as most systems would, with few descriptors.
serve() {
	lab_bg s sh -c 'ulimit -Sn 1024; exec env "$@"' sh "$@" \
	    "$O/sbin/$daemon" -d -f "$conf" >>"$log" 2>&1
	server=$LAB_PID server_job=$LAB_JOB
	lab_until 20 s sh -c '{ kill -0 "$(cat "$1")"; } 2>/dev/null' sh \
	    "$run/$daemon.pid" && return # not that of one which was killed
	fail "$daemon starts"
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
	s "$O/libexec/basenet/ctl" ask "$run/$daemon.sock" "$@"
}

# counter NAME
counter() {
	ctl stats | awk -v n="$1" '$1 == n { print $2 }'
}

# count NAME N: it has come to that.
count() {
	[ "$(counter "$1")" = "$2" ]
}

# The first worker, as the server sees it.
worker() {
	ctl status | sed -n 's/.*worker 0: pid \([0-9]*\), ready.*/\1/p'
}
