#!/bin/sh
# dhcpd and messages that no good client sends: each is answered by the RFCs, or
# dropped with its counter and a line in the log; configurations that are
# refused; another server on the wire; and it goes on whatever comes.
# shellcheck disable=SC2016 # those of other shells
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dhcpd.sh"

network() {
	configure 'authoritative = yes' 'probe = "none"' 'cache_percent = 0' \
	    'subnet "10.0.0.0/24" {' \
	    '  ranges = { "10.0.0.100-10.0.0.199" }' \
	    '  host "known" { mac = "02:00:00:00:be:ef"' \
	    '    address = "10.0.0.50" }' '}' \
	    'subnet "10.2.0.0/24" { ranges = { "10.2.0.9" } }' \
	    'subnet "10.7.0.0/16" { ranges = { "10.7.1.0-10.7.200.255" } }' \
	    'subnet "10.8.0.0/24" { ranges = { "10.8.0.9" } }' \
	    'subnet "10.9.0.0/24" { ranges = { "10.9.0.7-10.9.0.9" } }' "$@"
}

# r is on the wire, too, a relay agent of three networks, and on another wire.
agent() {
	lab_bridge second
	lab_host r
	lab_link r eth0 wire 10.0.0.5/24
	lab_link r eth1 second
	lab_link s eth1 second 10.2.0.1/24
	for n in 7 8 9; do
		lab_in r ip addr add "10.$n.0.1/32" dev lo
		s ip route add "10.$n.0.0/16" via 10.0.0.5
	done
}

# bytes N [HEX]: N bytes in hex.
bytes() {
	printf "%0$(($1 * 2))d" 0 | sed "s/00/${2:-00}/g"
}

# text N: as many letters.
text() {
	printf "%0$1d" 0
}

# What is said by relay agents, on the link, and to know that all was read.
relayed='use 0|relay 10.7.0.1|to 10.0.0.1|set mac=020000000101'
one='use 0|relay 10.8.0.1|to 10.0.0.1'
three='use 0|relay 10.9.0.1|to 10.0.0.1'
linked='use 1|on eth0|set mac=020000000202'
second='use 1|on eth1|set mac=020000000303'
fence='use 2|at 10.0.0.5|to 10.0.0.1|send type=inform ciaddr=10.0.0.5|recv'

# steps LINE...: the probe's, with | between them; the answers are in $out.
steps() {
	all=$(printf '|%s' "$@")
	ifs=$IFS IFS='|'
	# shellcheck disable=SC2086 # words
	set -f -- ${all#|}
	IFS=$ifs
	set +f
	probed r "$@"
}

# told WHAT ERE STEPS...: the answer, or what was shown of it.
told() {
	what=$1 want=$2
	shift 2
	steps "$@"
	like "$what" "$out" "$want"
}

stats() {
	ctl stats | grep -E '^(received|sent|dropped)\.'
}

# counted ERE: what was, since `before` was written, without the fence's.
counted() {
	stats >after
	awk 'NR == FNR { n[$1] = $2; next }
	    { d = $2 - n[$1] }
	    $1 == "received.inform" || $1 == "sent.ack" { d-- }
	    d != 0 { print $1, d }' before after |
	    grep -E "$1" | sort | paste -sd ' ' -
}

counted_is() {
	[ "$(counted "$1")" = "$2" ]
}

# gone WHAT COUNTS STEPS...: no answer; and these counters.
gone() {
	what=$1 want=$2 quiet=
	shift 2
	for n in 0 1; do
		case $* in
		*"use $n"*) quiet="$quiet|use $n|nothing 0" ;;
		esac
	done
	stats >before
	steps "$@" "$fence$quiet"
	unlike "$what: nothing is said" "$out" 'status|^(OFFER|NAK)'
	lab_until 10 counted_is . "$want"
	is "$what: counted" "$(counted .)" "$want"
}

# Messages that are sent together, by a relay agent (0), on the link (1) or both
# (01), and looked at by `cases`:
# dropped SOCKETS WHAT COUNTER FIELDS
dropped() {
	printf 'dropped~%s~%s~%s~%s\n' "$@" >>cases
}

# answered SOCKETS WHAT ERE FIELDS
answered() {
	printf 'answered~%s~%s~%s~%s\n' "$@" >>cases
}

case_steps() {
	xid=1000
	while IFS='~' read -r kind sockets _ _ fields; do
		for n in ${sockets%1} ${sockets#0}; do
			xid=$((xid + 1))
			printf '|use %s|send xid=%s %s' "$n" $xid "$fields"
			[ "$kind" = dropped ] || printf '|recv'
		done
	done <cases
}

# No answers are left.
case_end() {
	cut -d '~' -f 2 cases | fold -w 1 | sort -u |
	    sed 's/.*/|use &|nothing 0/' | tr -d '\n'
}

# One that was to be dropped, when one of them was not.
case_alone() {
	stats >before
	steps "$relayed|$linked|use $n|send $fields" "$fence|use $n|nothing 0"
	lab_until 2 counted_is ^dropped "dropped.$want 1"
	is "$1" "$(counted ^dropped)" "dropped.$want 1"
}

# The answers are those of the cases in their order.
case_check() {
	while IFS='~' read -r kind sockets what want fields; do
		for n in ${sockets%1} ${sockets#0}; do
			if [ "$kind" = answered ]; then
				IFS= read -r line <&4
				like "$what ($n)" "$line" "$want"
			else
				$1 "$what ($n): $want"
			fi
		done
	done <cases 4<answers
}

cases() {
	stats >before
	steps "$relayed|$linked$(case_steps)" "$fence$(case_end)"
	printf '%s\n' "$out" >answers
	all=$(awk -F '~' '$1 == "dropped" { n[$4] += length($2) }
	    END { for (c in n) print "dropped." c, n[c] }' cases | sort |
	    paste -sd ' ' -)
	if lab_until 10 counted_is ^dropped "$all"; then
		case_check pass
	else
		diag "counted: $(counted ^dropped)"
		case_check case_alone
	fi
	unlike 'and nothing more is said' "$out" status
	: >cases
}

headers() {
	for n in 0 1 4 239; do
		dropped 01 "$n bytes" length "type=discover cut=$n"
	done
	for n in 1501 1504 1505 4000; do
		dropped 0 "$n bytes" length "type=discover pad=$n"
	done
	answered 01 'all that a frame holds' '^OFFER ' \
	    'type=discover pad=1472'
	for n in 0 3 9 255; do
		dropped 01 "op $n" op "type=discover op=$n"
	done
	for n in 17 255; do
		dropped 01 "hlen $n" hlen "type=discover hlen=$n"
	done
	dropped 01 'hlen 0 and no identifier' hlen 'type=discover hlen=0'
	dropped 01 'hlen 0 and an empty one' hlen \
	    'type=discover hlen=0 raw=3d00'
	answered 01 'hlen 0 and an identifier' '^OFFER .* 61=01:02:03' \
	    'type=discover hlen=0 opt.61=01:02:03'
	answered 01 'hlen 16' '^OFFER ' \
	    "type=discover hlen=16 chaddr=$(bytes 16 ab)"
	for n in 0 255; do
		answered 01 "htype $n" '^OFFER ' "type=discover htype=$n"
	done
	for n in 00000000 63825362 53638263; do
		dropped 01 "cookie $n" cookie "type=discover cookie=$n"
	done
	answered 01 'all flags and 18 hours' '^OFFER .*flags=0xffff' \
	    'type=discover flags=0xffff secs=65535'
	for n in 000000000000 ffffffffffff 010000000001; do
		answered 01 "from $n" '^OFFER ' "type=discover mac=$n"
	done
	for n in 255.255.255.255 127.0.0.1 224.0.0.1; do
		answered 01 "from a client that says it has $n" '^OFFER ' \
		    "type=discover ciaddr=$n"
	done
	cases
}

types() {
	dropped 01 'type of no bytes' type 'raw=3500'
	dropped 01 'type of two' type 'raw=35020101'
	dropped 01 'two types' type 'type=discover raw=350103'
	for n in 0 14 255; do
		dropped 01 "type $n" type "opt.53=u8:$n"
	done
	for n in offer ack nak forcerenew leaseunassigned leaseunknown \
	    leaseactive; do
		dropped 01 "$n" not_for_server "type=$n"
	done
	dropped 01 'DISCOVER with op 2' not_for_server 'type=discover op=2'
	dropped 01 'LEASEQUERY' leasequery \
	    'type=leasequery ciaddr=10.0.0.9 hlen=0'
	dropped 01 'BOOTP' no_reservation 'secs=1'
	dropped 01 'a message of the header alone' no_reservation cut=240
	cases
}

# Options that are read, in lengths that they cannot have.
lengths() {
	for o in 50:0 50:1 50:3 50:5 50:255 51:0 51:5 51:255 52:0 52:2 52:255 \
	    54:0 54:1 54:255 57:0 57:1 57:3 57:255 58:3 59:5 80:1 93:1 93:3 \
	    108:3 116:0 116:2 118:3 118:8; do
		n=${o#*:}
		dropped 01 "option ${o%:*} of $n bytes" option \
		    "type=discover raw=$(printf %02x%02x "${o%:*}" "$n")$(
		    [ "$n" -eq 0 ] || bytes "$n" 01)"
	done
	dropped 01 '61 in parts of 257 bytes' option \
	    "type=discover opt.61=text:$(text 255) opt.61=01:02"
	dropped 01 '82 in parts of 257 bytes' option \
	    "type=discover opt.82=text:$(text 255) opt.82=01:02"
	dropped 01 'the last option has no length' option \
	    'type=discover raw=0c end=no pad=0'
	dropped 01 'the last option has no value' option \
	    'type=discover raw=0c01 end=no pad=0'
	dropped 01 'the last option passes the end by a byte' option \
	    'type=discover raw=0c0561626364 end=no pad=0'
	dropped 01 'the last option passes the end' option \
	    'type=discover raw=0cff'
	answered 01 'no end' '^OFFER ' 'type=discover end=no pad=0'
	answered 01 'nothing but pads behind' '^OFFER ' \
	    'type=discover end=no pad=1400'
	answered 01 'a thousand pads before' '^OFFER .* 61=01:02:03' \
	    'pads=1000 type=discover opt.61=01:02:03'
	answered 01 '61 in two parts' '^OFFER .* 61=01:02:03:04' \
	    'type=discover opt.61=01:02:03 opt.61=hex:04'
	answered 01 '61 of 255 bytes' "^OFFER .* 61=(30:){254}30( |\$)" \
	    "type=discover opt.61=text:$(text 255)"
	for n in 3d00 3d0101; do
		answered 01 "61 of less than two bytes is none ($n)" \
		    '^OFFER .* 59=[0-9]+$' "type=discover raw=$n"
	done
	cases
}

overloads() {
	for n in 0 4 255; do
		answered 01 "overload $n is none" '^OFFER ' \
		    "type=discover opt.52=u8:$n file=\\xff"
	done
	dropped 01 'two overloads' option 'type=discover raw=340101340101'
	answered 01 'overload within overload' '^OFFER ' \
	    'type=discover opt.52=u8:1 file=\x34\x01\x02\xff sname=\x3d\xff'
	answered 01 'overload in both fields leads in no circle' \
	    '^OFFER .* 61=01:02$' \
	    'type=discover opt.52=u8:3 file=\x34\x01\x03\x3d\x01\x01\xff sname=\x34\x01\x03\x3d\x01\x02\xff'
	dropped 01 'an option passes the end of file' option \
	    "type=discover opt.52=u8:1 file=\\x0c\\x7f$(text 126)"
	dropped 01 'an option passes the end of sname' option \
	    "type=discover opt.52=u8:2 sname=\\x0c\\x3f$(text 62)"
	answered 01 'the type in sname' '^OFFER ' \
	    'opt.52=u8:2 sname=\x35\x01\x01\xff'
	answered 01 'file without an end' '^OFFER ' \
	    "opt.52=u8:1 file=\\x35\\x01\\x01\\x0c\\x7b$(text 123)"
	cases
}

# Sizes that a client takes: less than the least, more than a frame holds.
sizes() {
	list=$(for n in 1 2 3 4 5 6 7 8 9 a b c d e f; do
		for o in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do
			printf %s "$n$o"
		done
	done)
	for n in 0 1 299 65535; do
		told "57 is $n" '^OFFER ' \
		    "$relayed|send type=discover opt.57=u16:$n opt.55=hex:$list" \
		    'recv|size'
		most=548
		[ $n -lt 576 ] || most=1472
		ok "no more than $most bytes" [ "$(echo "$out" |
		    tail -n 1)" -le $most ]
	done
}

values() {
	answered 01 '55 is empty' '^OFFER ' 'type=discover raw=3700'
	answered 01 '55 asks for 255 times the mask' \
	    '^OFFER .* 1=255\.255\.[0-9.]+ 51=' \
	    "type=discover raw=37ff$(bytes 255 01)"
	answered 01 '55 asks for what is told anyway' '^OFFER ' \
	    'type=discover opt.55=u8:0,50,51,52,53,54,55,57,61,82,255'
	for v in 00 000000 010000 010000c000 050000c00c05ffff 050000ff \
	    "0500003f$(bytes 63 61)" "05000040$(bytes 64 61)"; do
		answered 01 "81 is $v" '^OFFER ' "type=discover opt.81=hex:$v"
	done
	answered 01 '119 points to itself' '^OFFER ' \
	    'type=discover opt.119=hex:c000c002'
	answered 01 '43, 124 and 125 of lies' '^OFFER ' \
	    'type=discover opt.43=hex:01ff opt.124=hex:00000001ff opt.125=hex:000000'
	answered 01 'texts of control bytes' '^OFFER ' \
	    'type=discover opt.12=text:a\x0a10.9.9.9\x1b[31m\x00x opt.60=text:\xff\x00\x0a opt.77=hex:ff'
	answered 01 'a lease of no time' '^OFFER .* 51=60 ' \
	    'type=discover opt.51=u32:0'
	answered 01 'a lease for ever' '^OFFER .* 51=86400 ' \
	    'type=discover opt.51=u32:4294967295'
	for v in 0.0.0.0 255.255.255.255 10.0.0.1 10.7.0.0; do
		answered 01 "who asks for $v gets another" \
		    '^OFFER .*yiaddr=10\.(7\.1\.|0\.0\.1[0-9][0-9] )' \
		    "type=discover opt.50=$v"
	done
	cases
}

agents() {
	answered 0 '82 that is empty comes back' '^OFFER .* 82=$' \
	    'type=discover raw=5200'
	answered 0 '82 of a byte' '^OFFER .* 82=01$' 'type=discover raw=520101'
	answered 0 '82 whose part passes its end' '^OFFER .* 82=01:ff:61$' \
	    'type=discover opt.82=hex:01ff61'
	answered 0 '82 of zeroes' '^OFFER .* 82=00:00:00:00$' \
	    'type=discover opt.82=hex:00000000'
	answered 0 '82 of 255 bytes' '^OFFER .* 82=01:fd(:30){253}$' \
	    "type=discover opt.82=hex:01fd$(bytes 253 30)"
	answered 0 'link selection of 3 bytes is none' \
	    '^OFFER .*yiaddr=10\.7\.' 'type=discover opt.82=hex:05030a0800'
	answered 0 'server identifier 0.0.0.0 is none' \
	    '^OFFER .* 54=10\.0\.0\.1 ' 'type=discover opt.82=hex:0b0400000000'
	dropped 0 'link selection of no subnet' no_subnet \
	    'type=discover sub.5=192.0.2.1'
	dropped 0 'subnet selection of none' no_subnet \
	    'type=discover opt.118=192.0.2.1'
	answered 1 '82 without a relay does not come back' \
	    '^OFFER .* 59=[0-9]+$' 'type=discover opt.82=hex:0104706f7274'
	for n in 17 255; do
		dropped 01 "$n hops" loop "type=discover hops=$n"
	done
	answered 01 '16 hops' '^OFFER ' 'type=discover hops=16'
	for n in 127.0.0.1 255.255.255.255 224.0.0.1 0.0.0.5 240.0.0.1 \
	    10.0.0.255; do
		dropped 01 "giaddr $n" loop "type=discover giaddr=$n"
	done
	dropped 01 'giaddr of no subnet' no_subnet \
	    'type=discover giaddr=192.0.2.1'
	cases
}

# What comes back to the server itself is not answered again.
own_giaddr() {
	stats >before
	steps "$linked|send type=discover giaddr=10.0.0.1" \
	    'send type=discover giaddr=10.0.0.1 hops=1' "$fence" \
	    'use 1|nothing 0'
	unlike 'giaddr is ours: nobody hears of it' "$out" '^OFFER|status'
	all='dropped.not_for_server 2 received.discover 2'
	all="$all received.offer 2 sent.offer 2"
	lab_until 10 counted_is . "$all"
	is 'and it ends there' "$(counted .)" "$all"
	gone 'giaddr is ours on another link' \
	    'dropped.loop 1 received.discover 1' \
	    "$second|send type=discover giaddr=10.0.0.1"
}

# counts NAME: one more of a DISCOVER on the second wire.
counts() {
	n=$(counter "$1")
	steps "$second|send type=discover" "$fence"
	[ "$(counter "$1")" -gt "$n" ]
}

# The server hears of them a little later.
interfaces() {
	told 'a second interface' '^OFFER .*yiaddr=10\.2\.0\.9 ' \
	    "$second|send type=discover|recv"
	s ip addr flush dev eth1
	ok 'without an address' lab_until 10 counts dropped.interface
	s ip addr add 192.0.2.1/24 dev eth1
	ok 'with one of no subnet' lab_until 10 counts dropped.no_subnet
	s ip link del eth1
	lab_link s eth1 second 10.2.0.1/24
	ok 'removed and there again' lab_until 10 counts sent.offer
	told 'with what was offered before' '^OFFER .*yiaddr=10\.2\.0\.9 ' \
	    "$second|send type=discover|recv"
}

requests() {
	r='type=request opt.54=10.0.0.1'
	for v in 255.255.255.255 127.0.0.1 224.0.0.1 192.0.2.1 10.0.0.1 \
	    10.0.0.255 10.7.0.0 10.7.0.1 10.7.255.255; do
		answered 01 "SELECTING $v" '^NAK .*54=10\.0\.0\.1' \
		    "$r opt.50=$v"
	done
	for v in 255.255.255.255 127.0.0.1 192.0.2.1; do
		answered 01 "INIT-REBOOT $v" '^NAK ' "type=request opt.50=$v"
		answered 01 "RENEWING $v" '^NAK ' "type=request ciaddr=$v"
	done
	dropped 01 'REQUEST for 0.0.0.0' option "$r opt.50=0.0.0.0"
	dropped 01 'REQUEST for nothing' option type=request
	dropped 01 'REQUEST to another server' other_server \
	    'type=request opt.54=10.0.0.77 opt.50=10.7.1.1'
	dropped 0 'INIT-REBOOT of a stranger' unknown_lease \
	    'type=request opt.50=10.7.199.1 mac=020000000303'
	dropped 1 'INFORM from nowhere' option type=inform
	for v in 255.255.255.255 127.0.0.1 224.0.0.1; do
		dropped 01 "INFORM from $v" option "type=inform ciaddr=$v"
	done
	cases
	gone 'a request to us alone, from nobody' \
	    'dropped.no_subnet 1 received.request 1' \
	    "$linked|from 10.0.0.9|to 10.0.0.1" \
	    'send type=request ciaddr=255.255.255.255'
}

strangers() {
	told 'a lease' '^10\.7\.1\.' "$relayed|dora|show yiaddr"
	ip=$(echo "$out" | tail -n 1)
	standing=$(ctl leases "$ip")
	thief='mac=020000000666'
	for f in "type=release ciaddr=$ip opt.54=10.0.0.1 $thief" \
	    "type=release ciaddr=$ip $thief" \
	    "type=release ciaddr=$ip opt.61=01:02:00:00:00:01:01 $thief" \
	    'type=release ciaddr=10.7.99.9 opt.54=10.0.0.1' \
	    'type=release opt.54=10.0.0.1' \
	    'type=release ciaddr=255.255.255.255' \
	    "type=decline opt.50=$ip opt.54=10.0.0.1 $thief" \
	    'type=decline opt.50=10.7.99.9 opt.54=10.0.0.1' \
	    'type=decline opt.50=10.0.0.1 opt.54=10.0.0.1' \
	    'type=decline opt.54=10.0.0.1'; do
		dropped 0 "a stranger: $f" unknown_lease "$f"
	done
	for t in release decline; do
		dropped 0 "$t to another server" other_server \
		    "type=$t opt.50=$ip ciaddr=$ip opt.54=10.0.0.77"
	done
	answered 0 'a stranger cannot have it' '^NAK ' \
	    "type=request opt.50=$ip opt.54=10.0.0.1 $thief"
	answered 0 'nor renew it' '^NAK ' "type=request ciaddr=$ip $thief"
	cases
	is 'the lease stays' "$(ctl leases "$ip")" "$standing"
	told 'its client renews' "^ACK .*yiaddr=$ip" \
	    "$relayed|send type=request ciaddr=$ip|recv"
	gone 'its client gives it back' 'received.release 1' \
	    "$relayed|send type=release ciaddr=$ip opt.54=10.0.0.1"
	is 'and it is free' "$(lease "$ip" | cut -d ' ' -f 2)" released
	gone 'once' 'dropped.unknown_lease 1 received.release 1' \
	    "$relayed|send type=release ciaddr=$ip opt.54=10.0.0.1"
}

# A pool of one address.
single() {
	a=mac=020000000801 b=mac=020000000802
	told 'the only address is offered' '^OFFER .*yiaddr=10\.8\.0\.9 ' \
	    "$one|send type=discover $a|recv"
	gone 'and held' 'dropped.no_address 1 received.discover 1' \
	    "$one|send type=discover $b"
	told 'for its client' '^OFFER .*yiaddr=10\.8\.0\.9 ' \
	    "$one|send type=discover $a|recv"
	gone 'which takes another server' \
	    'dropped.other_server 1 received.request 1' \
	    "$one|send type=request opt.50=10.8.0.9 opt.54=10.0.0.77 $a"
	told 'then the next one gets it' '^ACK .*yiaddr=10\.8\.0\.9 ' \
	    "$one|dora $b"
	told 'and the first one not' '^NAK ' \
	    "$one|send type=request opt.50=10.8.0.9 opt.54=10.0.0.1 $a|recv"
	gone 'it is given back' 'received.release 1' \
	    "$one|send type=release ciaddr=10.8.0.9 $b"
	told 'and free' '^ACK .*yiaddr=10\.8\.0\.9 ' "$one|dora $a"
	gone 'it is declined' 'received.decline 1' \
	    "$one|send type=decline opt.50=10.8.0.9 opt.54=10.0.0.1 $a"
	gone 'and nobody gets it' 'dropped.no_address 1 received.discover 1' \
	    "$one|send type=discover $a"
	is 'which is told' "$(lease 10.8.0.9 | cut -d ' ' -f 2)" conflict
}

full() {
	told 'three addresses for four' '^3 served, 3 addresses$' \
	    "$three|fill 4"
	like 'a full pool' "$(ctl pools | grep -F ' 10.9.0.0/24 ')" \
	    ' size 3 bound 3 offered 0 conflict 0 excluded 0 free 0$'
	told 'no address of it for a stranger' '^NAK ' \
	    "$three|send type=request ciaddr=10.9.0.8 mac=020000000666|recv"
	told 'those who have them keep them' '^3 served, 3 addresses$' \
	    "$three|fill 3"
}

flood() {
	for seed in 1 2 3; do
		steps "$relayed|flood 8000 $seed"
	done
	told 'in a flood a client is served' '^OFFER .*yiaddr=10\.0\.0\.50 ' \
	    "$linked|flood 8000 4" \
	    'send xid=77 type=discover mac=02000000beef|recv'
	for n in 1 2 3; do
		told "after it, too ($n)" '^ACK .*yiaddr=10\.0\.0\.50 ' \
		    "$linked|dora mac=02000000beef"
	done
	told 'leases are what they were' '^3 served, 3 addresses$' \
	    "$three|fill 3"
	is 'the worker is the first one' "$(worker)" "$pid"
	like 'and was never started again' "$(ctl status)" ' 0 restarts'
	ctl leases -j >json
	ok 'what was sent can be told in JSON' perl -MJSON::PP -0777 -ne \
	    'die unless @{decode_json($_)}' json
	is 'and in lines' "$(ctl leases | grep -Evc \
	    '^10\.[0-9.]+ (offered|bound|released|expired|conflict) ')" 0
}

reasons() {
	for reason in 'too short or too long' 'neither request nor reply' \
	    'hardware address of a wrong length' 'no magic cookie' \
	    'malformed option' 'no type of message' 'not for a server' \
	    'giaddr or hops of no relay' 'no subnet: for giaddr 192.0.2.1' \
	    'no subnet: for interface eth1' \
	    'interface not wanted or without an address' 'no address is free' 'another server was chosen' \
	    'unknown lease' 'BOOTP without a reservation' \
	    'leasequery from where it is not allowed'; do
		ok "the log has: $reason" grep -Fq "not answered: $reason" \
		    "$log"
	done
	is 'and no control bytes' "$(LC_ALL=C tr -d '\n -~' <"$log" |
	    wc -c)" 0
}

# What was taken can be read again.
restart() {
	ctl leases | grep ' bound ' >before
	stop 'after all that'
	serve
	ctl leases | grep ' bound ' >after
	same 'the same leases after a restart' before after
	unlike 'all could be read' "$(cat "$log")" 'could not be read|not read'
}

# refused WHAT LINE ERE CONFIGURATION-LINE...
refused() {
	what=$1 line=$2 want=$3
	shift 3
	printf '%s\n' "$@" | s sh -c 'cat >/etc/basenet/bad.conf'
	out=$(s "$O/sbin/dhcpd" -n -f /etc/basenet/bad.conf 2>&1)
	is "$what is refused" "$?" 1
	like 'where it stands' "$out" "/bad\\.conf:$line: .*$want"
}

net='subnet "10.0.0.0/24" {'
ranges='  ranges = { "10.0.0.10-10.0.0.19" }'
first='  host "a" { mac = "02:00:00:00:00:0a" address = "10.0.0.5" }'

configurations() {
	refused 'a range that overlaps another' 2 'overlaps' "$net" \
	    '  ranges = { "10.0.0.10-10.0.0.20", "10.0.0.20-10.0.0.30" } }'
	refused 'one of a section' 3 'overlaps' "$net" "$ranges" \
	    '  range "10.0.0.15-10.0.0.16" { } }'
	refused 'a subnet that overlaps another' 3 'overlaps' "$net" '}' \
	    'subnet "10.0.0.128/25" { }'
	refused 'a range outside its subnet' 2 'not within' "$net" \
	    '  ranges = { "10.0.0.250-10.0.1.3" } }'
	refused 'a range backwards' 2 'before it begins' "$net" \
	    '  ranges = { "10.0.0.20-10.0.0.10" } }'
	refused 'a reservation outside its network' 3 'host' "$net" "$ranges" \
	    '  host "b" { mac = "02:00:00:00:00:0b" address = "10.0.1.5" } }'
	refused 'an address twice' 3 'host' "$net" "$first" \
	    '  host "b" { mac = "02:00:00:00:00:0b" address = "10.0.0.5" } }'
	refused 'a client twice' 3 'host' "$net" "$first" \
	    '  host "b" { mac = "02:00:00:00:00:0a" address = "10.0.0.6" } }'
	refused 'T1 behind T2' '[23]' 'T1' "$net" '  renew = 40m' \
	    '  rebind = 30m }'
	refused 'T2 behind the end' 2 'T2' "$net" \
	    '  default_lease = 30m renew = 10m rebind = 40m }'
	refused 'a minimum above the maximum' '[12]' 'longer' \
	    'min_lease = 2h default_lease = 2h' 'max_lease = 1h'
	refused 'a subnet of 33 bits' 1 'subnet' 'subnet "10.0.0.0/33" { }'
	refused 'a subnet with bits of a host' 1 'subnet' \
	    'subnet "10.0.0.1/24" { }'
	refused 'a class that is not there' 2 'class' "$net" \
	    '  range "10.0.0.10-10.0.0.19" { class = "x" } }'
	refused 'an option that is not there' 2 'no-such-option' "$net" \
	    '  option "no-such-option" { value = "1" } }'
	refused 'an option of a wrong value' 2 'mtu' "$net" \
	    '  option "mtu" { value = "many" } }'
	refused 'an option that is not to be set' 2 '53' "$net" \
	    '  option "53" { value = "01" } }'
	refused 'an unknown key' 2 'colour' "$net" '  colour = "red" }'
	refused 'a section without an end' '[0-9]+' '' "$net"
	refused 'more than one thing' 2 'not within' "$net" \
	    '  ranges = { "10.0.9.1-10.0.9.2" }' '  renew = 40m rebind = 30m' \
	    '  host "b" { mac = "02:00:00:00:00:0b" address = "10.0.1.5" } }'
	like 'in one run: the second' "$out" '/bad\.conf:3: '
	like 'the third' "$out" '/bad\.conf:4: '
}

# What a reload makes of a wrong configuration, and of a wrong hosts file.
reloads() {
	told 'a lease' '^ACK ' "$linked|dora mac=02000000beef"
	: >"$log"
	configure "$net" '  ranges = { "10.0.1.1-10.0.1.9" } }'
	nok 'a reload of a wrong configuration fails' ctl reload
	like 'the log tells where' "$(cat "$log")" \
	    '/dhcpd\.conf:2: .*not within'
	s sh -c 'printf "%s\n" "mac 02:00:00:00:00:0a address 10.0.0.5" \
	    "# nothing" "mac 02:00:00:00:00:0b address 10.0.0.5" \
	    "mac 02:00:00:00:00:0c address 192.0.2.1" "what is this" \
	    >/etc/basenet/dhcpd.hosts'
	network 'hosts_file = "/etc/basenet/dhcpd.hosts"'
	nok 'so does that of a wrong hosts file' ctl reload
	for n in 3 4 5; do
		like "line $n is told" "$(cat "$log")" "/dhcpd\\.hosts:$n: "
	done
	told 'the old configuration is in force' '^ACK .*yiaddr=10\.0\.0\.50 ' \
	    "$linked|send type=request opt.50=10.0.0.50 mac=02000000beef|recv"
	told 'for all' '^ACK .*yiaddr=10\.7\.' "$relayed|dora"
	network
	ok 'a right one is taken' ctl reload
}

# Another server on the same wire, with other addresses of the same subnet.
neighbour() {
	lab_host t
	lab_link t eth0 wire 10.0.0.2/24
	lab_in t mkdir -p $run
	printf '%s\n' 'probe = "none"' 'subnet "10.0.0.0/24" {' \
	    'ranges = { "10.0.0.200-10.0.0.249" } }' |
	    lab_in t sh -c "cat >$conf"
	lab_bg t "$O/sbin/dhcpd" -d -f "$conf" >neighbour.log 2>&1
	other=$LAB_PID other_job=$LAB_JOB
	lab_until 20 lab_in t test -s $run/dhcpd.pid
	steps "$linked|send type=discover mac=020000000a01|recv|show 54|recv" \
	    'show 54'
	is 'two servers make two offers' "$(echo "$out" | grep -v OFFER |
	    sort | paste -sd ' ' -)" '10.0.0.1 10.0.0.2'
	for n in 1 2; do
		told "who chooses server $n is served by it alone" \
		    "^ACK .*yiaddr=10\\.0\\.0\\.${n}49 .* 54=10\\.0\\.0\\.$n " \
		    "$linked|set mac=020000000b0$n" \
		    "send type=request opt.54=10.0.0.$n opt.50=10.0.0.${n}49" \
		    'recv|nothing 0'
		unlike 'once' "$out" status
	done
	told 'no address is given by both' '^30 served, 30 addresses$' \
	    "$linked|fill 30"
	lab_in t "$O/libexec/basenet/ctl" ask $run/dhcpd.sock leases |
	    grep ' bound ' | cut -d ' ' -f 1 >theirs
	ctl leases 10.0.0.0/24 | grep ' bound ' | cut -d ' ' -f 1 >ours
	is 'each has its own' "$(sort theirs ours | uniq -d)" ''
	kill "$other"
	wait "$other_job"
	is 'the other one ends well' "$?" 0
}

site
agent
network
serve
pid=$(worker)
headers
types
lengths
overloads
sizes
values
agents
own_giaddr
interfaces
requests
strangers
single
full
flood
reasons
restart
configurations
reloads
neighbour
stop
done_testing
