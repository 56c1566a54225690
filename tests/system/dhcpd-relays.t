#!/bin/sh
# dhcpd behind relay agents of every make: ISC's dhcrelay, dnsmasq, our own
# dhcrelay, and perfdhcp, which is one with many clients.
# shellcheck disable=SC2016,SC2317 # perl's; functions are called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dhcpd.sh"

relay=/etc/basenet/dhcrelay.conf
agent='' agent_job=''

r() {
	lab_in r "$@"
}

# The server's network, two of clients, and somebody who was there before.
networks() {
	lab_bridge net0 net1 net2
	lab_host s r c d old
	lab_link s eth0 net0 10.0.0.1/24
	lab_link r eth0 net0 10.0.0.2/24
	lab_link r eth1 net1 10.1.0.1/24
	lab_link r eth2 net2 10.2.0.1/24
	lab_link c eth0 net1
	lab_link d eth0 net2
	lab_link old eth0 net1 10.1.0.150/24
	lab_forward r
	lab_route s default 10.0.0.2
	lab_route old default 10.1.0.1
	s mkdir -p "$run"
	r mkdir -p "$run"
	cd "$LAB_DIR" || exit
	cat >tell <<-'EOT'
	#!/bin/sh
	: "${reason:=$1}" "${ip:=$new_ip_address}" "${router:=$new_routers}"
	case $reason in
	bound | renew | BOUND | RENEW | REBIND | REBOOT)
		ip addr replace "$ip/24" dev "$interface"
		[ -z "$router" ] || ip route replace default via "$router" ;;
	deconfig | EXPIRE | FAIL | RELEASE | STOP)
		ip addr flush dev "$interface" ;;
	PREINIT)
		ip link set dev "$interface" up ;;
	esac
	echo "$reason ip=$ip router=$router" \
	    "server=${serverid:-$new_dhcp_server_identifier}" \
	    "domain=${domain:-$new_domain_name}" >>"$0.told"
	EOT
	chmod +x tell
	cp tell tell-c
	cp tell tell-d
}

network() {
	configure 'authoritative = yes' 'probe_time = 200ms' \
	    'cache_percent = 0' 'subnet "10.1.0.0/24" {' \
	    '  ranges = { "10.1.0.100-10.1.0.199" }' \
	    '  routers = { "10.1.0.1" } }' \
	    'subnet "10.2.0.0/24" {' \
	    '  ranges = { "10.2.0.100-10.2.0.199" }' \
	    '  routers = { "10.2.0.1" } min_lease = 10s default_lease = 20s' \
	    '  max_lease = 20s renew = 2s rebind = 17s' \
	    '  host "port2" { circuit_id = "eth2" address = "10.2.0.7"' \
	    '    domain = "port2.test" } }' \
	    'subnet "10.9.0.0/16" { probe = "none"' \
	    '  ranges = { "10.9.1.0-10.9.200.255" } }'
}

told() {
	tail -n 1 "tell-$1.told" 2>/dev/null
}

told_is() {
	told "$1" | grep -Eq "^$2"
}

# isc OPTION...
isc() {
	lab_bg r "$PEERS/usr/sbin/dhcrelay" -4 -d --no-pid -q \
	    -id eth1 -id eth2 -iu eth0 "$@" 10.0.0.1 >>isc.log 2>&1
	agent=$LAB_PID agent_job=$LAB_JOB
	lab_until 20 listens
}

dnsmasq_relay() {
	lab_bg r dnsmasq --no-daemon --conf-file=/dev/null --port=0 \
	    --user=root --pid-file= --log-dhcp \
	    --dhcp-relay=10.1.0.1,10.0.0.1 --dhcp-relay=10.2.0.1,10.0.0.1 \
	    >>dnsmasq.log 2>&1
	agent=$LAB_PID agent_job=$LAB_JOB
	lab_until 20 listens
}

# ours LINE...
ours() {
	r rm -f $run/dhcrelay.pid
	printf '%s\n' 'servers = "10.0.0.1"' 'upstream = eth0' "$@" |
	    r sh -c "cat >$relay"
	lab_bg r "$O/sbin/dhcrelay" -d -f "$relay" >>ours.log 2>&1
	agent=$LAB_PID agent_job=$LAB_JOB
	lab_until 20 r test -s $run/dhcrelay.pid
}

listens() {
	r ss -Hlun 'sport = 67' | grep -q .
}

agent_end() {
	kill "$agent"
	wait "$agent_job" 2>/dev/null
	lab_until 20 silent
}

silent() {
	! listens
}

# relayed NAME
relayed() {
	r "$O/libexec/basenet/ctl" ask $run/dhcrelay.sock stats |
	    awk -v n="$1" '$1 == n { print $2 }'
}

# once HOST OPTION...: udhcpc gets a lease, gives it back and goes.
once() {
	_h=$1
	shift
	rm -f "tell-$_h.told"
	lab_in "$_h" ip addr flush dev eth0
	lab_in "$_h" busybox udhcpc -f -n -q -i eth0 -t 8 -T 2 \
	    -s "$LAB_DIR/tell-$_h" "$@" >>"$_h.log" 2>&1
	got=$(told "$_h")
}

dhclient_start() {
	: >tell-d.told
	touch dhclient.leases
	lab_bg d "$PEERS/sbin/dhclient" -4 -d -cf /dev/null \
	    -sf "$LAB_DIR/tell-d" -lf "$LAB_DIR/dhclient.leases" \
	    -pf "$LAB_DIR/dhclient.pid" eth0 >>d.log 2>&1
	dhclient=$LAB_PID dhclient_job=$LAB_JOB
}

# It forgets its lease, unless told to keep it.
dhclient_end() {
	kill -9 "$dhclient"
	wait "$dhclient_job" 2>/dev/null
	[ "${1:-}" = keep ] || rm -f dhclient.leases
	d ip addr flush dev eth0
}

# sub CODE ADDRESS: this part of the lease's option 82, in hex.
sub() {
	ctl leases "$2" | sed -n 's/.* agent \([0-9a-f]*\).*/\1/p' |
	    perl -ne 'BEGIN { $code = shift } chomp; $_ = pack("H*", $_);
		while (s/^(.)(.)//s) { my ($c, $n) = (ord $1, ord $2);
		    my $v = substr($_, 0, $n, "");
		    print unpack("H*", $v) if $c == $code }' "$1"
}

# both WHO ADDRESS-OF-D: a client on each network.
both() {
	once c
	like "$1: udhcpc gets a lease" "$got" \
	    '^bound ip=10\.1\.0\.1.. router=10\.1\.0\.1 server=10\.0\.0\.1 '
	once c -B
	like "$1: by broadcast" "$got" '^bound ip=10\.1\.0\.1.. '
	dhclient_start
	ok "$1: dhclient gets a lease" lab_until 30 told_is d 'BOUND|RENEW'
	like "$1: of its own network" "$(told d)" \
	    "^(BOUND|RENEW) ip=$2 router=10\.2\.0\.1 server=10\.0\.0\.1 "
	ok "$1: and renews it" lab_until 30 told_is d RENEW
	probed c 'on eth0' 'dora mac=02000000000c' 'show 82'
	like "$1: no client sees option 82" "$(echo "$out" | tail -n 1)" '^-$'
}

by_isc() {
	isc
	both 'isc dhcrelay' '10\.2\.0\.1..'
	dhclient_end keep
	is 'there was no option 82' "$(ctl leases | grep -c agent)" 0
	agent_end
	# -D: drop what comes back without our option 82, or another's
	isc -a -D
	both 'isc dhcrelay -a -D' '10\.2\.0\.7'
	like 'by its circuit' "$(told d)" ' domain=port2\.test$'
	is 'which the lease tells' "$(sub 1 10.2.0.7)" 65746832
	dhclient_end
	moved
	agent_end
	isc -a -D -U eth0
	both 'isc dhcrelay -U' '10\.2\.0\.7'
	like 'it selects the link' "$(sub 5 10.2.0.7)" '^0a020001$'
	dhclient_end
	agent_end
}

# A client whose lease is of another network.
moved() {
	ip link set dev "$(cat "$LAB_DIR/.hosts/d/port.eth0")" master net1
	cat >dhclient.leases <<-EOT
	lease {
	  interface "eth0";
	  fixed-address 10.2.0.7;
	  option subnet-mask 255.255.255.0;
	  option dhcp-lease-time 20000;
	  option dhcp-message-type 5;
	  option dhcp-server-identifier 10.0.0.1;
	  renew 0 2037/01/01 00:00:00;
	  rebind 0 2037/01/02 00:00:00;
	  expire 0 2037/01/03 00:00:00;
	}
	EOT
	naks=$(counter sent.nak)
	dhclient_start
	ok 'a client from another network' \
	    lab_until 30 told_is d 'BOUND ip=10\.1\.0\.1..'
	is 'gets there by a NAK' "$(counter sent.nak)" $((naks + 1))
	dhclient_end
	ip link set dev "$(cat "$LAB_DIR/.hosts/d/port.eth0")" master net2
}

by_dnsmasq() {
	dnsmasq_relay
	both dnsmasq '10\.2\.0\.1..'
	dhclient_end
	agent_end
}

by_ours() {
	ours 'append = yes'
	both 'our dhcrelay' '10\.2\.0\.7'
	like 'by its circuit' "$(told d)" ' domain=port2\.test$'
	dhclient_end
	is 'all that was added was taken off' "$(relayed agent.stripped)" \
	    "$(relayed replies.relayed)"
	in_use
	agent_end
}

# Behind the relay a probe is an ICMP echo.
in_use() {
	lab_in c ip link set dev eth0 address 02:00:00:00:12:01
	once c -r 10.1.0.150
	like 'an address in use is not offered' "$got" '^bound ip=10\.1\.0\.1'
	unlike 'to anyone' "$got" 'ip=10\.1\.0\.150 '
	like 'which is logged' "$(cat "$log")" \
	    "10\.1\.0\.150: in use by .*, was not offered to $(mac c) via 10\.1\.0\.1"
	is 'and kept' "$(lease 10.1.0.150 | cut -d ' ' -f 2)" conflict
}

# The server knows one address of the relay and no way to the clients.
selected() {
	s ip route del default
	ours 'append = yes' 'giaddr = "10.0.0.2"' 'server_id_override = yes'
	once c
	like 'link selection and server identifier override: udhcpc' "$got" \
	    '^bound ip=10\.1\.0\.1.. router=10\.1\.0\.1 server=10\.1\.0\.1 '
	is 'the link' "$(sub 5 "$(leased c)")" 0a010000
	is 'and the override are kept with the lease' \
	    "$(sub 11 "$(leased c)")" 0a010001
	dhclient_start
	ok 'dhclient gets a lease' lab_until 30 told_is d 'BOUND|RENEW'
	like 'from the relay, as it sees it' "$(told d)" \
	    '^(BOUND|RENEW) ip=10\.2\.0\.7 .* server=10\.2\.0\.1 '
	before=$(relayed requests.relayed)
	: >tell-d.told
	ok 'which renews it' lab_until 30 told_is d RENEW
	ok 'through the relay' test "$(relayed requests.relayed)" -gt "$before"
	d "$PEERS/sbin/dhclient" -4 -r -cf /dev/null -sf "$LAB_DIR/tell-d" \
	    -lf "$LAB_DIR/dhclient.leases" -pf "$LAB_DIR/dhclient.pid" eth0 \
	    >>d.log 2>&1
	wait "$dhclient_job" 2>/dev/null
	ok 'and gives it back' lab_until 20 free_is 10.2.0.7
	agent_end
	lab_route s default 10.0.0.2
}

# The address of this host's lease.
leased() {
	ctl leases "$(mac "$1")" | awk '$2 == "bound" { print $1 }' | head -n 1
}

free_is() {
	[ "$(lease "$1" | cut -d ' ' -f 2)" = released ]
}

# perfdhcp drops what is late: how many it got depends on the machine, that no
# two had the same address does not.
many() {
	r ip addr add 10.9.0.2/32 dev eth0
	r env LD_LIBRARY_PATH="$PEERS/usr/lib/x86_64-linux-gnu" timeout 60 \
	    "$PEERS/usr/sbin/perfdhcp" -4 -l 10.9.0.2 -r 400 -R 20000 -p 2 \
	    -u -W 1000000 10.0.0.1 >perfdhcp.log 2>&1
	unique=$(awk '/non unique/ { n++; sum += $NF }
	    END { print (n > 0 ? sum : "not told") }' perfdhcp.log)
	is 'perfdhcp: all addresses are unique' "$unique" 0
	ok 'perfdhcp: it had leases' test "$(ctl leases 10.9.0.0/16 |
	    grep -c ' bound ')" -gt 100
	[ "$unique" = 0 ] || diag_file perfdhcp.log
	is 'as many clients as leases' "$(ctl leases 10.9.0.0/16 |
	    awk '$2 == "bound" { print $3 }' | sort | uniq -d)" ''
}

networks
network
serve
by_isc
by_dnsmasq
by_ours
selected
many
stop
done_testing
