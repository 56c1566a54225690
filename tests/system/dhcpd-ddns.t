#!/bin/sh
# Clients' names in DNS, by BIND's named, and the script at changes of leases.
# shellcheck disable=SC2016,SC2317 # those of dhcp-probe; called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dhcpd.sh"

key='key "dhcpd" { algorithm hmac-sha256; secret "AAECAwQFBgcICQ=="; };'
zones=$LAB_DIR/zones

zone() {
	printf '%s\n' '$TTL 60' '@ SOA ns root 1 60 60 60 60' '@ NS ns' \
	    'ns A 10.0.0.1' >"$zones/$1"
	printf 'zone "%s" { type primary; file "%s";
	    allow-update { key dhcpd; }; };\n' "$1" "$1" >>named.conf
}

named_files() {
	mkdir "$zones"
	cat >named.conf <<-EOF
	options { directory "$zones"; pid-file none; session-keyfile none;
	    listen-on { 127.0.0.1; }; listen-on-v6 { none; }; recursion no;
	    notify no; dnssec-validation no; };
	controls { };
	$key
	EOF
	zone lab.test
	zone 10.in-addr.arpa
}

named_start() {
	lab_bg s named -g -n 1 -c "$LAB_DIR/named.conf" >>named.log 2>&1
	named=$LAB_PID
	ok "${1:-named serves}" lab_until 20 dns_is ns.lab.test A 10.0.0.1
}

# dns NAME TYPE: its records.
dns() {
	s dig +short +tries=1 +timeout=2 @127.0.0.1 "$1" "$2" 2>&1
}

dns_is() {
	[ "$(dns "$1" "$2")" = "$3" ]
}

# name WHAT NAME ADDRESS: both records, soon.
name() {
	ok "$1" lab_until 20 dns_is "$2.lab.test" A "$3"
	rev=$(echo "$3" | awk -F. '{ print $4 "." $3 "." $2 "." $1 }')
	ok "$1: and back" lab_until 20 dns_is "$rev.in-addr.arpa" PTR \
	    "$2.lab.test."
}

# noname WHAT NAME ADDRESS
noname() {
	ok "$1" lab_until 20 dns_is "$2.lab.test" A ''
	is "$1: nor its owner" "$(dns "$2.lab.test" DHCID)" ''
	rev=$(echo "$3" | awk -F. '{ print $4 "." $3 "." $2 "." $1 }')
	ok "$1: and back" lab_until 20 dns_is "$rev.in-addr.arpa" PTR ''
}

# The script writes down what it is told, as the daemon's user.
event_script() {
	cat >event <<-'EOF'
	#!/bin/sh
	echo "$1 $ADDRESS $MAC $HOST $FQDN $(id -un)" >>/run/events/told
	EOF
	chmod 755 event
	s sh -c 'mkdir /run/events && chown _dhcpd /run/events'
}

told() {
	s grep -qxF "$1" /run/events/told
}

network() {
	s sh -c "umask 077; echo '$key' >/etc/basenet/dhcpd.key"
	configure 'authoritative = yes' 'default_lease = 10m' \
	    'min_lease = 2s' 'probe = "none"' \
	    "event_script = \"$LAB_DIR/event\"" \
	    'ddns { server = "127.0.0.1" key = "/etc/basenet/dhcpd.key"' \
	    '  forward = "lab.test" reverse = yes }' \
	    'subnet "10.0.0.0/24" {' \
	    '  ranges = { "10.0.0.100-10.0.0.110" }' \
	    '  host "p" { mac = "02:00:00:00:be:ef" address = "10.0.0.50"' \
	    '    hostname = "printer" }' '}'
}

in_and_out() {
	probed c 'on eth0' 'dora mac=020000000001 opt.12=laptop'
	like 'a client with a name' "$out" '^ACK .*yiaddr=10\.0\.0\.100'
	name 'its name is in DNS' laptop 10.0.0.100
	isnt 'and says whose it is' "$(dns laptop.lab.test DHCID)" ''
	ok 'the script is told, as our user' lab_until 10 told \
	    'bound 10.0.0.100 02:00:00:00:00:01 laptop laptop.lab.test _dhcpd'
	probed c 'on eth0' 'set mac=020000000001' \
	    'send type=release ciaddr=10.0.0.100 opt.54=10.0.0.1' 'sleep 100'
	noname 'it goes with the lease' laptop 10.0.0.100
	ok 'which the script is told' lab_until 10 told \
	    'released 10.0.0.100 02:00:00:00:00:01 laptop laptop.lab.test _dhcpd'
}

expiry() {
	probed c 'on eth0' \
	    'dora mac=020000000002 opt.12=guest opt.51=u32:4'
	like 'a short lease' "$out" '^ACK .*yiaddr=10\.0\.0\.101'
	name 'is in DNS' guest 10.0.0.101
	noname 'and goes when it ends' guest 10.0.0.101
	ok 'which the script is told' lab_until 10 told \
	    'expired 10.0.0.101 02:00:00:00:00:02 guest guest.lab.test _dhcpd'
}

# Flags S 1, O 2, E 4, N 8.
option81() {
	probed c 'on eth0' 'dora mac=020000000003 opt.81=hex:050000+name:desk'
	like 'a client with option 81' "$out" '^ACK '
	like 'is told its whole name' "$out" \
	    '81=.*05:?ff:?ff:?04:?64:?65:?73:?6b:?03:?6c:?61:?62:?04:?74:?65:?73:?74:?00'
	address=$(echo "$out" | sed 's/.*yiaddr=\([0-9.]*\).*/\1/')
	name 'which is in DNS' desk "$address"
	probed c 'on eth0' 'dora mac=020000000004 opt.81=hex:0c0000+name:shy'
	like 'one that wants none has none' "$out" '81=.*0c:?ff:?ff:?03:?73'
	sleep 1
	is 'nor is it in DNS' "$(dns shy.lab.test A)" ''
}

conflict() {
	probed c 'on eth0' 'dora mac=020000000005 opt.12=desk'
	like 'a name that another has: the lease is had' "$out" '^ACK '
	ok 'the name is not' lab_until 10 grep -q \
	    'desk.lab.test. does not go into DNS: .*in use by another' "$log"
	is 'but stays the other one'\''s' "$(dns desk.lab.test A)" "$address"
	ok 'which is counted' lab_until 10 count dns.failed 1
}

reserved() {
	probed c 'on eth0' 'dora mac=02000000beef opt.12=other'
	like 'a reservation' "$out" '^ACK .*yiaddr=10\.0\.0\.50'
	name 'has its own name' printer 10.0.0.50
	is 'not the one the client says' "$(dns other.lab.test A)" ''
}

# DNS is gone: nobody waits, and names come when the client does.
outage() {
	named_stop
	before=$(date +%s)
	probed c 'on eth0' 'dora mac=020000000006 opt.12=late'
	like 'without DNS: a lease' "$out" '^ACK '
	address=$(echo "$out" | sed 's/.*yiaddr=\([0-9.]*\).*/\1/')
	ok 'at once' [ $(($(date +%s) - before)) -lt 3 ]
	named_start 'named serves again'
	name 'then the name comes' late "$address"
}

named_stop() {
	kill "$named"
	lab_until 10 sh -c "! kill -0 $named 2>/dev/null"
}

# forgotten WHAT NAME MAC COMMAND...: a lease ends while DNS is gone; the worker
# ends by that command before the name could be removed, and the next does it.
forgotten() {
	what=$1 who=$2 mac=$3
	shift 3
	probed c 'on eth0' "dora mac=$mac opt.12=$who"
	like "$what: a lease" "$out" '^ACK '
	address=$(echo "$out" | sed 's/.*yiaddr=\([0-9.]*\).*/\1/')
	name "$what: its name" "$who" "$address"
	named_stop
	probed c 'on eth0' "set mac=$mac" \
	    "send type=release ciaddr=$address opt.54=10.0.0.1" 'sleep 100'
	ok "$what: it is to go" lab_until 10 count dns.waiting 1
	before=$(worker)
	"$@"
	ok "$what: another worker" lab_until 20 worker_is_new
	named_start "$what: named serves again"
	noname "$what: then it goes" "$who" "$address"
}

worker_is_new() {
	now=$(worker)
	[ -n "$now" ] && [ "$now" != "$before" ]
}

reloaded() {
	ok 'a reload' ctl reload
}

# Not to be told by stop.
killed() {
	healthy 'until then'
	s kill -9 "$before"
	lab_until 10 grep -q 'worker 0: killed' "$log"
	: >"$log"
}

site
named_files
event_script
named_start
network
serve
in_and_out
expiry
option81
conflict
reserved
outage
forgotten 'a reload' moved 020000000007 reloaded
forgotten 'a killed worker' gone 020000000008 killed
ok 'nothing waits' lab_until 10 count dns.waiting 0
stop
[ "$tap_failed" -eq 0 ] || diag_file "$LAB_DIR/named.log"
done_testing
