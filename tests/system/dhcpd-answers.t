#!/bin/sh
# What dhcpd answers to messages as the RFCs have them, and to which it says
# nothing, and why.
# shellcheck disable=SC2016 # those of dhcp-probe
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dhcpd.sh"

network() {
	configure 'authoritative = yes' 'default_lease = 10m' \
	    'probe_time = 200ms' 'leasequery = yes' \
	    'leasequery_from = { "10.0.0.9/32" }' \
	    'subnet "10.0.0.0/24" {' \
	    '  ranges = { "10.0.0.100-10.0.0.110" }' \
	    '  routers = { "10.0.0.1" } option "v4-dnr" {' \
	    '    value = { "1 dns.lab 10.0.0.1 alpn=dot" } }' \
	    '  host "old" { mac = "02:00:00:00:0b:01"' \
	    '    address = "10.0.0.60" }' '}' \
	    'subnet "10.7.0.0/24" { ranges = { "10.7.0.10-10.7.0.12" }' \
	    '  probe = "none" rapid_commit = yes }' \
	    'subnet "10.8.0.0/24" { ranges = { "10.8.0.10-10.8.0.12" }' \
	    '  probe = "none" authoritative = no' \
	    '  option "v6-only-preferred" { value = "300" } }'
}

# told WHAT WANTED STEP...: what c is answered.
told() {
	what=$1 want=$2
	shift 2
	probed c "$@"
	like "$what" "$out" "$want"
}

# dropped WHAT COUNTER STEP...: nothing is said, and counted there.
dropped() {
	what=$1 count=$(counter "dropped.$2") counter=dropped.$2
	shift 2
	probed c "$@" 'nothing 400'
	is "$what: no answer" "$out" ''
	is "$what: $counter" "$(counter "$counter")" $((count + 1))
}

# As a client on the link, and as relay agents of other networks.
link='on eth0' far='relay 10.7.0.1' rival='relay 10.8.0.1'
nowhere='relay 10.9.0.1' router='relay 10.0.0.9'

probes() {
	d ip addr add 10.0.0.100/24 dev eth0
	told 'an address in use is not offered' '^OFFER .*yiaddr=10\.0\.0\.101' \
	    "$link" 'send type=discover mac=020000000001' recv
	is 'but kept for a while' "$(ctl leases 10.0.0.100 |
	    cut -d ' ' -f 1-2)" '10.0.0.100 conflict'
	count=$(counter addresses.probed)
	told 'what was offered is not probed again' \
	    '^OFFER .*yiaddr=10\.0\.0\.101' \
	    "$link" 'send type=discover mac=020000000001' recv
	is 'nor asked for' "$(counter addresses.probed)" "$count"
	d ip addr flush dev eth0
	ctl free 10.0.0.100 >/dev/null
}

declines() {
	told 'a lease' '^ACK .*yiaddr=10\.0\.0\.101' \
	    "$link" 'dora mac=020000000001'
	dropped 'a decline of a stranger' unknown_lease "$link" \
	    'send type=decline mac=020000000002 opt.50=10.0.0.101'
	probed c "$link" \
	    'send type=decline mac=020000000001 opt.50=10.0.0.101 opt.54=10.0.0.1' \
	    'nothing 200'
	is 'one of the holder' "$(ctl leases 10.0.0.101 |
	    cut -d ' ' -f 1-2)" '10.0.0.101 conflict'
	ok 'is told' grep -q '10\.0\.0\.101: declined by 02:00:00:00:00:01' \
	    "$log"
	told 'the next lease is another' '^ACK .*yiaddr=10\.0\.0\.10[02]' \
	    "$link" 'dora mac=020000000001'
}

requests() {
	told 'a wrong network is refused' '^NAK ' "$link" \
	    'send type=request mac=020000000003 opt.50=192.0.2.1' recv
	dropped 'an unknown client that comes back' unknown_lease "$link" \
	    'send type=request mac=020000000003 opt.50=10.0.0.105'
	dropped 'a request of no address' option "$link" \
	    'send type=request mac=020000000003'
	dropped 'another server' other_server "$link" \
	    'send type=request mac=020000000003 opt.50=10.0.0.105 opt.54=10.0.0.77'
	told 'who has a lease that we know nothing of keeps it' \
	    '^ACK .*yiaddr=10\.0\.0\.106' 'at 10.0.0.106' \
	    'send type=request mac=020000000003 ciaddr=10.0.0.106' recv
}

relays() {
	told 'through a relay' '^ACK .*yiaddr=10\.7\.0\.10' \
	    "$far" 'dora mac=020000000004'
	told 'option 82 comes back' '82=.*' "$far" \
	    'send type=discover mac=020000000005 sub.1=text:port7' recv
	told 'rapid commit' '^ACK .*80=' "$far" \
	    'send type=discover mac=020000000005 opt.80=hex:' recv
	dropped 'no subnet' no_subnet "$nowhere" \
	    'send type=discover mac=020000000006'
	ok 'is told with its relay' grep -q \
	    'not answered: no subnet: for giaddr 10\.9\.0\.1' "$log"
	told 'no address for who does without' '^OFFER .*108=' \
	    "$rival" \
	    'send type=discover mac=020000000007 opt.55=u8:1,108' recv
	unlike 'none at all' "$out" 'yiaddr='
	dropped 'where others may be authoritative' unknown_lease \
	    "$rival" \
	    'send type=request mac=020000000007 opt.50=192.0.2.1'
	told 'one more client' '^OFFER ' "$far" \
	    'send type=discover mac=020000000008' recv
	dropped 'a pool that is full' no_address "$far" \
	    'send type=discover mac=020000000009'
}

others() {
	told 'inform' '^ACK .*3=10\.0\.0\.1 ' 'at 10.0.0.9' \
	    'send type=inform mac=02000000000a ciaddr=10.0.0.9' recv
	unlike 'no lease time' "$out" ' 51='
	told 'encrypted DNS' " 162=00:19:00:01:09:03:64:6e:73:03:6c:61:62:00:\
04:0a:00:00:01:00:01:00:04:03:64:6f:74" \
	    'at 10.0.0.9' \
	    'send type=inform mac=02000000000a ciaddr=10.0.0.9 opt.55=u8:162' recv
	told 'BOOTP' 'yiaddr=10\.0\.0\.60' "$link" \
	    'send type=none mac=020000000b01' recv
	is 'for ever' "$(ctl leases 10.0.0.60 | cut -d ' ' -f 6-7)" \
	    'end never'
	dropped 'BOOTP of a stranger' no_reservation "$link" \
	    'send type=none mac=020000000b02'
	dropped 'a reply' not_for_server "$link" \
	    'send type=offer op=2 mac=020000000b02'
	dropped 'a loop' loop "$link" \
	    'send type=discover hops=17 mac=020000000b02'
	dropped 'no relay' loop "$link" \
	    'send type=discover giaddr=127.0.0.1 mac=020000000b02'
}

queries() {
	told 'leasequery by address' '^LEASEACTIVE .*ciaddr=10\.7\.0\.10' \
	    "$router" 'send type=10 hlen=0 htype=0 ciaddr=10.7.0.10 giaddr=10.0.0.9' recv
	told 'by hardware address' '^LEASEACTIVE .*ciaddr=10\.7\.0\.10' \
	    "$router" 'send type=10 mac=020000000004 giaddr=10.0.0.9' recv
	told 'of a free one' '^LEASEUNASSIGNED .*ciaddr=10\.0\.0\.109' \
	    "$router" 'send type=10 hlen=0 htype=0 ciaddr=10.0.0.109 giaddr=10.0.0.9' recv
	told 'of a strange one' '^LEASEUNKNOWN ' \
	    "$router" 'send type=10 hlen=0 htype=0 ciaddr=192.0.2.9 giaddr=10.0.0.9' recv
	dropped 'from elsewhere' leasequery 'relay 10.0.0.8' \
	    'send type=10 hlen=0 htype=0 ciaddr=10.7.0.10 giaddr=10.0.0.8'
}

site
for ip in 10.0.0.8 10.0.0.9 10.0.0.106 10.7.0.1 10.8.0.1 10.9.0.1; do
	c ip addr add $ip/24 dev eth0
done
s ip route add 10.0.0.0/8 dev eth0
network
serve
probes
declines
requests
relays
others
queries
stop
done_testing
