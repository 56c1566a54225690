#!/bin/sh
# dhcpd and what it promised: whatever is killed, whenever, in whatever state
# its disk, each client that got an ACK has its lease, and no address has two
# clients; nobody but who waits for the disk waits for it; a reload loses no
# message.
# shellcheck disable=SC2016,SC2317 # those of other shells; called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dhcpd.sh"

leases=/var/lib/basenet/dhcpd
fault=$O/tests/fault.so
round=0

network() {
	configure 'authoritative = yes' 'probe = "none"' 'cache_percent = 0' \
	    'default_lease = 1d' 'subnet "10.0.0.0/24" { }' \
	    'subnet "10.64.0.0/10" {' \
	    '  ranges = { "10.64.1.0-10.127.255.250" } }'
}

# r is a relay agent for very many clients.
agent() {
	lab_host r
	lab_link r eth0 wire 10.0.0.5/24
	for a in 10.64.0.1 10.64.0.2; do
		lab_in r ip addr add $a/32 dev lo
	done
	s ip route add 10.64.0.0/10 via 10.0.0.5
}

# r's steps; what they print is in $out.
relay() {
	probed r 'relay 10.64.0.2' 'to 10.0.0.1' "$@"
}

# load CLIENTS [OPTION...]: clients of this round ask without end.
load() {
	clients=$1
	shift
	round=$((round + 1))
	lab_bg r "$O/tests/bench/dhcpload" -m dora -n "$clients" \
	    -f $((round * 1000000)) -t 100 -r 300 -o "$LAB_DIR/acked.$round" \
	    "$@" 10.0.0.1 10.64.0.1 >"load.$round" 2>&1
	load=$LAB_PID load_job=$LAB_JOB
}

# enough: they end; what they saw is in $seen.
enough() {
	kill "$load"
	wait "$load_job"
	seen=$(cat "load.$round")
}

# more N: so many ACKs were sent since $sent was taken.
more() {
	now=$(counter sent.ack)
	[ "${now:-0}" -ge $((sent + $1)) ]
}

under_load() {
	sent=$(counter sent.ack)
	lab_until 30 more "${1:-1}"
}

# Wait for a moment that nobody knows: milliseconds below 100.
moment() {
	sleep "0.0$(shuf -i 10-99 -n 1)"
}

running() {
	[ -n "$(worker)" ]
}

# Not the worker before.
another() {
	new=$(worker)
	[ -n "$new" ] && [ "$new" != "$old" ]
}

# kill -9, all at once.
crash() {
	s sh -c 'kill -9 $(pgrep -x dhcpd)'
	wait "$server_job" 2>/dev/null
	lab_until 20 gone
}

gone() {
	! s pgrep -x dhcpd >/dev/null
}

# start [NAME=VALUE...]
start() {
	s rm -f $run/dhcpd.pid
	serve "$@"
	lab_until 20 running
}

bound() {
	ctl leases | awk '$2 == "bound" { print $1, $3 }' | sort
}

# held WHAT: each client has what it was told, each address one client.
held() {
	bound >bound
	cat acked.* | sort >acked
	comm -23 acked bound >lost
	is "$1: $(wc -l <acked) leases are kept" "$(head -n 5 lost)" ''
	is "$1: nobody shares an address" \
	    "$(cut -d ' ' -f 1 acked | uniq -d | head -n 5)" ''
}

all_killed() {
	for i in 1 2 3 4 5 6; do
		load 3000
		ok "clients are served ($i)" under_load 100
		moment
		crash
		enough
		start
		held "all killed ($i)"
	done
}

# What clients gave back, and what the administrator freed, stays so; the ACK
# that comes behind tells that all of it was written.
given_back() {
	for n in 1 2 3 4; do
		relay "send type=request opt.50=10.99.0.$n opt.54=10.0.0.1 \
		    mac=02000098000$n" recv
	done
	relay 'send type=release ciaddr=10.99.0.1 mac=020000980001' \
	    'send type=decline opt.50=10.99.0.2 mac=020000980002' \
	    'dora mac=020000980005'
	ctl free 10.99.0.3 >free
	crash
	start
	is 'what was given back is not taken again' \
	    "$(ctl leases 10.99.0.0/24 | cut -d ' ' -f 1-2 | paste -sd ' ' -)" \
	    '10.99.0.1 released 10.99.0.2 conflict 10.99.0.3 released 10.99.0.4 bound'
}

# The parent starts another one; clients meanwhile ask again.
workers_killed() {
	load 200000
	for i in 1 2 3; do
		ok "clients are served ($i)" under_load 100
		moment
		old=$(worker)
		s kill -9 "$old"
		ok "there is another worker ($i)" lab_until 20 another
	done
	ok 'clients are served again' under_load 100
	enough
	held 'workers killed'
	unlike 'the load saw no address twice' "$seen" 'twice=[1-9]'
}

# Journals of the directory, and the snapshot's inode.
journals() {
	s sh -c "ls $leases" | grep -c '^journal\.[0-9]*$'
}

snapshot() {
	s stat -c %i $leases/leases 2>/dev/null
}

begun() {
	[ "$(journals)" -gt "$there" ]
}

written() {
	s test -e "$leases/leases.new"
}

renamed() {
	[ "$(snapshot)" != "$before" ] && [ "$(journals)" -gt 1 ]
}

removed() {
	[ "$(snapshot)" != "$before" ] && [ "$(journals)" = 1 ]
}

# Each sync of a snapshot takes a while, so that there is one to be killed in
# each of its steps. What is not there is written behind the last renewal.
compactions() {
	for step in begun written renamed removed; do
		crash
		start "LD_PRELOAD=$fault" FAULT=fsync=delay:100
		before=$(snapshot) there=$(journals)
		load 2000
		ok "under load a snapshot is $step" lab_until 40 $step
		crash
		enough
		start
		held "killed when a snapshot was $step"
	done
	unlike 'no line was lost' "$(cat "$log")" 'could not be read|not read'
}

reloads() {
	: >"$log"
	load 3000 -r 20000
	for i in 1 2 3 4 5; do
		ok "clients are served ($i)" under_load 50
		ok "a reload ($i)" ctl reload
	done
	ok 'clients are served' under_load 50
	enough
	like 'no message was lost' "$seen" ' timeouts=0 .* twice=0$'
	held reloads
	healthy
}

# What comes after a journal was cut: the leases of the lines that are whole.
restored() {
	ctl leases | awk '$2 == "bound" { print $1 }' >there
	grep -Fxf journal part | cut -d ' ' -f 2 >whole
	same "$1: what is whole is there" there whole
}

# put FILE NAME: a file of the lease directory, and no other.
put() {
	s sh -c "rm -f $leases/* && cp $LAB_DIR/$1 $leases/$2 &&
	    chown _dhcpd $leases/$2"
}

cuts() {
	crash
	s sh -c "rm -f $leases/*"
	start
	relay 'fill 40 opt.12=host opt.60=text:maker sub.1=port'
	is 'leases' "$out" '40 served, 40 addresses'
	crash
	s cat $leases/journal.1 >journal
	size=$(wc -c <journal)
	for n in 0 1 $((size / 2)) $((size - 1)) $((size - 2)) $((size - 20)) \
	    "$(shuf -i 2-"$size" -n 1)"; do
		head -c "$n" journal >part
		put part journal.1
		start
		restored "cut at $n"
		crash
	done
	printf '\0\377#' | cat - journal >part
	printf 'lease 10.64.9.9 bound\n\n' >>part
	grep -ao 'lease .*' journal | tail -n +2 >good
	put part journal.1
	: >"$log"
	start
	ctl leases | awk '$2 == "bound" { print $1 }' >there
	cut -d ' ' -f 2 good >whole
	same 'damage: what is whole is there' there whole
	like 'the damage is told' "$(cat "$log")" '3 of 42 lines .* skipped'
	relay 'fill 41'
	is 'and clients are served' "$out" '41 served, 41 addresses'
	crash
	s sh -c "rm -f $leases/*"
}

broken() {
	count store.broken 1
}

mended() {
	count store.broken 0
}

# told TEXT: it is in the log.
told() {
	ok "the log has: $1" grep -q "leases: .*$1" "$log"
}

refused='nothing is granted until all leases could be written'
granted='all are written anew'

full_disk() {
	s mount -t tmpfs -o size=400k,mode=750 small $leases
	s chown _dhcpd $leases
	: >"$log"
	start
	load 2000
	ok 'a disk that fills up ends it' lab_until 20 broken
	enough
	n=$(counter dropped.store)
	relay 'send type=discover mac=020000990001' 'nothing 100' \
	    'send type=request opt.50=10.99.0.1 opt.54=10.0.0.1' 'nothing 100'
	is 'nothing is promised' "$out" ''
	ok 'that is counted' count dropped.store $((n + 2))
	told "$refused"
	held 'a full disk'
	crash
	: >"$log"
	start
	held 'started on a full disk'
	relay 'send type=request opt.50=10.99.0.1 opt.54=10.0.0.1' 'nothing 100'
	is 'nothing is promised' "$out" ''
	ok 'since it cannot be written' lab_until 20 broken
	s mount -o remount,size=50m $leases
	ok 'when there is room' lab_until 30 mended
	told "$granted"
	relay dora
	like 'clients are served' "$out" '^ACK '
	crash
	start
	held 'all killed after that'
	crash
	s umount $leases
	rm -f acked.*
}

failing_disk() {
	: >"$log"
	start "LD_PRELOAD=$fault" FAULT=fdatasync=EIO,fsync=EIO \
	    "FAULT_WHEN=$LAB_DIR/failing"
	load 3000
	ok 'clients are served' under_load 100
	: >failing
	ok 'a sync that fails ends it' lab_until 20 broken
	rm failing
	ok 'nothing was promised' [ "$(counter dropped.store)" -gt 0 ]
	ok 'when the disk is well' lab_until 30 mended
	told "$refused"
	told "$granted"
	ok 'clients are served again' under_load 100
	crash
	enough
	start
	held 'a disk that failed'
}

# Who waits for the disk: the ACK, and nothing else.
slow_disk() {
	crash
	start "LD_PRELOAD=$fault" FAULT=fdatasync=delay:1500:times:1
	relay 'send type=request opt.50=10.99.0.1 opt.54=10.0.0.1' \
	    'use 1' 'relay 10.64.0.1' 'to 10.0.0.1' \
	    'send type=discover mac=020000990001' recv 'use 0' 'nothing 0' recv
	is 'an ACK waits for the disk, an OFFER does not' \
	    "$(echo "$out" | cut -d ' ' -f 1 | paste -sd ' ' -)" \
	    'OFFER ACK'
	crash
	start "LD_PRELOAD=$fault" FAULT=fdatasync=delay:20
	load 1000 -c 1000 -r 20000
	wait "$load_job"
	seen=$(cat "load.$round")
	like 'with 20 ms for each sync all are served' "$seen" \
	    ' done=1000 .* timeouts=0 naks=0 twice=0$'
	crash
	start
	held 'a slow disk'
}

site
agent
network
start
all_killed
given_back
workers_killed
compactions
reloads
cuts
rm -f acked.*
full_disk
failing_disk
slow_disk
stop
done_testing
