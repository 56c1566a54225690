#!/bin/sh
# What tftpd's configuration says about names, networks, limits, ports, logs
# and counters, and what becomes of it while transfers are under way.
# shellcheck disable=SC2016 # those of other shells
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/tftpd.sh"

# Each file holds its own path.
files() {
	for f in tftp/plain tftp/a_b_c tftp/img/kernel tftp/x.key tftp/b/aa \
	    tftp/upper.txt tftp/both/here two/only/this tftp/only/that \
	    two/both/there tftp/10.0.0.2/me/x tftp/0A000002/hex/x \
	    tftp/hex/y 'tftp/2001:db8::2/me/x' d/plain v7/x two/second \
	    tftp/second two/plain two/also tftp/pxelinux.cfg/default \
	    tftp/10.0.0.2/pxelinux.cfg/default tftp/loud; do
		s mkdir -p "/srv/${f%/*}"
		s sh -c "printf %s '$f' >'/srv/$f'"
	done
	head -c 100000 /dev/urandom >big
	s cp "$LAB_DIR/big" $served
	s cp "$LAB_DIR/big" /srv/two
	s mkdir -p $served/in /srv/two/in
	s chown _tftpd $served/in /srv/two/in
}

# with LINE...: serve anew with these.
with() {
	[ -z "$server" ] || {
		kill "$server"
		wait "$server_job"
		healthy 'until then'
	}
	: >"$log"
	configure "drain_timeout = ${drain:-100ms}" "$@"
	serve
}

# gives NAME TEXT [HOST [ADDRESS]]
gives() {
	out=$(lab_in "${3:-c}" "$probe" "${4:-10.0.0.1}" "rrq $1|octet" \
	    'skip 1' body 'ack 1' 2>&1)
	is "$1${3:+ for $3}${4:+ at $4}" "$out" "$2"
}

lacks() {
	gives "$1" 'File not found\x00'
}

denies() {
	gives "$1" 'Access violation\x00'
}

rules() {
	with 'map { match = "-" replace = "_" }' \
	    'map { prefix = "boot/" replace = "img/" }' \
	    'map { glob = "*.key" deny = yes }' \
	    'map { regex = "^([a-z]{2})=([a-z])$" replace = "\\2/%1" }' \
	    'map { glob = "[A-Z]*" lowercase = yes }' \
	    'map { prefix = "only/" root = "/srv/two" }' \
	    'map { prefix = "both/" root = "/srv/two" fallback = yes }' \
	    'map { prefix = "me/" root = "/srv/tftp/%i" }' \
	    'map { prefix = "hex/" root = "/srv/tftp/%x" fallback = yes }' \
	    'map { regex = "^v([0-9])/(.*)" replace = "%2" root = "/srv/v%1" }' \
	    'map { networks = { "10.0.0.4", "2001:db8::4" } root = "/srv/d" }'
	gives plain tftp/plain
	gives a-b-c tftp/a_b_c
	gives boot/kernel tftp/img/kernel
	gives 'boot\kernel' tftp/img/kernel
	denies x.key
	denies ./x.key
	lacks y/x.key
	gives aa=b tftp/b/aa
	gives Upper.TXT tftp/upper.txt
	gives only/this two/only/this
	lacks only/that
	gives both/there two/both/there
	gives both/here tftp/both/here
	gives me/x tftp/10.0.0.2/me/x
	gives me/x 'tftp/2001:db8::2/me/x' c 2001:db8::1
	gives hex/x tftp/0A000002/hex/x
	gives hex/y tftp/hex/y
	gives v7/x v7/x
	gives plain d/plain d
	gives plain d/plain d 2001:db8::1
	gives a_b_c 'File not found\x00' d
}

# The example of the specification, as it stands there.
example() {
	s sh -c 'echo tftp:x:2000:2000:tftp:/nonexistent:/usr/sbin/nologin \
	    >>/etc/passwd'
	[ -z "$server" ] || stop rules
	configure \
	    'listen={"0.0.0.0:69","[::]:69"} root="/srv/tftp" user="tftp" ports="0" max_transfers=2000' \
	    'options { blksize=65464 windowsize=64 clamp_mtu=true }  write { enable=false }' \
	    'map { match="\\" replace="/" }  map { prefix="pxelinux.cfg/" root="/srv/tftp/%i" fallback=true }'
	serve
	gives pxelinux.cfg/default tftp/10.0.0.2/pxelinux.cfg/default
	gives 'pxelinux.cfg\default' tftp/10.0.0.2/pxelinux.cfg/default
	gives pxelinux.cfg/default tftp/pxelinux.cfg/default d
	gives plain tftp/plain c 2001:db8::1
	is 'as the user tftp' "$(s stat -c %U "/proc/$(worker)")" tftp
}

roots() {
	with 'root = { "/srv/tftp", "/srv/two" }'
	gives second tftp/second
	gives also two/also
	lacks neither
	gives /srv/two/second two/second
}

# known [ADDRESS HARDWARE-ADDRESS SECONDS]...: dhcpd, starting anew, knows these.
known() {
	s "$O/tests/system/lease-put" $run/dhcpd/leases "$@"
}

# body NAME: what the client c is given.
body() {
	c "$probe" 10.0.0.1 "rrq $1|octet" 'skip 1' body 'ack 1' 2>&1
}

# becomes NAME TEXT: in the time that a new map may take.
becomes() {
	lab_until 10 body_is "$@"
	gives "$1" "$2"
}

body_is() {
	[ "$(body "$1")" = "$2" ]
}

# Folders by hardware address, which dhcpd knows.
hardware() {
	s mkdir -p $run/dhcpd
	for f in tftp/02-00-00-00-be-ef/plain two/06-ff-00-00-00-aa/plain; do
		s mkdir -p "/srv/${f%/*}"
		s sh -c "printf %s '$f' >'/srv/$f'"
	done
	with 'root = { "/srv/two/%m", "/srv/tftp" }' \
	    'map { glob = "p*" root = "/srv/tftp/%m" fallback = yes }' \
	    'map { glob = "mac" replace = "%m/plain" }'
	gives plain tftp/plain
	lacks mac
	known 10.0.0.2 02:00:00:00:be:ef 1000
	becomes plain tftp/02-00-00-00-be-ef/plain
	gives mac tftp/02-00-00-00-be-ef/plain
	gives plain tftp/plain d
	gives plain tftp/plain c 2001:db8::1
	known 10.0.0.2 06:ff:00:00:00:aa 1000 10.0.0.4 02:00:00:00:be:ef 1000
	becomes plain two/06-ff-00-00-00-aa/plain
	gives plain tftp/02-00-00-00-be-ef/plain d
	known 10.0.0.2 02:00:00:00:be:ef -1
	becomes plain tftp/plain
	s sh -c "head -c 9000 /dev/urandom >$run/new
	    mv $run/new $run/dhcpd/leases"
	poll=0
	while [ $poll -lt 3 ]; do
		sleep 0.5
		poll=$((poll + 1))
		gives plain tftp/plain
	done
	with 'root = "/srv/tftp"' 'lease_map = "/srv/no/map"' \
	    'map { root = "/srv/two/%m" fallback = yes }'
	gives plain tftp/plain
	like 'a directory that is not there is told' "$(cat "$log")" \
	    'lease_map /srv/no/map: .*%m never fits'
	configure 'lease_map = ""' 'map { root = "/srv/two/%m" }'
	nok 'no map, but %m' s "$O/sbin/tftpd" -n -f $conf
}

options() {
	all='plain|octet|blksize|1400|windowsize|9|timeout|6|tsize|0'
	with 'options { networks = { "10.0.0.2" } blksize = 600 windowsize = 2' \
	    'timeout_max = 5 disable = { "tsize" } }' \
	    'options { blksize = 1000 clamp_mtu = no }'
	told 'a network of its own' 'OACK blksize=600 windowsize=2' \
	    "rrq $all" recv 'error 8 no'
	told 'an option that is disabled alone' 'DATA 1 10' \
	    'rrq plain|octet|tsize|0' recv 'ack 1'
	told 'the same host by IPv6' \
	    'OACK blksize=1000 timeout=6 tsize=10 windowsize=9' \
	    2001:db8::1 "rrq $all" recv 'error 8 no'
	with 'options { clamp_mtu = no }'
	for b in 8000 65464; do
		c atftp --get -r big -l got --option "blksize $b" \
		    --option 'windowsize 4' 10.0.0.1 >client 2>&1
		same "blocks of $b bytes in pieces" big got
		c atftp --get -r big -l got --option "blksize $b" \
		    2001:db8::1 >client 2>&1
		same 'and by IPv6' big got
	done
	with 'options { networks = { "192.0.2.0/24" } disable = { "blksize" } }'
	told 'of a network that is not ours' 'OACK blksize=1400' \
	    'rrq plain|octet|blksize|1400' recv 'error 8 no'
}

limits() {
	with 'per_client = 5'
	c "$probe" 10.0.0.1 'hold 8 rrq big|octet' "wait $LAB_DIR/a" release \
	    >answers 2>&1 &
	ok 'eight of one client' lab_until 10 count dropped.per_client 3
	told 'no ninth' nothing 'rrq plain|octet' fence rest
	gives plain tftp/plain d
	gives plain tftp/plain c 2001:db8::1
	: >a
	wait $!
	is 'five were served' "$(tr '\n' ' ' <answers)" '5 DATA 3 nothing '
	ok 'when they are over' lab_until 10 idle
	gives plain tftp/plain
	with 'max_transfers = 5' 'per_client = 4'
	c "$probe" 10.0.0.1 'hold 4 rrq big|octet' "wait $LAB_DIR/b" release \
	    >answers 2>&1 &
	lab_until 10 count transfers.active 4
	d "$probe" 10.0.0.1 'hold 3 rrq big|octet' "wait $LAB_DIR/b" release \
	    >others 2>&1 &
	ok 'seven of two clients' lab_until 10 count dropped.max_transfers 2
	is 'five are under way' "$(ctl transfers | grep -c ' read big ')" 5
	: >b
	wait $!
	lab_until 10 idle
	gives plain tftp/plain
}

# only PORT...: c can speak with these ports alone.
only() {
	c nft -f - <<-E
	table inet only {
		chain in {
			type filter hook input priority 0;
			udp sport != { $1 } drop
		}
		chain out {
			type filter hook output priority 0;
			udp dport != { $1 } drop
		}
	}
	E
}

# both WHAT: every client gets and puts.
both() {
	c tftp -m binary 10.0.0.1 -c get big got-hpa >client 2>&1
	c atftp --get -r big -l got-atftp --option 'windowsize 8' 2001:db8::1 \
	    >client 2>&1
	c curl -s -o got-curl tftp://10.0.0.1/big
	c busybox tftp -g -r big -l got-busybox 10.0.0.1 >client 2>&1
	for n in hpa atftp curl busybox; do
		same "$1: $n gets" big got-$n
		rm -f got-$n
	done
	c tftp -m binary 10.0.0.1 -c put big in/hpa >client 2>&1
	c atftp --put -l big -r in/atftp --option 'windowsize 8' 2001:db8::1 \
	    >client 2>&1
	c curl -s -T big tftp://10.0.0.1/in/curl
	c busybox tftp -p -l big -r in/busybox 10.0.0.1 >client 2>&1
	for n in hpa atftp curl busybox; do
		ok "$1: $n puts" lab_until 5 s cmp -s "$LAB_DIR/big" \
		    $served/in/$n
	done
	s sh -c "rm -f $served/in/*"
	probe "many 60 $LAB_DIR/few few|octet|windowsize|4"
	is "$1: 60 at once" "$out" '60 of 60'
}

ports() {
	head -c 20000 big >few
	s cp "$LAB_DIR/few" $served
	with 'ports = "50000-50007"' 'write { enable = yes create = yes }'
	only '69, 50000-50007'
	both 'a range of ports'
	ok 'a reload finds its ports' ctl reload
	gives plain tftp/plain
	c nft delete table inet only
	with 'single_port = yes' 'write { enable = yes create = yes }'
	only 69
	both 'a single port'
	told 'a stranger there gets nothing' 'DATA 1 512
nothing
DATA 2 512' 'rrq big|octet' recv 'use 1' 'tid 0' 'ack 1' fence rest 'use 0' \
	    'ack 1' recv 'error 0 bye'
	told 'a repeated request' 'DATA 1 512
nothing' 'rrq big|octet' 'rrq big|octet' recv fence rest 'error 0 bye'
	told 'a new request of the same port' 'DATA 1 512
DATA 2 512
DATA 1 10' 'rrq big|octet' recv 'ack 1' recv 'rrq plain|octet' recv 'ack 1'
	c nft delete table inet only
}

# A socket of both families, as systemd makes them, unless told otherwise.
passed() {
	kill "$server"
	wait "$server_job"
	configure 'drain_timeout = 100ms' 'write { enable = yes create = yes }' \
	    'options { networks = { "10.0.0.0/8" } blksize = 700 }'
	lab_bg s perl -MSocket=:all -MPOSIX=dup2 -e '
		$^F = 9;
		socket(S, AF_INET6, SOCK_DGRAM, 0) or die;
		setsockopt(S, IPPROTO_IPV6, IPV6_V6ONLY, pack("i", 0)) or die;
		bind(S, pack_sockaddr_in6(69, IN6ADDR_ANY)) or die;
		dup2(fileno(S), 3);
		$ENV{LISTEN_FDS} = 1;
		$ENV{LISTEN_PID} = $$;
		exec @ARGV' "$O/sbin/tftpd" -d -f $conf >>"$log" 2>&1
	server=$LAB_PID server_job=$LAB_JOB
	lab_until 20 s test -s $run/tftpd.pid
	gives plain tftp/plain c 2001:db8::1
	gives plain tftp/plain
	gives plain tftp/plain c 10.0.0.3
	told 'options by network' 'OACK blksize=700' \
	    'rrq plain|octet|blksize|1400' recv 'error 8 no'
	both 'a socket of both families'
}

listening() {
	with 'listen = { "10.0.0.3", "[2001:db8::1]:6969" }'
	gives plain tftp/plain c 10.0.0.3
	gives plain tftp/plain c 2001:db8::1,6969
	with 'workers = 2'
	probe "many 100 $LAB_DIR/few few|octet|blksize|1000|windowsize|2"
	is 'two workers' "$out" '100 of 100'
}

# What began before a reload goes on as it began.
reloads() {
	drain=60s
	with 'write { enable = yes create = yes }'
	drain=
	c "$probe" 10.0.0.1 'rrq big|octet|timeout|5' recv 'ack 0' 'use 1' \
	    'wrq in/across|octet|timeout|5' recv 'data 1 512' recv \
	    "wait $LAB_DIR/reloaded" 'data 2 7' recv 'use 0' recv \
	    "get $LAB_DIR/across" >answers 2>&1 &
	lab_until 10 count bytes.received 512
	configure 'root = "/srv/two"'
	ok 'a reload' ctl reload
	gives second two/second
	lacks a_b_c
	like 'the old worker drains' "$(ctl status)" \
	    'generation 1 worker 0: .* draining'
	: >reloaded
	wait $!
	is 'the upload ends' "$(tr '\n' ' ' <answers)" \
	    'OACK timeout=5 OACK timeout=5 ACK 1 ACK 2 DATA 1 512 '
	is 'where it began' "$(s stat -c %s $served/in/across)" 519
	same 'and the download' big across
	ok 'the old worker goes' lab_until 30 eval \
	    '! ctl status | grep -q draining'
	configure 'root = "/nowhere"'
	nok 'a bad configuration' ctl reload
	gives second two/second
	like 'says what is wrong' "$(cat "$log")" \
	    "$conf: root: /nowhere: No such file or directory"
	configure ''
	ok 'a good one again' ctl reload
	gives second tftp/second
	s rm $served/in/across
}

logs() {
	l=/var/log/basenet/tftpd.log
	with "transfer_log = \"$l\"" 'write { enable = yes create = yes }'
	gives plain tftp/plain
	ok 'a line of the log' lab_until 10 s grep -Eq '10\.0\.0\.2:[0-9]+: read name=plain file=/srv/tftp/plain mode=octet bytes=10 ms=[0-9]+ blksize=512 window=1 resent=0 result=ok$' $l
	told 'an upload' 'ACK 0
ACK 1' 'wrq in/x|octet' recv 'data 1 9' recv
	ok 'its line' lab_until 10 s grep -q 'write name=in/x file=/srv/tftp/in/x mode=octet bytes=9 .*result=ok$' $l
	lacks 'a b\c'
	ok 'what was refused' lab_until 10 s grep -q \
	    'read name=a b\\\\c .*result=error 1: File not found$' $l
	s mv $l $l.1
	kill -USR1 "$server"
	ok 'a new file' lab_until 10 s test -e $l
	gives loud tftp/loud
	ok 'has what comes' lab_until 10 s grep -q name=loud $l
	nok 'and nothing else' s grep -q name=plain $l
	nok 'which the old one has not' s grep -q name=loud $l.1
	with "transfer_log = \"$l\""
	gives both/here tftp/both/here
	kill "$server"
	wait "$server_job"
	ok 'the last line is written at the end' s grep -q name=both/here $l
	server=
}

# counters NAME=VALUE...: those that are not 0, by the control socket and by
# the file.
counters() {
	is 'counters' "$(ctl stats | awk '$2 != 0 { print $1 "=" $2 }' |
	    sort | tr '\n' ' ')" "$* "
	is 'and those of the file' \
	    "$(s "$O/libexec/basenet/ctl" stats $run/tftpd.stats |
	    awk '$2 != 0 && $1 !~ /[.](pid|started|uptime)$/ {
		sub("^tftpd[.]", "", $1); print $1 "=" $2 }' |
	    sort | tr '\n' ' ')" "$* "
}

counting() {
	with 'write { enable = yes create = yes overwrite = no }'
	gives plain tftp/plain
	gives plain tftp/plain
	lacks nothing
	denies in
	told 'an upload' 'ACK 0
ACK 1' 'wrq in/y|octet' recv 'data 1 9' recv
	told 'not twice' 'ERROR 6 File already exists' 'wrq in/y|octet' recv
	told 'an upload that breaks off' 'ACK 0' 'wrq in/z|octet' recv \
	    'error 0 no'
	told 'nonsense' 'ERROR 4 Unknown mode' 'rrq x|y' recv
	told 'other nonsense' nothing 'main ack 1' 'rrq plain|octet' \
	    'rrq plain|octet' 'skip 1' 'use 1' 'tid 0' 'ack 1' 'skip 1' 'use 0' \
	    'ack 1' 'fence tid' rest
	counters bytes.received=9 bytes.sent=30 dropped.no_request=3 \
	    errors.access=1 errors.exists=1 errors.illegal=1 \
	    errors.not_found=1 errors.unknown_tid=2 packets.strangers=2 \
	    requests.read=5 requests.repeated=1 requests.write=3 \
	    transfers.aborted=1 transfers.ok=4
	s rm $served/in/y
}

# A file that is replaced all the time is served whole, old or new.
replaced() {
	s sh -c 'cd /srv/tftp && printf one >one && printf another >another &&
	    cp one moving'
	lab_bg s perl -e 'chdir "/srv/tftp" or die;
		while (1) {
			for (qw(one another)) {
				link $_, "new"; rename "new", "moving" or die;
			}
		}'
	set --
	while [ $# -lt 1200 ]; do
		set -- "$@" 'rrq moving|octet' 'skip 1' body 'ack 1'
	done
	# On a busy machine the one that replaces may not have run meanwhile.
	all=
	for _round in 1 2 3 4 5 6 7 8 9 10; do
		probe "$@"
		all="$all$out
"
		[ "$(printf %s "$all" | sort -u | wc -l)" -lt 2 ] || break
	done
	out=${all%?}
	kill "$LAB_PID"
	{ wait "$LAB_JOB"; } 2>/dev/null
	is 'a file that is replaced all the time' "$(printf '%s\n' "$out" |
	    sort | uniq -c | awk '$2 !~ /^(one|another)$/')" ''
	like 'was seen in one way' "$out" '^one$'
	like 'and the other' "$out" '^another$'
}

site
files
rules
example
roots
hardware
options
limits
ports
passed
listening
reloads
logs
counting
replaced
stop
done_testing
