#!/bin/sh
# Dynamic updates: by nsupdate, by our dhcpd, and by very many clients while
# everything is killed. What was acknowledged is there; addresses have names in
# both directions.
# shellcheck disable=SC2016,SC2317 # zones have dollars; called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dnsd.sh"

probe=$O/tests/system/dhcp-probe
fault=$O/tests/fault.so
round=0

# A key of that name, for the server and in the test's directory.
new_key() {
	"$O/sbin/dnsd-keygen" -o "$LAB_DIR/$1.key" "$1"
	s sh -c "umask 077; cat $LAB_DIR/$1.key >/etc/basenet/$1.key"
}

zone_files() {
	printf '%s\n' '$TTL 1h' '@ SOA ns host 1 1h 15m 1w 10m' '	NS ns' \
	    '	NS ns2' 'ns A 10.0.0.1' 'ns2 A 10.0.0.3' 'www CNAME ns' \
	    'fixed TXT "a text"' 'deep.empty A 10.0.0.9' | zone lab.test.zone
	printf '%s\n' '$TTL 1h' '@ SOA ns.lab.test. host.lab.test. 1 1h 15m 1w 10m' \
	    '	NS ns.lab.test.' '1.0.0 PTR ns.lab.test.' \
	    '66.0.0 PTR elsewhere.test.' | zone 10.in-addr.arpa.zone
	printf '%s\n' '$TTL 1h' '@ SOA ns.lab.test. host.lab.test. 1 1h 15m 1w 10m' \
	    '	NS ns.lab.test.' | zone 8.b.d.0.1.0.0.2.ip6.arpa.zone
	printf '%s\n' '$TTL 1h' '@ SOA ns.lab.test. host.lab.test. 1 1h 15m 1w 10m' \
	    '	NS ns.lab.test.' | zone still.test.zone
}

usual() {
	configure 'key "admin" { file = "/etc/basenet/admin.key" }' \
	    'key "dhcpd" { file = "/etc/basenet/dhcpd.key" }' \
	    'key "other" { file = "/etc/basenet/other.key" }' \
	    'zone "lab.test" { auto_reverse = yes notify_ns = no' \
	    '  allow_transfer = { "any" }' \
	    '  update "admin" { types = { "SOA", "NS", "A", "AAAA", "CNAME",' \
	    '    "MX", "SRV", "TXT", "TYPE65280" } }' \
	    '  update "dhcpd" { names = { "subdomain lab.test" }' \
	    '    types = { "A", "AAAA", "DHCID" } } }' \
	    'zone "10.in-addr.arpa" { notify_ns = no allow_transfer = { "any" }' \
	    '  update "dhcpd" { types = { "PTR" } } }' \
	    'zone "8.b.d.0.1.0.0.2.ip6.arpa" { notify_ns = no }' \
	    'zone "still.test" { }' "$@"
}

begin() {
	site
	for k in admin dhcpd other; do
		new_key $k
	done
	zone_files
	usual
	serve
}

# update KEY [-v] LINE...: what nsupdate says. KEY "": not signed.
update() {
	key=$1
	shift
	tcp=
	[ "$1" != -v ] || {
		tcp=-v
		shift
	}
	printf '%s\n' "server $v4" 'zone lab.test' "$@" send |
	    c nsupdate ${key:+-k "$LAB_DIR/$key.key"} $tcp -t 5 2>&1
}

# done_ WHAT LINE...: it is done. not_done WHAT CODE LINE...
done_() {
	what=$1
	shift
	is "$what" "$(update admin "$@")" ''
}

not_done() {
	what=$1 code=$2
	shift 2
	is "$what: $code" "$(update admin "$@")" "update failed: $code"
}

forms() {
	done_ 'add an address' 'update add one.lab.test 300 A 10.0.0.11'
	is 'it is there' "$(short one.lab.test)" 10.0.0.11
	ok 'with the next serial' serial lab.test 2
	done_ 'several records by TCP' -v \
	    'update add one.lab.test 300 A 10.0.0.12' \
	    'update add one.lab.test 300 TXT "hello there"' \
	    'update add _sip._udp.lab.test 300 SRV 1 2 5060 one.lab.test.' \
	    'update add lab.test 300 MX 10 one.lab.test.'
	is 'they are there' "$(short one.lab.test)" '10.0.0.11
10.0.0.12'
	ok 'as one change' serial lab.test 3
	done_ 'delete a record' 'update delete one.lab.test A 10.0.0.11'
	is 'it is gone' "$(short one.lab.test)" 10.0.0.12
	done_ 'delete an RRset' 'update delete one.lab.test TXT'
	is 'it is gone' "$(short one.lab.test TXT)" ''
	done_ 'delete a name' 'update delete one.lab.test'
	is 'it is gone' "$(status_of one.lab.test)" NXDOMAIN
	ok 'serials count on' serial lab.test 6
	done_ 'nothing to do' 'update delete nothing.lab.test'
	ok 'is no change' serial lab.test 6
	done_ 'an unknown type' \
	    'update add odd.lab.test 300 TYPE65280 \# 3 010203'
	is 'it is there' "$(short odd.lab.test TYPE65280)" '\# 3 010203'
	done_ 'beside a CNAME' 'update add www.lab.test 300 A 10.0.0.13'
	is 'nothing stands' "$(short www.lab.test CNAME)" ns.lab.test.
	done_ 'no NS is too many' 'update delete lab.test NS'
	is 'they stay' "$(short lab.test NS)" 'ns.lab.test.
ns2.lab.test.'
	soa='ns.lab.test. host.lab.test. 40 3600 900 604800 600'
	done_ 'a serial of our own' "update add lab.test 3600 SOA $soa"
	ok 'is taken' serial lab.test 40
}

prerequisites() {
	add='update add p.lab.test 300 TXT p'
	not_done 'name is to be in use' NXDOMAIN 'prereq yxdomain no.lab.test' "$add"
	not_done 'an empty name is not' NXDOMAIN \
	    'prereq yxdomain empty.lab.test' "$add"
	not_done 'name is not to be' YXDOMAIN 'prereq nxdomain ns.lab.test' "$add"
	not_done 'RRset is to be' NXRRSET 'prereq yxrrset ns.lab.test MX' "$add"
	not_done 'RRset is not to be' YXRRSET \
	    'prereq nxrrset ns.lab.test A' "$add"
	not_done 'these records are to be' NXRRSET \
	    'prereq yxrrset ns.lab.test A 10.0.0.2' "$add"
	not_done 'in the zone' NOTZONE 'prereq yxdomain ns.other.test' "$add"
	is 'nothing was done' "$(status_of p.lab.test)" NXDOMAIN
	done_ 'all at once' 'prereq yxdomain ns.lab.test' \
	    'prereq nxdomain empty.lab.test' 'prereq nxrrset ns.lab.test MX' \
	    'prereq yxrrset fixed.lab.test TXT' \
	    'prereq yxrrset ns.lab.test A 10.0.0.1' "$add"
	is 'then it is done' "$(short p.lab.test TXT)" '"p"'
}

# Who may, and what.
grants() {
	add='update add g.lab.test 300 TXT g'
	is 'not signed' "$(update '' "$add")" 'update failed: REFUSED'
	is 'another key of ours' "$(update other "$add")" \
	    'update failed: REFUSED'
	is 'another type than granted' "$(update dhcpd "$add")" \
	    'update failed: REFUSED'
	is 'a granted type' \
	    "$(update dhcpd 'update add g.lab.test 300 A 10.0.0.14')" ''
	is 'all of a name, if all is granted' \
	    "$(update dhcpd 'update delete g.lab.test')" ''
	is 'but not else' "$(update dhcpd 'update delete fixed.lab.test')" \
	    'update failed: REFUSED'
	sed 's/secret "./secret "#/; s/#/x/' admin.key >wrong.key
	chmod 600 wrong.key
	like 'a wrong secret' "$(update wrong "$add")" 'BADSIG'
	sed 's/"admin"/"nobody"/' admin.key >nobody.key
	chmod 600 nobody.key
	like 'a key that nobody has' "$(update nobody "$add")" 'BADKEY'
	like 'no zone of ours' "$(printf '%s\n' "server $v4" 'zone no.test' \
	    'update add a.no.test 1 A 10.0.0.1' send |
	    c nsupdate -k admin.key 2>&1)" NOTAUTH
	like 'a zone that takes none' "$(printf '%s\n' "server $v4" \
	    'zone still.test' 'update add a.still.test 1 A 10.0.0.1' send |
	    c nsupdate -k admin.key 2>&1)" REFUSED
	is 'nothing was done' "$(status_of g.lab.test)" NXDOMAIN
	isnt 'refused ones are counted' "$(counter updates.refused)" 0
	isnt 'and those that were done' "$(counter updates.applied)" 0
	forgive 'update of .* refused'
}

# back ADDRESS: its name.
back() {
	short -x "$1"
}

reverse() {
	is 'an address of the file: and back' "$(back 10.0.0.9)" \
	    deep.empty.lab.test.
	done_ 'both addresses' 'update add r.lab.test 300 A 10.0.0.20' \
	    'update add r.lab.test 300 AAAA 2001:db8::20'
	is 'IPv4: and back' "$(back 10.0.0.20)" r.lab.test.
	is 'IPv6: and back' "$(back 2001:db8::20)" r.lab.test.
	done_ 'an address that another name has' \
	    'update add q.lab.test 300 A 10.0.0.20'
	is 'stays the first one'\''s' "$(back 10.0.0.20)" r.lab.test.
	done_ 'one that somebody else has' \
	    'update add q.lab.test 300 A 10.0.0.66'
	is 'stays his' "$(back 10.0.0.66)" elsewhere.test.
	done_ 'both go' 'update delete q.lab.test'
	is 'nothing of others goes' "$(back 10.0.0.20) $(back 10.0.0.66)" \
	    'r.lab.test. elsewhere.test.'
	done_ 'another address' 'update delete r.lab.test A' \
	    'update add r.lab.test 300 A 10.0.0.21'
	is 'the old one has no name' "$(back 10.0.0.20)" ''
	is 'the new one has' "$(back 10.0.0.21)" r.lab.test.
	done_ 'the name goes' 'update delete r.lab.test'
	is 'from both zones' "$(back 10.0.0.21)$(back 2001:db8::20)" ''
}

# What was done is there after a restart, and in the journal.
journal() {
	before=$(ask +short lab.test SOA | cut -d ' ' -f 3)
	whole=$(short +tcp lab.test AXFR)
	out=$(ask +tcp +noall +answer lab.test "IXFR=$((before - 2))")
	is 'IXFR tells the last two changes' \
	    "$(echo "$out" | grep -c '	SOA	')" 6
	stop 'restart'
	serve
	is 'a restart keeps all' "$(short +tcp lab.test AXFR)" "$whole"
	like 'flush' "$(ctl flush lab.test 2>&1; echo "$?")" '^0$'
	like 'writes the file' "$(s cat $zones/lab.test.zone)" \
	    "	$before	*; serial"
	ok 'which is a zone' s "$O/sbin/dnsd-checkzone" lab.test \
	    $zones/lab.test.zone
	stop 'restart after that'
	serve
	is 'nothing changed' "$(short +tcp lab.test AXFR)" "$whole"
	done_ 'and it goes on' 'update add j.lab.test 300 TXT j'
	ok 'with the next serial' serial lab.test $((before + 1))
}

# storm [OPTION...]: clients add names without end.
storm() {
	round=$((round + 1))
	lab_bg c "$O/tests/system/dns-update" -o "$LAB_DIR/acked.$round" \
	    -f $((round * 100000)) "$@" "$LAB_DIR/dhcpd.key" $v4 lab.test \
	    >"storm.$round" 2>&1
	storm=$LAB_PID storm_job=$LAB_JOB
}

# enough: they end; what they saw is in $seen.
enough() {
	kill "$storm"
	wait "$storm_job"
	seen=$(cat "storm.$round")
}

more() {
	now=$(counter updates.applied)
	[ "${now:-0}" -ge $((sent + $1)) ]
}

# Some were done since it was asked.
under_storm() {
	sent=$(counter updates.applied)
	lab_until 30 more "$1"
}

crash() {
	s sh -c 'kill -9 $(pgrep -x dnsd)'
	wait "$server_job" 2>/dev/null
	lab_until 20 gone
}

gone() {
	! s pgrep -x dnsd >/dev/null
}

start() {
	s rm -f $run/dnsd.pid
	serve "$@"
	lab_until 20 serves
}

serves() {
	[ -n "$(ask +short lab.test SOA)" ]
}

# A moment that nobody knows: milliseconds below 100.
moment() {
	sleep "0.0$(shuf -i 10-99 -n 1)"
}

# held WHAT: every name that was acknowledged is there, forward and backward,
# and no address has two.
held() {
	ask +tcp +noall +answer lab.test AXFR >zone
	ask +tcp +noall +answer 10.in-addr.arpa AXFR >reverse
	awk '$4 == "A" && /^h[0-9]/ { sub("\\..*", "", $1); print $1 }' zone |
	    sort -u >there
	awk '$4 == "PTR" && $5 ~ /^h[0-9]/ { sub("\\..*", "", $5); print $5 }' \
	    reverse | sort >names
	cat acked.* | sort -u >acked
	comm -23 acked there >lost
	is "$1: $(wc -l <acked) names are kept" "$(head -n 5 lost)" ''
	comm -23 acked names >lost
	is "$1: and their addresses' names" "$(head -n 5 lost)" ''
	is "$1: no address has two" "$(uniq -d names | head -n 5)" ''
}

all_killed() {
	for i in 1 2 3 4 5 6; do
		storm -n 5
		ok "updates are done ($i)" under_storm 100
		moment
		crash
		enough
		start
		held "all killed ($i)"
	done
}

another() {
	new=$(worker)
	[ -n "$new" ] && [ "$new" != "$old" ]
}

workers_killed() {
	storm -n 5
	for i in 1 2 3; do
		ok "updates are done ($i)" under_storm 100
		moment
		old=$(worker)
		s kill -9 "$old"
		ok "there is another worker ($i)" lab_until 20 another
	done
	ok 'updates are done again' under_storm 100
	enough
	held 'workers killed'
	forgive 'worker 0: killed'
}

# With a journal so small that it is folded all the time.
folding() {
	s sed -i 's/auto_reverse = yes/& journal_max = 16k/' $conf
	ok 'a reload' ctl reload
	storm -n 5
	for i in 1 2 3; do
		ok "updates are done ($i)" under_storm 300
		moment
		crash
		enough
		start
		held "killed while zones are written ($i)"
		storm -n 5
	done
	ok 'updates are done' under_storm 300
	enough
	ok 'the journal is short' \
	    [ "$(s stat -c %s $zones/lab.test.jnl)" -lt 200000 ]
	held 'after that'
	s sed -i 's/ journal_max = 16k//' $conf
	ok 'a reload' ctl reload
}

reloads() {
	: >"$log"
	storm -n 5
	for i in 1 2 3 4 5; do
		ok "updates are done ($i)" under_storm 50
		ok "a reload ($i)" ctl reload
	done
	ok 'updates are done' under_storm 50
	enough
	like 'none failed' "$seen" ' failed 0 '
	held reloads
	healthy reloads
}

# Nothing is promised that the disk did not take.
failing_disk() {
	crash
	start "LD_PRELOAD=$fault" FAULT=fdatasync=EIO "FAULT_WHEN=$LAB_DIR/failing"
	storm -n 5
	ok 'updates are done' under_storm 50
	: >failing
	ok 'a sync that fails is told' lab_until 20 grep -q \
	    'takes no changes until' "$log"
	not_done 'then nothing is done' SERVFAIL \
	    'update add bad.lab.test 1 TXT bad'
	is 'and nothing seen' "$(status_of bad.lab.test)" NXDOMAIN
	rm failing
	ok 'when the disk is well' lab_until 20 grep -q \
	    'takes changes again' "$log"
	ok 'updates are done again' under_storm 50
	enough
	held 'a disk that failed'
	crash
	start
	held 'a disk that failed, after a crash'
	forgive 'takes no changes|takes changes again|could not be written'
}

# The lease's name resolves in both directions soon after the ACK; how soon is
# told, and on a machine with nothing else to do is well below a second.
leases() {
	s sh -c 'cat >/etc/basenet/dhcpd.conf' <<-'EOF'
	authoritative = yes
	probe = "none"
	ddns { server = "127.0.0.1" key = "/etc/basenet/dhcpd.key"
	  forward = "lab.test" }
	subnet "10.0.0.0/24" { ranges = { "10.0.0.100-10.0.0.110" } }
	EOF
	lab_bg s "$O/sbin/dhcpd" -d >dhcpd.log 2>&1
	dhcpd=$LAB_PID
	lab_until 20 s test -s $run/dhcpd.pid
	c ip address flush dev eth0 scope global
	c "$probe" 'on eth0' 'dora mac=020000000001 opt.12=laptop' >lease 2>&1
	acked=$(date +%s%N)
	c ip address add 10.0.0.2/24 dev eth0
	like 'a lease' "$(cat lease)" '^ACK .*yiaddr=10\.0\.0\.100'
	ok 'its name is there' lab_until 5 resolves laptop.lab.test 10.0.0.100
	is 'and back' "$(back 10.0.0.100)" laptop.lab.test.
	took=$((($(date +%s%N) - acked) / 1000000))
	diag "after $took ms"
	isnt 'and says whose it is' "$(short laptop.lab.test DHCID)" ''
	c "$probe" 'on eth0' 'set mac=020000000001' \
	    'send type=release ciaddr=10.0.0.100 opt.54=10.0.0.1' 'sleep 100' \
	    >/dev/null 2>&1
	ok 'it goes with the lease' lab_until 5 resolves laptop.lab.test ''
	is 'and back' "$(back 10.0.0.100)" ''
	is 'and its owner' "$(short laptop.lab.test DHCID)" ''
	kill "$dhcpd"
}

resolves() {
	[ "$(short "$1")" = "$2" ]
}

begin
forms
prerequisites
grants
reverse
journal
leases
all_killed
workers_killed
reloads
folding
failing_disk
stop
done_testing
