#!/bin/sh
# The demo: as often as one likes at once, it says what fails, and it stays
# and ends as it is told.
# shellcheck disable=SC2009,SC2317 # functions are called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids

demo=$SRC/tests/demo/run
out=$LAB_DIR/out
# Not in the lab's directory, which the demo's own lab covers.
own=$(mktemp -d) || exit
trap 'rm -rf "$own"' EXIT

# begin NAME: a demo in the background, open to interrupts. Sets job.
begin() {
	env --default-signal=INT "$demo" >"$out.$1" 2>&1 </dev/null &
	job=$!
}

# ended WHAT JOB STATUS NAME
ended() {
	status=0
	wait "$2" || status=$?
	is "$1" "$status" "$3"
	[ "$status" = "$3" ] || diag_file "$out.$4"
}

# No process of a host is left.
gone() {
	! ps -e -o args | grep 'init\.sh [h]ost'
}

# The command that the demo tells for entering the server.
enter() {
	$(sed -n 's/^server: \(nsenter .*\)/\1/p' "$out.keep") "$@"
}

# step NAME LINE...: a step of our own.
step() {
	file=$own/$1
	shift
	printf '%s\n' "$@" >"$file"
}

begin one
one=$job
begin two
ended "two at once, the first" "$one" 0 one
ended "the second" "$job" 0 two
for line in '^server: basenet start  .* dhcpd: started, pid .* [0-9.]+ s$' \
    '^ +tftpd: started, pid ' \
    '^machine: lease by DHCP +198\.51\.100\.[0-9]+ by way of 192\.0\.2\.2' \
    '^machine: boots as DHCP says +boot\.img from 192\.0\.2\.1,' \
    '^lost: no server, link-local +169\.254\.' \
    '^client: boot file by TFTP .* 4,194,304 bytes .* [0-9.]+ s$' \
    '2001:db8::1$' 'transfers.ok 3$' '^server: basenet stop  '; do
	like "one has a line: $line" "$(cat "$out.one")" "$line"
done

export DEMO_STEPS="$own"
step 1.sh '# title: a step' 'echo seen' 'echo why >&2' false 'echo unseen'
step 2.sh '# title: another' 'echo more'
begin fails
ended "a step that fails" "$job" 1 fails
like "is told" "$(cat "$out.fails")" '^a step +seen  '
like "with its reason" "$(cat "$out.fails")" '^ +why$'
unlike "and ends there" "$(cat "$out.fails")" 'unseen'
unlike "and the demo with it" "$(cat "$out.fails")" 'another'
step 1.sh '# title: a step' 'sleep 1000'
begin broken
lab_until 10 grep -q '^WHO' "$out.broken"
kill -INT "$job"
ended "interrupted in a step" "$job" 130 broken
ok "nothing is left" lab_until 5 gone
unset DEMO_STEPS

export DEMO_KEEP=1
begin keep
ok "kept" lab_until 60 grep -q '^client: nsenter' "$out.keep"
unlike "without the end" "$(cat "$out.keep")" 'basenet stop'
ok "one can enter the server" enter test -s /run/basenet/tftpd.pid
ok "and try what is told there" enter \
    "$(sed -n 's/^  \(.*basenet\) status$/\1/p' "$out.keep")" status
told=$(sed -n 's/^To stop .*: kill //p' "$out.keep")
is "whom to kill is told" "$told" "$job"
kill "$told"
ended "and killed" "$job" 143 keep
ok "nothing is left" lab_until 5 gone
done_testing
