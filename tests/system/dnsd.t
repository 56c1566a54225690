#!/bin/sh
# dnsd as its clients and its administrator see it: questions by all clients,
# reloads, verbs, counters, and what a killed worker leaves.
# shellcheck disable=SC1091,SC2016 # zones have dollars
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dnsd.sh"

# As teaching material has it: without the SOA's class, blanks for owners.
teaching() {
	zone example.com.zone <<-'EOT'
	$TTL 2d ; default TTL
	$ORIGIN example.com.
	@        SOA  ns1.example.com. hostmaster.example.com. ( 2023013100 ; serial
	              12h ; refresh
	              15m ; retry
	              3w  ; expiry
	              2h ) ; negative cache TTL
	     IN  NS   ns1.example.com.
	     IN  NS   ns2.example.net.
	 3w  IN  MX   10 mail.example.com.
	     IN  MX   20 mail.example.net.
	ns1      A    192.0.2.1
	         A    192.0.2.2
	mail     A    192.0.2.3
	EOT
}

# lab SERIAL [LINE...]: a zone that includes a file.
lab_zone() {
	serial=$1
	shift
	{
		printf '%s\n' '$TTL 1h' \
		    "@ SOA ns host $serial 1h 15m 1w 10m" '	NS ns' \
		    'ns A 10.0.0.1' '	AAAA 2001:db8::1' '$INCLUDE more.inc'
		printf '%s\n' "$@"
	} | zone lab.test.zone
}

usual() {
	configure 'zone "example.com" { }' 'zone "lab.test" { }' \
	    'zone "." { file = "root.zone" }' \
	    'query_log = "/var/log/basenet/queries"' 'identity = "s.lab"' "$@"
}

begin() {
	site
	teaching
	echo 'inc A 10.0.0.77' | zone more.inc
	lab_zone 1 'www CNAME ns' "long TXT $(seq -s ' ' -f 'x%0200.0f' 1 12)"
	printf '%s\n' '. 3600 SOA a. b. 1 2 3 4 5' '. 3600 NS ns.root.' \
	    'org. 3600 NS ns.org.' 'ns.org. 3600 A 192.0.2.53' | zone root.zone
	usual
	serve
}

clients() {
	is 'dig: an address' "$(short ns1.example.com)" '192.0.2.1
192.0.2.2'
	is 'dig: mail' "$(short example.com MX)" '10 mail.example.com.
20 mail.example.net.'
	is 'dig: IPv6' "$(short "@$v6" mail.example.com)" 192.0.2.3
	is 'dig: TCP' "$(short +tcp mail.example.com)" 192.0.2.3
	is 'dig: TCP, IPv6' "$(short "@$v6" +tcp mail.example.com)" 192.0.2.3
	is 'dig: the other address' "$(short "@$v4b" mail.example.com)" \
	    192.0.2.3
	is 'dig: of the zone' "$(flags_of mail.example.com)" 'qr aa'
	is 'dig: no such name' "$(status_of nothing.example.com)" NXDOMAIN
	is 'dig: a referral' "$(flags_of x.org)" 'qr'
	is 'dig: a chain' "$(short www.lab.test)" '10.0.0.1
ns.lab.test.'
	is 'dig: a class that is not ours' \
	    "$(status_of -c HS example.com)" REFUSED
	is 'dig: who are you' "$(short CH TXT id.server)" '"s.lab"'
	is 'kdig' "$(c kdig +short "@$v4" mail.example.com)" 192.0.2.3
	is 'kdig: TCP, IPv6' \
	    "$(c kdig +tcp +short "@$v6" mail.example.com)" 192.0.2.3
	is 'kdig: all on one connection' "$(c kdig +tcp +keepopen +short \
	    "@$v4" mail.example.com ns.lab.test AAAA inc.lab.test |
	    xargs)" '192.0.2.3 2001:db8::1 10.0.0.77'
	like 'drill' "$(c drill -o rd "@$v4" mail.example.com)" \
	    'mail.example.com.*192\.0\.2\.3'
	like 'drill: TCP' "$(c drill -t "@$v6" mail.example.com)" \
	    'mail.example.com.*192\.0\.2\.3'
	like 'round robin' "$(for i in 1 2 3 4 5 6 7 8; do
		ask +short ns1.example.com | head -n 1
	done | sort -u | xargs)" '192.0.2.1 192.0.2.2'
}

sizes() {
	is 'too long for a datagram: truncated' \
	    "$(flags_of +ignore long.lab.test TXT)" 'qr aa tc'
	is 'by TCP whole' "$(ask long.lab.test TXT +short | wc -w)" 12
	is 'no more than 512 bytes without EDNS' \
	    "$(flags_of +noedns +ignore long.lab.test TXT)" 'qr aa tc'
	out=$(c "$load" -t -w 200 "$v4" 53 1 mail.example.com)
	like 'many questions on one connection, none lost' "$out" \
	    ' lost 0 refused 0 broken 0'
	out=$(c "$load" -t -w 100 "$v6" 53 1 long.lab.test)
	like 'and IPv6' "$out" ' lost 0 refused 0 broken 0'
}

verbs() {
	is 'zones' "$(ctl zones)" 'example.com. primary served serial 2023013100 records 8
lab.test. primary served serial 1 records 7
. primary served serial 1 records 4'
	like 'zones as JSON' "$(ctl zones -j | tr -d '\n')" \
	    '^\[\{"zone":"example.com.","role":"primary",.*\}\]$'
	like 'status of a zone' "$(ctl status lab.test)" \
	    'file: .*/lab.test.zone'
	like 'with what it includes' "$(ctl status lab.test)" \
	    'file: .*/more.inc'
	like 'status of all' "$(ctl status)" 'worker 0: pid'
	like 'no such zone' "$(ctl status other.test 2>&1)" \
	    'other.test: there is no such zone'
	like 'no name' "$(ctl reload a..b 2>&1)" 'not a name'
	like 'nothing to flush' "$(ctl flush lab.test 2>&1)" 'has no journal'
	like 'nobody to ask' "$(ctl refresh lab.test 2>&1)" \
	    'we are its primary'
	ok 'notify' ctl notify lab.test
	ok 'reload of a zone' ctl reload lab.test
	like 'a word too many' "$(ctl reload a b 2>&1)" 'usage: reload'
	like 'queries' "$(ctl querylog maybe 2>&1)" 'usage: querylog'
}

counters() {
	before=$(counter type.aaaa)
	short AAAA ns.lab.test >/dev/null
	short +tcp AAAA ns.lab.test >/dev/null
	ok 'counted by type' count type.aaaa $((before + 2))
	isnt 'by RCODE' "$(counter rcode.nxdomain)" 0
	isnt 'by transport' "$(counter tcp.ipv6)" 0
	isnt 'and opcode' "$(counter opcode.query)" 0
	is 'zones' "$(counter zones) $(counter zones.broken)" '3 0'
}

querylog() {
	logged() {
		s grep -q "$1" /var/log/basenet/queries
	}
	ok 'a line for each answer' lab_until 5 logged \
	    '10\.0\.0\.2:.* udp nothing\.example\.com\. IN A e NXDOMAIN aa 0/1/1'
	ok 'and by TCP' lab_until 5 logged \
	    '\[2001:db8::2\]:.* tcp mail\.example\.com\. IN A e NOERROR aa'
	ok 'off' ctl querylog off
	short quiet.lab.test >/dev/null
	ok 'on' ctl querylog on
	short noisy.lab.test >/dev/null
	ok 'lines again' lab_until 5 logged noisy
	nok 'but not of what was meanwhile' logged quiet
	s mv /var/log/basenet/queries /var/log/basenet/old
	kill -USR1 "$server"
	asked() {
		short again.lab.test >/dev/null
		s grep -q again /var/log/basenet/queries
	}
	ok 'USR1 opens the file anew' lab_until 5 asked
}

zone_reloads() {
	pid=$(worker)
	lab_zone 2 'www CNAME ns' 'new A 10.0.0.8'
	ok 'a changed zone is read again' reload
	ok 'and served' lab_until 5 serial lab.test 2
	is 'with what is new' "$(short new.lab.test)" 10.0.0.8
	is 'by the same worker' "$(worker)" "$pid"
	echo 'inc A 10.0.0.99' | zone more.inc
	kill -HUP "$server"
	included() {
		[ "$(short inc.lab.test)" = 10.0.0.99 ]
	}
	ok 'a changed include, too' lab_until 5 included
	lab_zone 3 'www CNAME ns' 'wrong A 10.0.0.256' 'bad NOTYPE x'
	: >"$log"
	reload
	told() {
		grep -q "$1" "$log"
	}
	ok 'a wrong line is told' lab_until 5 told 'lab.test.zone:8: '
	ok 'and the other' lab_until 5 told 'lab.test.zone:9: '
	is 'the old zone stays' "$(short new.lab.test)" 10.0.0.8
	like 'which is shown' "$(ctl zones)" '^lab.test. primary old serial 2'
	like 'asked for, it says so' "$(ctl reload lab.test 2>&1)" '^error: '
	lab_zone 4 'www CNAME ns'
	ok 'mended' ctl reload lab.test
	ok 'it is served' lab_until 5 serial lab.test 4
	is 'all is well' "$(ctl zones | grep -c ' served ')" 3
}

conf_reloads() {
	pid=$(worker)
	printf '%s\n' '@ 60 SOA a. b. 9 2 3 4 5' '@ 60 NS a.' | zone extra.zone
	usual 'zone "extra" { }' 'minimal = yes'
	ok 'a new configuration' reload
	is 'has another zone' "$(short extra SOA | cut -d ' ' -f 3)" 9
	isnt 'by another worker' "$(worker)" "$pid"
	lab_zone 5 'bad NOTYPE x'
	usual 'minimal = yes'
	nok 'with a wrong zone it is refused' reload
	forgive 'ended with status 1, before it served'
	is 'and the old one goes on' "$(short extra SOA | cut -d ' ' -f 3)" 9
	ok 'with its old zone' serial lab.test 4
	lab_zone 5
	usual 'directory = "/srv/elsewhere"'
	nok 'with zones in a directory that has none, too' reload
	forgive 'ended with status 1, before it served'
	ok 'and the old one goes on' serial lab.test 4
	lab_zone 6
	usual "listen \"$v4\" { }"
	ok 'fewer addresses' reload
	is 'one is served' "$(short ns.lab.test)" 10.0.0.1
	closed() {
		! c dig +time=1 +tries=1 "@$v4b" ns.lab.test >/dev/null
	}
	ok 'another is not' lab_until 10 closed
	usual
	ok 'all again' reload
	is 'are served' "$(short "@$v4b" ns.lab.test)" 10.0.0.1
}

# As it was 4 times: new configurations, changed zones, and a killed worker
# under load.
under_load() {
	c "$load" "$v4" 53 6 mail.example.com >udp &
	jobs=$!
	c "$load" -s 2 "$v6" 53 6 mail.example.com >udp6 &
	jobs="$jobs $!"
	c "$load" -t "$v4" 53 6 mail.example.com >tcp &
	jobs="$jobs $!"
	for i in 1 2 3 4; do
		usual "udp_size = 12$i$i"
		reload || fail "reload $i: $(cat "$LAB_DIR/reload")"
		lab_zone $((10 + i))
		kill -HUP "$server"
		sleep 0.5
	done
	for job in $jobs; do
		wait "$job"
	done
	like 'reloads lose no answer: UDP' "$(cat udp)" \
	    ' lost 0 refused 0 broken 0'
	like 'IPv6' "$(cat udp6)" ' lost 0 refused 0 broken 0'
	like 'TCP' "$(cat tcp)" ' lost 0 refused 0 broken 0'
	isnt 'much was asked' "$(sed 's/asked \([0-9]*\)....*/\1/' udp)" ''
}

told_many() {
	[ "$(cat done.udp done.tcp | wc -l)" -gt 40 ]
}

# Updates that come while a process takes over from another: each that is told
# to be done is done.
updates() {
	echo 'key "k" { algorithm hmac-sha256; secret "bG9uZyBlbm91Z2ggdG8gYmUgc2VjdXJl"; };' >k.key
	s sh -c 'umask 077; cat >/etc/basenet/k.key' <k.key
	printf '%s\n' '@ 60 SOA ns host 1 1h 15m 1w 10m' '@ 60 NS ns' \
	    'ns 60 A 10.0.0.1' | zone dyn.test.zone
	updated='key "k" { file = "/etc/basenet/k.key" }
	    zone "dyn.test" { allow_transfer = "any" update "k" { } }'
	usual "$updated"
	ok 'a zone that takes updates' reload
	cat >many.sh <<-'EOT'
	i=0
	while [ ! -e "$1/enough" ]; do
		i=$((i + 1))
		printf 'server %s\nzone dyn.test\nupdate add %s 60 A %s\nsend\n' \
		    "$2" "u$3x$i.dyn.test" 10.0.0.9 |
		    timeout 20 nsupdate $4 -k "$1/k.key" || continue
		echo "u$3x$i.dyn.test." >>"$1/done.$3"
	done
	EOT
	c sh many.sh "$LAB_DIR" "$v4" udp '' >said.udp 2>&1 &
	jobs=$!
	c sh many.sh "$LAB_DIR" "$v4" tcp -v >said.tcp 2>&1 &
	jobs="$jobs $!"
	for i in 1 2 3 4; do
		sleep 0.5
		usual "$updated" "udp_size = 13$i$i"
		reload || fail "reload $i: $(cat "$LAB_DIR/reload")"
	done
	ok 'which are many' lab_until 60 told_many
	: >enough
	for job in $jobs; do
		wait "$job"
	done
	is 'updates meanwhile: nobody was told of a failure' \
	    "$(cat said.udp said.tcp)" ''
	ask +tcp dyn.test AXFR | awk '$1 ~ /^u/ { print $1 }' | sort >there
	sort done.udp done.tcp >told
	same 'what was told to be done is done' there told
	ok 'flush' ctl flush dyn.test
	ok 'which writes the file' s grep -q '^u' "$zones/dyn.test.zone"
	usual
	ok 'and it goes' reload
}

killed() {
	pid=$(worker)
	total=$(counter rcode.noerror)
	s kill -9 "$pid"
	again() {
		[ "$(worker)" != "$pid" ] &&
		    [ "$(short mail.example.com)" = 192.0.2.3 ]
	}
	ok 'a killed worker comes back' lab_until 10 again
	ok 'counters never go back' test "$(counter rcode.noerror)" -gt "$total"
	forgive 'killed by signal 9'
}

begin
clients
sizes
verbs
counters
querylog
zone_reloads
conf_reloads
under_load
updates
killed
stop 'at the end'
[ "$tap_failed" -eq 0 ] || diag_file "$log"
done_testing
