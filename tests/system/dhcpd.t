#!/bin/sh
# Real clients on dhcpd's own link, and what they keep when it is reloaded,
# killed and started again.
# shellcheck disable=SC2016 # those of perl
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dhcpd.sh"

network() {
	configure 'authoritative = yes' 'domain = "lab.test"' \
	    "default_lease = ${1:-10m}" 'probe_time = 100ms' \
	    'dns = { "10.0.0.1", "10.0.0.2" }' \
	    'subnet "10.0.0.0/24" {' \
	    '  ranges = { "10.0.0.100-10.0.0.250" }' \
	    '  routers = { "10.0.0.1" }' \
	    '  host "printer" { mac = "02:00:00:00:be:ef"' \
	    '    address = "10.0.0.50" hostname = "printer" }' '}' \
	    'subnet "10.7.0.0/16" { ranges = { "10.7.1.0-10.7.200.255" }' \
	    '  probe = "none" }'
}

# The last thing that udhcpc was told.
told() {
	tail -n 1 udhcpc.sh.eth0.c 2>/dev/null
}

told_is() {
	[ "$(told | cut -d ' ' -f 1)" = "$1" ]
}

udhcpc_start() {
	rm -f udhcpc.sh.eth0.c
	lab_bg c env HOSTNAME=c busybox udhcpc -f -R -i eth0 -t 5 -T 2 \
	    -x hostname:laptop -s "$LAB_DIR/udhcpc.sh" >udhcpc.log 2>&1
	udhcpc=$LAB_PID udhcpc_job=$LAB_JOB
	lab_until 20 told_is bound
}

udhcpc_life() {
	ok 'udhcpc gets a lease' udhcpc_start
	is 'with what is configured' "$(told)" "bound ip=10.0.0.100\
 mask=255.255.255.0 router=10.0.0.1 dns=10.0.0.1 10.0.0.2 domain=lab.test\
 lease=600 server=10.0.0.1"
	is 'it stands among the leases' "$(lease 10.0.0.100)" \
	    "10.0.0.100 bound $(mac c)"
	is 'by hardware address' "$(lease "$(mac c)")" \
	    "10.0.0.100 bound $(mac c)"
	is 'by network' "$(lease 10.0.0.0/24)" "10.0.0.100 bound $(mac c)"
	is 'by name' "$(lease laptop)" "10.0.0.100 bound $(mac c)"
	is 'no other network has it' "$(lease 10.7.0.0/16)" ''
	: >udhcpc.sh.eth0.c
	kill -USR1 "$udhcpc"
	ok 'it renews' lab_until 20 told_is renew
	like 'in the first quarter, for what is left' "$(told)" \
	    '^renew ip=10\.0\.0\.100 .* lease=(600|59[0-9]) '
	isnt 'which writes nothing' "$(counter renewals.cached)" 0
	kill -USR2 "$udhcpc"
	ok 'it gives its address back' lab_until 20 told_is deconfig
	lab_until 20 count received.release 1
	is 'which is free then' "$(lease 10.0.0.100)" \
	    "10.0.0.100 released $(mac c)"
	kill -USR1 "$udhcpc"
	ok 'it comes back' lab_until 20 told_is bound
	like 'to the same address' "$(told)" '^bound ip=10\.0\.0\.100 '
}

dhclient_start() {
	: >dhclient.sh.told
	touch dhclient.leases
	lab_bg d "$PEERS/sbin/dhclient" -4 -1 -d -sf "$LAB_DIR/dhclient.sh" \
	    -lf "$LAB_DIR/dhclient.leases" -pf "$LAB_DIR/dhclient.pid" eth0 \
	    >dhclient.log 2>&1
	dhclient=$LAB_PID dhclient_job=$LAB_JOB
	lab_until 30 grep -Eq '^(BOUND|REBOOT) ' dhclient.sh.told
}

dhclient_end() {
	kill -9 "$dhclient"
	wait "$dhclient_job" 2>/dev/null
}

dhclient_life() {
	ok 'dhclient gets a lease' dhclient_start
	like 'with what is configured' "$(tail -n 1 dhclient.sh.told)" \
	    '^BOUND ip=10\.0\.0\.101 router=10\.0\.0\.1 dns=10\.0\.0\.1 10\.0\.0\.2 lease=600'
	dhclient_end
	ok 'started again it asks for its address' dhclient_start
	like 'and has it' "$(tail -n 1 dhclient.sh.told)" \
	    '^REBOOT ip=10\.0\.0\.101 '
	dhclient_end
	nak=$(counter sent.nak)
	sed 's/fixed-address 10\.0\.0\.101/fixed-address 192.168.9.9/' \
	    dhclient.leases >wrong.leases
	cp wrong.leases dhclient.leases
	ok 'from another network it comes' dhclient_start
	like 'to its lease here' "$(tail -n 1 dhclient.sh.told)" \
	    '^BOUND ip=10\.0\.0\.101 '
	ok 'after a NAK' count sent.nak $((nak + 1))
	dhclient_end
	d "$PEERS/sbin/dhclient" -4 -r -sf "$LAB_DIR/dhclient.sh" \
	    -lf "$LAB_DIR/dhclient.leases" -pf "$LAB_DIR/none.pid" eth0 \
	    >/dev/null 2>&1
	lab_until 20 count received.release 2
	is 'it gives its lease back' "$(lease 10.0.0.101)" \
	    "10.0.0.101 released $(mac d)"
}

# renewed: udhcpc asks again, and is told that it has what it had.
renewed() {
	: >udhcpc.sh.eth0.c
	kill -USR1 "$udhcpc"
	lab_until 20 told_is renew && told | grep -q 'ip=10\.0\.0\.100 '
}

# Leases as they stand, without what changes by itself.
standing() {
	ctl leases | grep ' bound ' | cut -d ' ' -f 1-5
}

reloads() {
	standing >before
	network 20m
	ok 'a reload' ctl reload
	standing >after
	same 'loses no lease' before after
	ok 'a client renews' renewed
	like 'by the new configuration' "$(told)" ' lease=1200 '
	configure 'subnet "10.0.0.0/24" { ranges = { "10.0.1.1-10.0.1.9" } }'
	nok 'a wrong configuration is refused' ctl reload
	ok 'and the old one goes on' renewed
	network 20m
	(for i in 1 2 3 4 5 6 7 8; do
		ctl reload >/dev/null || echo "reload $i"
		sleep 0.2
	done) >reloads 2>&1 &
	job=$!
	probed d 'on eth0' 'fill 20'
	wait "$job"
	is 'reload after reload' "$(cat reloads)" ''
	is 'clients meanwhile miss nothing' "$out" '20 served, 20 addresses'
	standing >after
	grep -Fvx -f after before >lost
	is 'no lease is lost by them' "$(cat lost)" ''
}

killed() {
	standing >before
	s kill -9 "$(worker)"
	ok 'a killed worker is replaced' lab_until 20 standing_again
	standing >after
	same 'with all leases' before after
	ok 'a client renews' renewed
	kill -9 "$server"
	wait "$server_job" 2>/dev/null
	lab_until 20 gone
	serve
	ok 'all killed and started again' lab_until 20 standing_again
	standing >after
	same 'leases are what they were' before after
	ok 'and can be renewed' renewed
	like 'the history tells' "$(ctl history 10.0.0.100)" \
	    "10\.0\.0\.100 released $(mac c) "
}

standing_again() {
	standing | grep -q .
}

gone() {
	! s pgrep -x dhcpd >/dev/null
}

by_hand() {
	like 'an address is freed by hand' "$(ctl free 10.0.0.100)" \
	    '^10\.0\.0\.100 was bound$'
	is 'and free' "$(lease 10.0.0.100 | cut -d ' ' -f 2)" released
	nok 'one that nobody has is not' ctl free 10.0.0.249
	like 'pools tell how full they are' "$(ctl pools | head -n 1)" \
	    '10\.0\.0\.100-10\.0\.0\.250 size 151 bound [0-9]+ '
	for verb in leases pools 'history 10.0.0.100'; do
		# shellcheck disable=SC2086 # words
		ctl $verb -j >json
		ok "$verb as JSON" perl -MJSON::PP -0777 -ne \
		    'die unless @{decode_json($_)}' json
	done
}

site
network
serve
udhcpc_life
dhclient_life
reloads
killed
by_hand
kill "$udhcpc"
wait "$udhcpc_job" 2>/dev/null
kill "$server"
wait "$server_job"
is 'it ends well' "$?" 0
done_testing
