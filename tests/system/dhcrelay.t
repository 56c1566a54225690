#!/bin/sh
# dhcrelay between real clients (udhcpc) and a real server (dnsmasq).
# shellcheck disable=SC2016,SC2317 # perl's; functions are called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids

conf=/etc/basenet/dhcrelay.conf
run=/run/basenet
log=$LAB_DIR/log
job='' server='' server_job=''

r() {
	lab_in relay "$@"
}

# The server's network, two of clients, and one behind a second relay.
site() {
	lab_bridge net0 net1 net2 net3
	lab_host server relay second c1 c2 c3
	lab_link server eth0 net0 10.0.0.1/24
	lab_link relay eth0 net0 10.0.0.2/24
	lab_link relay eth1 net1 10.1.0.1/24
	lab_link relay eth2 net2 10.2.0.1/24
	lab_link second eth0 net1 10.1.0.2/24
	lab_link c1 eth0 net1
	lab_link c2 eth0 net2
	lab_link c3 eth0 net3
	lab_forward relay second
	lab_route server default 10.0.0.2
	lab_route second default 10.1.0.1
	r mkdir -p $run
	cd "$LAB_DIR" || exit
	cat >script <<-'EOT'
	#!/bin/sh
	[ -n "$ip" ] || exit 0
	ip addr replace "$ip/$mask" dev "$interface"
	[ -z "$router" ] || ip route replace default via "$router"
	echo "$1 $ip $serverid ${domain:-none}" >>"$LAB_DIR/$(uname -n).got"
	EOT
	chmod +x script
}

# dnsmasq OPTION...: the server, which knows the clients' networks.
dnsmasq() {
	[ -z "$server" ] || {
		kill "$server"
		wait "$server_job"
	}
	lab_bg server dnsmasq --no-daemon --conf-file=/dev/null --port=0 \
	    --dhcp-authoritative --no-ping --log-dhcp --user=root --pid-file= \
	    --dhcp-leasefile=/run/leases \
	    --dhcp-range=10.1.0.100,10.1.0.199,255.255.255.0,1h \
	    --dhcp-range=10.2.0.100,10.2.0.199,255.255.255.0,1h \
	    --dhcp-range=10.3.0.100,10.3.0.199,255.255.255.0,1h \
	    --dhcp-option=tag:two,option:domain-name,two.test \
	    --dhcp-option=tag:floor,option:domain-name,floor.test \
	    --dhcp-circuitid=set:two,eth2 --dhcp-remoteid=set:floor,floor \
	    "$@" >>"$LAB_DIR/dnsmasq.log" 2>&1
	server=$LAB_PID server_job=$LAB_JOB
	lab_until 10 server_ready || fail 'dnsmasq serves'
}

server_ready() {
	lab_in server ss -Hlun 'sport = 67' | grep -q .
}

# configure LINE...
configure() {
	printf '%s\n' "$@" | r sh -c "cat >$conf"
}

# serve LINE...: the relay, with these lines.
serve() {
	stop
	configure "$@"
	lab_bg relay "$O/sbin/dhcrelay" -d -f $conf >>"$log" 2>&1
	job=$LAB_JOB pid=$LAB_PID
	lab_until 20 r test -s $run/dhcrelay.pid && return
	fail "dhcrelay starts"
	diag_file "$log"
	done_testing
}

stop() {
	[ -n "$job" ] || return 0
	kill "$pid"
	wait "$job"
	is "it ends well" "$?" 0
	is "no worker died" "$(grep -E -A 9 \
	    'worker [0-9]+: (killed|ended)|Sanitizer|runtime error' "$log")" ''
	: >"$log"
	job=
}

ctl() {
	r "$O/libexec/basenet/ctl" ask $run/dhcrelay.sock "$@"
}

# counter NAME
counter() {
	ctl stats | awk -v n="$1" '$1 == n { print $2 }'
}

# counts NAME N: it comes to that.
counts() {
	lab_until 10 count_is "$@" || fail "$1 becomes $2"
	is "$1" "$(counter "$1")" "$2"
}

count_is() {
	[ "$(counter "$1")" = "$2" ]
}

# The worker, as the host sees it.
worker() {
	ctl status | sed -n 's/.*worker 0: pid \([0-9]*\), ready.*/\1/p'
}

# lease CLIENT [OPTION...]: its words are in $got: bound ADDRESS SERVER DOMAIN
lease() {
	client=$1
	shift
	rm -f "$client.got"
	lab_in "$client" ip addr flush dev eth0
	lab_in "$client" busybox udhcpc -f -n -q -i eth0 -t 8 -T 2 \
	    -s "$LAB_DIR/script" "$@" >"$client.log" 2>&1
	got=$(cat "$client.got" 2>/dev/null)
}

# leases WHAT CLIENT PATTERN [OPTION...]
leases() {
	what=$1 client=$2 pattern=$3
	shift 3
	lease "$client" "$@"
	like "$what" "$got" "^$pattern\$"
}

plain() {
	serve 'servers = "10.0.0.1"' 'upstream = eth0'
	leases "a client" c1 'bound 10\.1\.0\.1.. 10\.0\.0\.1 none'
	leases "of another network" c2 'bound 10\.2\.0\.1.. 10\.0\.0\.1 none'
	leases "who asks for broadcasts" c1 'bound 10\.1\.0\.1.. .*' -B
	ok "the client is reached by its new address" \
	    lab_in server ping -c 1 -W 5 "$(echo "$got" | cut -d' ' -f2)"
	counts requests.received 6
	counts requests.relayed 6
	counts replies.relayed 6
	counts agent.added 0
}

rights() {
	w=$(worker)
	is "the worker's user" "$(r stat -c %U "/proc/$w")" _dhcrelay
	is "its capabilities" "$(r grep -E '^Cap(Prm|Eff|Bnd)' \
	    "/proc/$w/status" | awk '{ print $2 }' | sort -u)" 0000000000000000
	r kill -KILL "$w"
	leases "after a worker was killed" c1 'bound 10\.1\.0\.1.. .*'
	: >"$log"
}

# An interface that appears, and one whose address goes.
interfaces() {
	lab_host late
	lab_bridge net4
	lab_link late eth0 net4
	lab_link relay eth4 net4 10.3.0.1/24
	leases "on an interface that is new" late 'bound 10\.3\.0\.1.. .*'
	r ip addr flush dev eth4
	lease late
	is "on one that has no address any more" "$got" ''
	ok "is counted" test "$(counter dropped.no_address)" -gt 0
	like "and logged" "$(cat "$log")" \
	    'eth4: request client=[0-9a-f:]{17} giaddr=0.0.0.0 dropped: .*address'
	r ip link del eth4
	leases "after that one is gone" c2 'bound 10\.2\.0\.1.. .*'
}

agent() {
	serve 'servers = "10.0.0.1"' 'upstream = eth0' 'append = yes'
	leases "its circuit is known" c2 'bound 10\.2\.0\.1.. .* two.test'
	leases "the other's is another" c1 'bound 10\.1\.0\.1.. .* none'
	counts agent.added 4
	counts agent.stripped 4
	serve 'servers = "10.0.0.1"' 'upstream = eth0' 'append = yes' \
	    'remote_id = text' 'remote_text = floor' 'circuit_id = none'
	leases "so is a remote id" c1 'bound 10\.1\.0\.1.. .* floor.test'
}

# The server knows one address of the relay and no way to the clients.
shared() {
	lab_in server ip route del default
	serve 'servers = "10.0.0.1"' 'upstream = eth0' 'append = yes' \
	    'giaddr = "10.0.0.2"' 'server_id_override = yes'
	leases "by link selection" c1 'bound 10\.1\.0\.1.. 10\.1\.0\.1 none'
	leases "on each interface" c2 'bound 10\.2\.0\.1.. 10\.2\.0\.1 two.test'
	: >c1.got
	lab_bg c1 busybox udhcpc -f -i eth0 -s "$LAB_DIR/script" \
	    >c1.log 2>&1
	client=$LAB_PID client_job=$LAB_JOB
	lab_until 20 grep -q bound c1.got
	before=$(counter requests.relayed)
	kill -USR1 "$client"
	ok "a client renews by way of the relay" lab_until 20 grep -q renew c1.got
	# An answer that comes at once may end in the socket that udhcpc sent
	# from, which it closes: then it asks again, after 3 s.
	asked=$(grep -c -e 'sending renew' -e 'broadcasting renew' c1.log)
	is "which relays it" "$(counter requests.relayed)" $((before + asked))
	kill "$client"
	wait "$client_job"
	lab_route server default 10.0.0.2
}

# A relay whose server is a relay.
chain() {
	lab_link second eth1 net3 10.3.0.1/24
	lab_route relay 10.3.0.0/24 10.1.0.2
	serve 'servers = "10.0.0.1"' 'upstream = eth0' 'append = yes'
	lab_in second sh -c "mkdir -p $run
	    echo 'servers = \"10.1.0.1\" append = yes' >$conf"
	lab_bg second "$O/sbin/dhcrelay" -d -f $conf >>"$log" 2>&1
	lab_until 20 lab_in second test -s $run/dhcrelay.pid
	leases "behind two relays" c3 'bound 10\.3\.0\.1.. 10\.0\.0\.1 none'
	counts requests.relayed 2
	counts agent.added 0
	counts replies.received 0
	leases "a broadcast that both hear" c1 'bound 10\.1\.0\.1.. .*'
	kill "$LAB_PID"
	wait "$LAB_JOB"
}

reload() {
	serve 'servers = "10.0.0.9"' 'upstream = eth0'
	lease c1 -t 1
	is "a server that is not there" "$got" ''
	configure 'servers = { "10.0.0.9", "10.0.0.1" }' 'upstream = eth0'
	is "reload" "$(ctl reload)" 'generation 2'
	leases "a second server" c1 'bound 10\.1\.0\.1.. .*'
	configure 'servers = { "10.0.0.1" }' 'max_hops = many'
	nok "a mistake" r "$O/sbin/dhcrelay" -n -f $conf
	nok "is not taken over" ctl reload
	like "and told" "$(cat "$log")" 'dhcrelay.conf:2: max_hops: '
	leases "the old one relays" c2 'bound 10\.2\.0\.1.. .*'
	configure ''
	is "no server at all" "$(ctl reload)" 'generation 3'
	lease c1 -t 1
	is "gives no lease" "$got" ''
	ok "and is counted" test "$(counter dropped.no_server)" -gt 0
}

# With no more rights than its unit leaves it.
bounded() {
	stop
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' \
	    "$SRC/etc/systemd/basenet-dhcrelay.service" | tr 'A-Z \n' 'a-z,,' |
	    sed 's/,$//; s/cap_/+/g')
	configure 'servers = "10.0.0.1"'
	lab_bg relay setpriv --no-new-privs --bounding-set "-all,$caps" \
	    "$O/sbin/dhcrelay" -d -f $conf >>"$log" 2>&1
	job=$LAB_JOB pid=$LAB_PID
	lab_until 20 r test -s $run/dhcrelay.pid
	leases "with the unit's capabilities" c1 'bound 10\.1\.0\.1.. .*'
	unlike "it has no complaint" "$(cat "$log")" 'not permitted'
}

# send FROM TO PERL: the datagram that the words make.
send() {
	lab_in "$1" perl -MSocket -e '
		socket(S, PF_INET, SOCK_DGRAM, 17) or die;
		setsockopt(S, SOL_SOCKET, SO_BROADCAST, 1);
		$head = pack("CCCCNnnx16H12x10x192N", 1, 1, 6, 0, 7, 0, 0,
		    "02000000beef", 0x63825363);
		send(S, eval($ARGV[1]),
		    0, sockaddr_in(67, inet_aton($ARGV[0]))) // die' "$2" "$3"
}

hostile() {
	serve 'servers = "10.0.0.1"' 'upstream = eth0' 'append = yes'
	lab_in c1 ip addr replace 10.1.0.9/24 dev eth0
	send c1 10.1.0.1 '"x"'
	counts dropped.short 1
	send c1 10.1.0.1 '"\3" . substr($head, 1) . "\377" x 60'
	counts dropped.op 1
	send c1 10.1.0.255 '$head . "\x52\4\1\2xx\377" . "\0" x 60'
	counts dropped.untrusted 1
	send c1 10.1.0.1 '$head . "\x35\377"'
	counts dropped.option 1
	send c1 10.1.0.1 'substr($head, 0, 3) . "\20" . substr($head, 4)'
	counts dropped.hops 1
	send c1 10.1.0.1 'substr($head, 0, 24) . "\12\0\0\2" . substr($head, 28)'
	counts dropped.spoofed 1
	send c1 10.1.0.1 '"\2" . substr($head, 1)'
	counts dropped.interface 1
	send server 10.0.0.2 '"\2" . substr($head, 1)'
	counts dropped.not_ours 1
	send c1 10.1.0.1 '$head . pack("CC", 43, 200) . "x" x 200 .
	    pack("CC", 44, 100) . "x" x 100 . "\377"'
	counts agent.not_added 1
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		send c1 10.1.0.1 '""'
	done
	counts dropped.short 16
	is "lines of one kind are few" "$(grep -c 'too short' "$log")" 10
	leases "a client, after all this" c1 'bound 10\.1\.0\.1.. .*'
}

# As on a real host: the sample, the rc script, the options.
samples() {
	stop
	r cp "$SRC/etc/dhcrelay.conf" "$SRC/etc/site.conf" /etc/basenet
	nok "it is off at first" r "$O/sbin/basenet" start dhcrelay
	r sh -c 'echo dhcrelay_enable=YES >/etc/basenet/rc.conf'
	ok "check" r "$O/sbin/basenet" check
	ok "start" r "$O/sbin/basenet" start
	like "status" "$(r "$O/sbin/basenet" status)" '^dhcrelay: running'
	ctl show-config >shown
	r sh -c "sed 's/^#\([^ ]\)/\1/' '$SRC/etc/dhcrelay.conf' >$conf"
	ok "all that is commented out" r "$O/sbin/basenet" reload
	is "are the defaults" "$(ctl show-config)" "$(cat shown)"
	is "and no key is missing" "$(sed 's/ =.*//' shown | while read -r key; do
		grep -q "^#*$key = " "$SRC/etc/dhcrelay.conf" || echo "$key"
	    done)" ''
	ok "stop" r "$O/sbin/basenet" stop
	nok "not for inetd" r "$O/sbin/dhcrelay" -i
}

site
dnsmasq
plain
rights
interfaces
agent
shared
chain
reload
bounded
hostile
samples
done_testing
