#!/bin/sh
# dnsd among others: it gives its zones to NSD, Knot, BIND and to itself, and
# follows each of them, by NOTIFY and IXFR, signed.
# shellcheck disable=SC1091,SC2016
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dnsd.sh"

secret=AAECAwQFBgcICQoLDA0ODw==
peers='n k b t' # NSD, Knot, BIND, ourselves
zones_of='nsd knot named'

address() {
	case $1 in
	n) echo 10.0.0.11 ;;
	k) echo 10.0.0.12 ;;
	b) echo 10.0.0.13 ;;
	t) echo 10.0.0.14 ;;
	esac
}

hosts() {
	site
	for h in $peers; do
		lab_host "$h"
		lab_link "$h" eth0 wire "$(address "$h")/24"
		mkdir "$LAB_DIR/$h"
		chmod 777 "$LAB_DIR/$h"
	done
	for h in s t; do
		lab_in "$h" sh -c "umask 077; echo 'key \"xfr\" {
		    algorithm hmac-sha256; secret \"$secret\"; };' \
		    >/etc/basenet/xfr.key"
	done
	printf 'key "xfr" { algorithm hmac-sha256; secret "%s"; };\n' \
	    "$secret" >key.conf
}

# master ZONE SERIAL [LINE...]
master() {
	printf '%s\n' '$TTL 60' "@ SOA ns root $2 1h 5 1d 60" '@ NS ns' \
	    'ns A 10.0.0.1' 'MiXed TXT "a b" "c"' 'sub NS ns.sub' \
	    'ns.sub AAAA 2001:db8::53' '*.wild MX 10 MiXed'
	shift 2
	[ $# -eq 0 ] || printf '%s\n' "$@"
}

nsd_begin() {
	master nsd.test 1 >n/nsd.test
	cat >n/nsd.conf <<-EOT
	server:
	  username: ""
	  chroot: ""
	  zonesdir: "$LAB_DIR/n"
	  database: ""
	  pidfile: "$LAB_DIR/n/pid"
	  xfrdfile: "$LAB_DIR/n/xfrd"
	  xfrdir: "$LAB_DIR/n"
	  zonelistfile: "$LAB_DIR/n/list"
	  ip-address: 10.0.0.11
	  server-count: 1
	  verbosity: 2
	remote-control:
	  control-enable: yes
	  control-interface: "$LAB_DIR/n/control"
	key:
	  name: "xfr"
	  algorithm: hmac-sha256
	  secret: "$secret"
	zone:
	  name: "lab.test"
	  zonefile: "lab.test"
	  allow-notify: 10.0.0.1 xfr
	  request-xfr: 10.0.0.1 xfr
	zone:
	  name: "nsd.test"
	  zonefile: "nsd.test"
	  store-ixfr: yes
	  create-ixfr: yes
	  notify: 10.0.0.1 xfr
	  provide-xfr: 10.0.0.1 xfr
	EOT
	lab_bg n nsd -d -c "$LAB_DIR/n/nsd.conf" >n/log 2>&1
}

# Changes to what the peers are primaries of.
nsd_change() {
	master nsd.test "$@" >n/new && mv n/new n/nsd.test
	lab_in n nsd-control -c "$LAB_DIR/n/nsd.conf" reload nsd.test
}

knot_begin() {
	master knot.test 1 >k/knot.test
	mkdir k/db
	cat >k/knot.conf <<-EOT
	server:
	  listen: 10.0.0.12
	  rundir: "$LAB_DIR/k"
	log:
	  - target: stderr
	    any: info
	database:
	  storage: "$LAB_DIR/k/db"
	key:
	  - id: xfr
	    algorithm: hmac-sha256
	    secret: $secret
	remote:
	  - id: ours
	    address: 10.0.0.1
	    key: xfr
	acl:
	  - id: notify
	    address: 10.0.0.1
	    key: xfr
	    action: notify
	  - id: transfer
	    address: 10.0.0.1
	    key: xfr
	    action: transfer
	template:
	  - id: default
	    storage: "$LAB_DIR/k"
	zone:
	  - domain: lab.test
	    file: lab.test
	    master: ours
	    acl: notify
	  - domain: knot.test
	    file: knot.test
	    zonefile-load: difference
	    journal-content: changes
	    notify: ours
	    acl: transfer
	EOT
	lab_bg k knotd -c "$LAB_DIR/k/knot.conf" >k/log 2>&1
}

knot_change() {
	master knot.test "$@" >k/new && mv k/new k/knot.test
	lab_in k knotc -s "$LAB_DIR/k/knot.sock" zone-reload knot.test
}

named_begin() {
	master named.test 1 >b/named.test
	cat >b/named.conf <<-EOT
	options { directory "$LAB_DIR/b"; pid-file none; session-keyfile none;
	    listen-on { 10.0.0.13; 127.0.0.1; }; listen-on-v6 { none; };
	    recursion no; dnssec-validation no; notify-delay 0;
	    serial-query-rate 1000; notify explicit; };
	controls { };
	$(cat key.conf)
	server 10.0.0.1 { keys { xfr; }; };
	zone "lab.test" { type secondary; file "lab.test";
	    primaries { 10.0.0.1 key xfr; }; };
	zone "named.test" { type primary; file "named.test";
	    allow-update { key xfr; }; allow-transfer { key xfr; };
	    also-notify { 10.0.0.1 key xfr; }; };
	EOT
	lab_bg b named -g -n 1 -c "$LAB_DIR/b/named.conf" >b/log 2>&1
}

# named_change SERIAL LINE...: its own way is an update.
named_change() {
	shift
	{
		echo "server 10.0.0.13"
		echo "zone named.test"
		printf 'update add %s\n' "$1" |
		    sed 's/add \([^ ]*\) /add \1.named.test 60 /'
		echo send
	} | lab_in b nsupdate -k "$LAB_DIR/key.conf"
}

# Ourselves once more, as secondary of a secondary, too.
ours_begin() {
	lab_in t install -d -o _dnsd "$zones"
	lab_in t mkdir -p "$run"
	lab_in t sh -c 'cat >/etc/basenet/dnsd.conf' <<-EOT
	key "xfr" { file = "/etc/basenet/xfr.key" }
	zone "lab.test" { primaries = { "10.0.0.1 key:xfr" } }
	zone "nsd.test" { primaries = { "10.0.0.1 key:xfr" } }
	EOT
	lab_bg t "$O/sbin/dnsd" -d -f /etc/basenet/dnsd.conf >t/log 2>&1
	other=$LAB_PID
}

usual() {
	configure 'key "xfr" { file = "/etc/basenet/xfr.key" }' \
	    'zone "lab.test" {' \
	    '  allow_transfer = { "key:xfr" }' \
	    '  notify = { "10.0.0.11 key:xfr", "10.0.0.12 key:xfr",' \
	    '    "10.0.0.13 key:xfr" }' \
	    '  update "xfr" { } }' \
	    'zone "nsd.test" { primaries = { "10.0.0.11 key:xfr" }' \
	    '  allow_transfer = { "key:xfr" }' \
	    '  notify = { "10.0.0.14 key:xfr" } }' \
	    'zone "knot.test" { primaries = { "10.0.0.12 key:xfr" }' \
	    '  allow_transfer = { "key:xfr" } }' \
	    'zone "named.test" { primaries = { "10.0.0.13 key:xfr" }' \
	    '  allow_transfer = { "key:xfr" } }' "$@"
}

# all ADDRESS ZONE: everything in it, in order.
all() {
	c dig "@$1" -y "hmac-sha256:xfr:$secret" +nostats +nocmd +onesoa \
	    AXFR "$2" 2>&1 | grep -v '^;\|TSIG' | tr -s '\t' ' ' | sort
}

# serial_at ADDRESS ZONE N
serial_at() {
	[ "$(c dig "@$1" +short +norecurse +time=1 +tries=1 "$2" SOA |
	    cut -d ' ' -f 3)" = "$3" ]
}

# Records as the peer answers them, one by one: NSD gives zones to us alone.
# It and Knot keep names in lower case.
answers_at() {
	for q in ns/A MiXed/TXT x.wild/MX new/A gone/A; do
		c dig "@$1" +short +norecurse "${q%/*}.$2" "${q#*/}"
	done | tr '[:upper:]' '[:lower:]'
}

begin() {
	hosts
	master lab.test 1 'gone A 192.0.2.66' '@ NS other' \
	    'other A 10.0.0.14' '@ NS far.example.' | zone lab.test.zone
	usual
	nsd_begin
	knot_begin
	named_begin
	ours_begin
	serve
}

# Everybody has what we have.
given() {
	for h in $peers; do
		a=$(address "$h")
		ok "$1: $h has serial $2" lab_until 20 serial_at "$a" \
		    lab.test "$2"
		is "$1: $h has the same" "$(answers_at "$a" lab.test)" \
		    "$(answers_at "$v4" lab.test)"
	done
}

update() {
	{
		echo "server $v4"
		echo "zone lab.test"
		printf 'update %s\n' "$@"
		echo send
	} | c nsupdate -k "$LAB_DIR/key.conf"
}

given_changes() {
	ok 'an update' update 'add new.lab.test 60 A 192.0.2.7' \
	    'delete gone.lab.test A'
	given 'after an update' 2 # ourselves are told as one of the NS
	is 'of an NS without address it says so once' \
	    "$(grep -c 'its server far.example. is not notified' "$log")" 1
	is 'as changes' "$(grep -c 'IXFR sent zone=lab.test. serial=2' "$log")" 4
	unlike 'not as a whole' "$(cat "$log")" 'AXFR sent zone=lab.test. serial=2'
}

# We have what everybody has.
taken() {
	for z in $zones_of; do
		ok "$1: we have $z.test $2" lab_until 20 serial_at "$v4" \
		    "$z.test" "$2"
	done
	is "$1: NSD's is the same" "$(answers_at "$v4" nsd.test)" \
	    "$(answers_at 10.0.0.11 nsd.test)"
	is "$1: Knot's is the same" "$(answers_at "$v4" knot.test)" \
	    "$(answers_at 10.0.0.12 knot.test)"
	is "$1: BIND's is the same" "$(all "$v4" named.test)" \
	    "$(all 10.0.0.13 named.test)"
	ok "$1: ours from ours" lab_until 20 serial_at 10.0.0.14 nsd.test "$2"
}

taken_changes() {
	ok 'NSD changes' nsd_change 2 'new A 192.0.2.8'
	ok 'Knot changes' knot_change 2 'new A 192.0.2.8'
	ok 'BIND changes' named_change 2 'new A 192.0.2.8'
	taken 'after a change' 2
	for z in $zones_of; do
		like "$z: by IXFR" "$(cat "$log")" \
		    "IXFR received zone=$z.test. serial=2"
	done
	like 'ours from ours: by IXFR' "$(cat t/log)" \
	    'IXFR received zone=nsd.test. serial=2'
}

# What was transferred is there after a restart, without any primary.
restarted() {
	ok 'the other one ends' kill "$other"
	stop 'a restart'
	lab_stop n k b
	serve
	for z in $zones_of; do
		ok "after a restart: $z.test" serial_at "$v4" "$z.test" 2
	done
}

begin
given 'at start' 1
taken 'at start' 1
given_changes
taken_changes
restarted
stop
[ "$tap_failed" -eq 0 ] || for f in */log; do diag_file "$f"; done
done_testing
