#!/bin/sh
# dnsd as a secondary of primaries that fail, lie and stop, and as a primary of
# who reads slowly or has no right to read.
# shellcheck disable=SC1091,SC2016
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dnsd.sh"

secret=AAECAwQFBgcICQoLDA0ODw==
p=10.0.0.9

# how HOW SERIAL [EXPIRE [RECORDS]]: what the primary does from now on.
how() {
	echo "$1 $2 1 1 ${3:-60} ${4:-350}" >"$LAB_DIR/how.new"
	mv "$LAB_DIR/how.new" "$LAB_DIR/how"
}

primary_begin() {
	lab_bg p "$O/tests/system/dns-primary" "$p" "$LAB_DIR/how" \
	    >>"$LAB_DIR/questions" 2>&1
	primary=$LAB_PID
}

primary_end() {
	kill "$primary"
}

usual() {
	configure 'key "xfr" { file = "/etc/basenet/xfr.key" }' \
	    'zone "x.test" { min_refresh = 1s' \
	    "  primaries = { \"$p\" }" \
	    '  allow_transfer = { "10.0.0.2 key:xfr" } }' \
	    'zone "signed.test" { min_refresh = 1s' \
	    "  primaries = { \"$p key:xfr\" } }" \
	    'zone "two.test" { min_refresh = 1s' \
	    "  primaries = { \"10.0.0.8\", \"$p\" } }" \
	    'zone "ours.test" { allow_transfer = { "key:xfr" }' \
	    '  update "xfr" { } }' "$@"
}

begin() {
	site
	lab_host p
	lab_link p eth0 wire "$p/24"
	printf 'key "xfr" { algorithm hmac-sha256; secret "%s"; };\n' \
	    "$secret" >key.conf
	s sh -c 'umask 077; cat >/etc/basenet/xfr.key' <key.conf
	printf '%s\n' '$TTL 60' '@ SOA ns root 1 20 5 100 60' '@ NS ns' \
	    'ns A 10.0.0.1' 'n1 A 192.0.2.1' | zone ours.test.zone
	usual
	how good 1
	primary_begin
	serve
}

# follows WHAT SERIAL: we come to it.
follows() {
	ok "$1" lab_until 20 serial x.test "$2"
	is "$1: all of it" "$(short n349.x.test)" 192.0.3.93
}

# refused WHAT HOW SERIAL TEXT: no such thing is taken; the log says why.
refused() {
	how "$2" "$3"
	ok "$1: it says why" lab_until 20 grep -q "XFR of x.test.: $4" "$log"
	ok "$1: what we had stays" serial x.test "$had"
	is "$1: all of it" "$(short n349.x.test)" 192.0.3.93
}

bad_primaries() {
	had=1
	follows 'at first' 1
	refused 'it closes' closed 2 'it has closed the connection'
	refused 'it lies' lying 3 'it ends with another SOA'
	: >"$log"
	refused 'it ends in the middle' half 4 'it has closed the connection'
	how good 5
	follows 'after that' 5
	had=5
	how garbage 6
	ok 'garbage: it says why' lab_until 20 grep -qE \
	    'XFR of x.test.: (not an answer|a message)' "$log"
	ok 'garbage: what we had stays' serial x.test 5
	how alias 6
	ok 'no zone: it says why' lab_until 20 grep -q \
	    'x.test.: transferred, but not taken: .*n1.x.test.*CNAME' "$log"
	ok 'no zone: what we had stays' serial x.test 5
	how changes 6
	follows 'changes that do not fit: all of it instead' 6
	like 'changes that do not fit: it says why' "$(cat "$log")" \
	    'IXFR of x.test.: .*it removes n4711.x.test. A'
	how notimp 8
	follows 'no IXFR there: all of it' 8
	like 'no IXFR there: it says why' "$(cat "$log")" \
	    'IXFR of x.test.: rcode 4'
	how good 3
	ok 'a serial that goes back: it says so' lab_until 20 grep -q \
	    'SOA of x.test.: its serial 3 is older than ours, 8' "$log"
	ok 'a serial that goes back: what we had stays' serial x.test 8
	how good 9
	follows 'and on' 9
}

# Who has a key is believed nothing that is not signed.
unsigned() {
	is 'not signed: not served' "$(status_of signed.test SOA)" SERVFAIL
	like 'not signed: it says why' "$(cat "$log")" \
	    'AXFR of signed.test.: it is not signed'
}

two() {
	ok 'the second of two primaries' lab_until 30 serial two.test 9
}

notified() {
	for q in 'x.test REFUSED' 'ours.test NOTAUTH' 'no.test NOTAUTH'; do
		is "NOTIFY of ${q% *}" \
		    "$(status_of +opcode=notify "${q% *}" SOA)" "${q#* }"
	done
	is 'NOTIFY by a primary' "$(lab_in p dig "@$v4" +opcode=notify \
	    +norecurse x.test SOA |
	    sed -n 's/.*status: \([A-Z]*\),.*/\1/p')" NOERROR
}

# transfer WORD...: what dig says of a transfer.
transfer() {
	c dig "@$v4" +time=5 +tries=1 "$@" 2>&1
}

who_may() {
	like 'no key' "$(transfer AXFR ours.test)" 'Transfer failed'
	like 'a wrong secret' "$(transfer -y hmac-sha256:xfr:QUFB \
	    AXFR ours.test)" 'BADSIG'
	like 'an unknown key' "$(transfer -y hmac-sha256:nobody:QUFB \
	    AXFR ours.test)" 'BADKEY'
	like 'the key, and it must be this address' "$(transfer \
	    -y "hmac-sha256:xfr:$secret" -b 2001:db8::2 "@$v6" AXFR x.test)" \
	    'Transfer failed'
	like 'both' "$(transfer -y "hmac-sha256:xfr:$secret" AXFR x.test)" \
	    'XFR size: 353 records'
	is 'by UDP' "$(c kdig +notcp "@$v4" -y "hmac-sha256:xfr:$secret" \
	    AXFR ours.test 2>&1 | grep -c FORMERR)" 1
}

# Each version has one record n, of its own number.
updates() {
	n=1
	while [ -e updating ]; do
		printf '%s\n' "server $v4" 'zone ours.test' \
		    "update delete n$n.ours.test A" \
		    "update add n$((n + 1)).ours.test 60 A 192.0.2.1" send |
		    c nsupdate -k "$LAB_DIR/key.conf" || echo failed
		n=$((n + 1))
	done >updated 2>&1
}

while_updated() {
	: >updating
	updates &
	job=$!
	bad='' i=0
	while [ $i -lt 30 ]; do
		transfer -y "hmac-sha256:xfr:$secret" AXFR ours.test >got
		versions=$(awk '$4 == "SOA" { print $7 }
		    $1 ~ /^n[0-9]/ { print substr($1, 2) + 0 }' got |
		    sort -u | wc -l)
		records=$(grep -c "[[:space:]]IN[[:space:]]" got)
		[ "$versions" -eq 1 ] && [ "$records" -eq 5 ] || bad=$(cat got)
		i=$((i + 1))
	done
	rm updating
	wait "$job"
	is 'AXFR during updates is of one version' "$bad" ''
	is 'and updates go on' "$(cat updated)" ''
	ok 'many of them' [ "$(transfer +short ours.test SOA |
	    cut -d ' ' -f 3)" -gt 10 ]
	serial=$(transfer +short ours.test SOA | cut -d ' ' -f 3)
	is 'IXFR of all that' "$(transfer -y "hmac-sha256:xfr:$secret" \
	    "IXFR=1" ours.test | grep -c "[[:space:]]SOA[[:space:]]")" \
	    $((2 * serial))
}

expiry() {
	how good 10 4
	follows 'a zone that expires soon' 10
	primary_end
	ok 'without its primary it expires' lab_until 10 is_status x.test \
	    SERVFAIL
	ok 'which is counted' lab_until 10 expired 2
	like 'and told' "$(cat "$log")" 'x.test.: it has expired'
	primary_begin
	ok 'with it, it is there again' lab_until 30 serial x.test 10
}

is_status() {
	[ "$(status_of "$1" SOA)" = "$2" ]
}

# So many, or one more: that of signed.test never came.
expired() {
	n=$(counter zones.expired)
	[ "$n" = "$1" ] || [ "$n" = $(($1 + 1)) ]
}

restarts() {
	how good 11 8
	follows 'before a restart' 11
	primary_end
	stop 'a restart'
	serve
	ok 'after a restart it is served' serial x.test 11
	ok 'until it would have expired' lab_until 12 is_status x.test SERVFAIL
	stop 'another restart'
	serve
	is 'after another restart it still has' "$(status_of x.test SOA)" \
	    SERVFAIL
	primary_begin
	ok 'until it is confirmed' lab_until 30 serial x.test 11
}

begin
bad_primaries
unsigned
two
notified
who_may
while_updated
expiry
restarts
stop
[ "$tap_failed" -eq 0 ] || diag_file questions
done_testing
