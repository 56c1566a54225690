#!/bin/sh
# dhcpc against dnsmasq, against a server that lies, and against nobody.
# shellcheck disable=SC1091,SC2016,SC2154,SC2317 # functions are called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids

# Each host: what its scripts were called with, in $LAB_DIR/HOST.
recorder() {
	mkdir "$LAB_DIR/$1"
	cat >"$LAB_DIR/$1/script" <<-EOT
	#!/bin/sh
	env >"$LAB_DIR/$1/\$1"
	"$O/libexec/basenet/dhcpc-script" "\$@"
	status=\$?
	echo "\$1 \${ip:-}" >>"$LAB_DIR/$1/events"
	exit "\$status"
	EOT
	chmod 755 "$LAB_DIR/$1/script"
}

# events HOST: all of them in a line, and forget them.
events() {
	[ ! -e "$LAB_DIR/$1/events" ] || xargs <"$LAB_DIR/$1/events"
	rm -f "$LAB_DIR/$1/events"
}

# client HOST [OPTION...]: in the foreground of a background job. Sets pid and
# job.
client() {
	_c=$1
	shift
	lab_bg "$_c" "$O/sbin/dhcpc" -d -v -s "$LAB_DIR/$_c/script" "$@" eth0 \
	    >>"$LAB_DIR/$_c/log" 2>&1
	pid=$LAB_PID job=$LAB_JOB
}

# seen HOST EVENT [IP]: it happened.
seen() {
	grep -q "^$2 ${3:-}" "$LAB_DIR/$1/events" 2>/dev/null
}

# addresses HOST
addresses() {
	lab_in "$1" ip -4 -o addr show dev eth0 | awk '{ print $4 }' | xargs
}

value() {
	sed -n "s/^$2=//p" "$LAB_DIR/$1"
}

# The worker of the client in this host, as the host sees it.
worker() {
	lab_in "$1" sh -c 'for p in /proc/[0-9]*; do
	    tr "\0" " " <$p/cmdline 2>/dev/null | grep -q "^dhcpc: worker" &&
	    echo "${p#/proc/}"; done; :'
}

# A daemon has no job of ours: by its pid file.
signal() {
	lab_in "$1" sh -c "kill -$2 \$(cat /run/basenet/dhcpc.eth0.pid)"
}

# Neither the worker is there nor who locks the pid file.
gone() {
	[ -z "$(worker "$1")" ] && lab_in "$1" sh -c \
	    'cd /run/basenet && { [ ! -e dhcpc.eth0.pid ] ||
	    flock -n dhcpc.eth0.pid true; }'
}

# dnsmasq FIRST LAST [OPTION...]
dnsmasq_start() {
	_first=$1 _last=$2
	shift 2
	lab_bg s dnsmasq -k -C /dev/null --port=0 --no-ping --log-dhcp \
	    --log-facility=- --dhcp-leasefile=/run/leases \
	    --dhcp-authoritative --user=root \
	    --dhcp-range="$_first,$_last,255.255.255.0,120" "$@" \
	    >"$LAB_DIR/dnsmasq" 2>&1
	server=$LAB_PID server_job=$LAB_JOB
	lab_until 5 lab_in s grep -q ':0043 ' /proc/net/udp
}

server_stop() {
	kill "$server"
	wait "$server_job" 2>/dev/null
}

# hostile [OPTION...]: on the same wire, without dnsmasq.
hostile_start() {
	lab_bg s "$O/tests/system/dhcp-hostile" "$@" >"$LAB_DIR/hostile" 2>&1
	server=$LAB_PID server_job=$LAB_JOB
	lab_until 5 lab_in s grep -q ':0043 ' /proc/net/udp
}

client_stop() {
	kill "$1" 2>/dev/null
	wait "$2" 2>/dev/null
}

# Two hosts on a wire without a server; looked at when the rest is done.
lonely_begin() {
	for h in l1 l2; do
		recorder $h
		client $h -i none
		eval "${h}_pid=$pid ${h}_job=$job"
	done
}

lease() {
	dnsmasq_start 10.0.0.50 10.0.0.59 --dhcp-option=3,10.0.0.1 \
	    --dhcp-option=6,10.0.0.1 --dhcp-option=119,a.test,b.test \
	    --dhcp-option=121,0.0.0.0/0,10.0.0.1,10.8.0.0/16,10.0.0.9
	ok "it goes to the background with a lease" lab_in c timeout 20 \
	    "$O/sbin/dhcpc" -s "$LAB_DIR/c/script" eth0
	first=$(addresses c)
	like "the address" "$first" '^10\.0\.0\.5[0-9]/24$'
	is "the script was called" "$(events c)" "deconfig bound ${first%/*}"
	is "classless routes, and not the router's" \
	    "$(lab_in c ip -4 route show proto dhcp | sed 's/ dev.*//' | xargs)" \
	    "default via 10.0.0.1 10.8.0.0/16 via 10.0.0.9"
	like "name servers" "$(lab_in c cat /etc/resolv.conf)" \
	    '^nameserver 10.0.0.1$'
	like "and domains" "$(lab_in c cat /etc/resolv.conf)" \
	    '^search a.test b.test$'
	ok "the server can be reached" lab_in c ping -c 1 -W 2 10.0.0.1
	like "the address lasts as long as the lease" \
	    "$(lab_in c ip -4 addr show dev eth0)" 'valid_lft 1[12][0-9]sec'
	like "the lease file" \
	    "$(lab_in c cat /var/lib/basenet/dhcpc/eth0.lease)" \
	    "^ip=${first%/*}\$"
	like "the client identifier is the MAC address" \
	    "$(lab_in s cat /run/leases)" \
	    " 01:$(lab_in c ip link show dev eth0 |
		awk '/ether/ { print $2 }')\$"
	nok "a second client for the interface" lab_in c "$O/sbin/dhcpc" -d \
	    -s "$LAB_DIR/c/script" eth0
}

rights() {
	status=$(lab_in c cat "/proc/$(worker c)/status")
	like "the worker is nobody" "$status" '^Uid:	912	912	912	912$'
	like "without capabilities" "$status" '^CapBnd:	0*$'
	like "under seccomp" "$status" '^Seccomp:	2$'
	like "and without new privileges" "$status" '^NoNewPrivs:	1$'
}

renewal() {
	events c >/dev/null
	: >"$LAB_DIR/dnsmasq"
	signal c USR1
	ok "SIGUSR1 renews" lab_until 5 seen c renew
	unlike "without a DISCOVER" "$(cat "$LAB_DIR/dnsmasq")" DISCOVER
	is "the same address" "$(addresses c)" "$first"
	is "nothing else happened" "$(events c)" "renew ${first%/*}"
}

# Both processes die; the address stays, and is asked for.
reboot() {
	lab_in c sh -c "kill -KILL $(worker c) \
	    \$(cat /run/basenet/dhcpc.eth0.pid)"
	lab_until 10 gone c
	: >"$LAB_DIR/dnsmasq"
	ok "who reads what it says is let go of" lab_in c timeout 20 \
	    sh -c '"$@" 2>&1 | cat' sh "$O/sbin/dhcpc" \
	    -s "$LAB_DIR/c/script" eth0
	is "after kill -9 it asks for the same address" "$(events c)" \
	    "bound ${first%/*}"
	unlike "by INIT-REBOOT" "$(cat "$LAB_DIR/dnsmasq")" DISCOVER
	lab_in c kill -KILL "$(worker c)"
	ok "a worker that is killed is started again" \
	    lab_until 10 seen c renew "${first%/*}"
	is "and knows that the address is there" "$(events c)" \
	    "renew ${first%/*}"
	ok "routes are what they were" lab_in c ping -c 1 -W 2 10.0.0.1
}

link_flap() {
	ip link set dev "$(cat "$LAB_DIR/.hosts/c/port.eth0")" down
	sleep 0.3
	is "a link that goes leaves the address" "$(addresses c)" "$first"
	: >"$LAB_DIR/dnsmasq"
	ip link set dev "$(cat "$LAB_DIR/.hosts/c/port.eth0")" up
	ok "a link that comes is another network, maybe" \
	    lab_until 5 seen c renew
	unlike "INIT-REBOOT" "$(cat "$LAB_DIR/dnsmasq")" DISCOVER
	events c >/dev/null
}

release() {
	signal c USR2
	ok "SIGUSR2 gives the lease back" lab_until 5 seen c deconfig
	ok "the server knows" lab_until 2 \
	    grep -q "DHCPRELEASE.* ${first%/*} " "$LAB_DIR/dnsmasq"
	is "no address is left" "$(addresses c)" ''
	is "nor a route" "$(lab_in c ip -4 route)" ''
	is "nor a name server" "$(lab_in c cat /etc/resolv.conf)" ''
	nok "nor a lease in the file" lab_in c grep -q ^ip= \
	    /var/lib/basenet/dhcpc/eth0.lease
	events c >/dev/null
	signal c USR1
	ok "SIGUSR1 gets one again" lab_until 5 seen c bound
	signal c TERM
	ok "SIGTERM ends it" lab_until 5 gone c
	is "and keeps the address" "$(addresses c)" "$first"
	events c >/dev/null
	client c -R
	lab_until 5 seen c bound
	kill "$pid"
	wait "$job"
	is "with -R the status is 0, too" "$?" 0
	is "but the lease was released" \
	    "$(events c)$(addresses c)" "bound ${first%/*} deconfig"
}

# Another network, whose server says so.
refused() {
	lab_in c timeout 20 "$O/sbin/dhcpc" -q -s "$LAB_DIR/c/script" eth0
	ok "-q ends with the lease" gone c
	server_stop
	lab_in s ip addr add 10.9.0.1/24 dev eth0
	lab_in s rm /run/leases
	dnsmasq_start 10.9.0.50 10.9.0.59 --dhcp-option=3,10.9.0.1
	events c >/dev/null
	lab_in c timeout 20 "$O/sbin/dhcpc" -q -s "$LAB_DIR/c/script" eth0
	second=$(addresses c)
	like "a NAK leads to another address" "$second" '^10\.9\.0\.5[0-9]/24$'
	is "the script hears of it" "$(events c)" \
	    "nak deconfig bound ${second%/*}"
	lab_in c rm /var/lib/basenet/dhcpc/eth0.lease
	lab_in c ip addr flush dev eth0
}

# Somebody uses the address that is offered.
conflict() {
	lab_in x ip addr add "$second" dev eth0
	client c
	ok "an address in use is declined" lab_until 10 \
	    grep -q "DHCPDECLINE.* ${second%/*} " "$LAB_DIR/dnsmasq"
	nok "and was not configured" seen c bound
	ok "ten seconds later there is another one" lab_until 20 seen c bound
	isnt "which is not that" "$(addresses c)" "$second"
	# a host that takes ours, and insists
	third=$(addresses c)
	events c >/dev/null
	lab_in x ip addr add "$third" dev eth0
	lab_in x busybox arping -U -c 2 -I eth0 "${third%/*}" >/dev/null
	ok "one that another host takes is given up" \
	    lab_until 5 seen c deconfig
	client_stop "$pid" "$job"
	lab_in x ip addr flush dev eth0
	lab_in c rm -f /var/lib/basenet/dhcpc/eth0.lease
	server_stop
}

identifiers() {
	dnsmasq_start 10.9.0.50 10.9.0.59
	lab_in c "$O/sbin/dhcpc" -q -d -i duid -h printer -a 0 \
	    -s "$LAB_DIR/c/script" eth0 2>/dev/null
	like "a DUID" "$(lab_in s cat /run/leases)" \
	    ' printer ff:..:..:..:..:00:04(:..){16}$'
	duid=$(lab_in s sed 's/.* //' /run/leases)
	lab_in c "$O/sbin/dhcpc" -q -d -i duid -h printer -a 0 \
	    -s "$LAB_DIR/c/script" eth0 2>/dev/null
	is "is the same the next time" \
	    "$(lab_in s sed 's/.* //' /run/leases)" "$duid"
	lab_in c rm -f /var/lib/basenet/dhcpc/eth0.lease
	lab_in c "$O/sbin/dhcpc" -q -d -i 00:61:62 -a 0 \
	    -s "$LAB_DIR/c/script" eth0 2>/dev/null
	like "one of ours" "$(lab_in s cat /run/leases)" ' 00:61:62$'
	server_stop
	lab_in c rm -f /var/lib/basenet/dhcpc/eth0.lease
}

nobody_there() {
	lab_in c ip addr flush dev eth0
	events c >/dev/null
	nok "-n without a server fails" lab_in c timeout 10 \
	    "$O/sbin/dhcpc" -n -t 2 -s "$LAB_DIR/c/script" eth0
	is "and says so to the script" "$(events c)" "deconfig leasefail"
	ok "it is gone" gone c
	ok "without -n it goes on in the background" lab_in c timeout 10 \
	    "$O/sbin/dhcpc" -L -t 1 -s "$LAB_DIR/c/script" eth0
	signal c TERM
	lab_until 5 gone c
	nok "no such interface" lab_in c "$O/sbin/dhcpc" -d nil0
	nok "no name of one" lab_in c "$O/sbin/dhcpc" -d '../eth0'
	nok "no such script" lab_in c "$O/sbin/dhcpc" -d -s /nil eth0
	for words in '' '-t x eth0' '-a -1 eth0' '-i xyz eth0' '-O 255 eth0' \
	    '-r 10.0.0 eth0' '-h a;b eth0' '-x eth0' 'eth0 eth1'; do
		# shellcheck disable=SC2086 # words
		nok "usage: $words" lab_in c "$O/sbin/dhcpc" -d $words
	done
}

# The same words as udhcpc's.
same_as_udhcpc() {
	cat >"$LAB_DIR/dump" <<-EOT
	#!/bin/sh
	env | grep -E '^[a-z_]+[0-9]*=' | sort >"$LAB_DIR/\$(cat "$LAB_DIR/who").\$1"
	EOT
	chmod 755 "$LAB_DIR/dump"
	hostile_start -f pxelinux.0 -s boot.lab eth0 10.0.0.7 \
	    3:0a0000010a000002 6:0a000001 12=pc7 15=lab.test \
	    119:0161047465737400 121:000a000001180a09000a000009 \
	    33:0a0203040a000001 42:0a000001 26:05dc 28:0a0000ff 2:00000e10 \
	    66=tftp.lab 67=boot/x.0 17=/srv/root 43:0102 100=CET-1 \
	    252=http://wpad/x 56=hello 4:0a000005 44:0a000004 40=nis
	echo ours >"$LAB_DIR/who"
	lab_in c "$O/sbin/dhcpc" -d -q -s "$LAB_DIR/dump" eth0 2>/dev/null
	echo theirs >"$LAB_DIR/who"
	lab_in c env -i "$(command -v busybox)" udhcpc -q -n -f -i eth0 \
	    -s "$LAB_DIR/dump" >"$LAB_DIR/udhcpc" 2>&1
	is "the script is told what udhcpc's is" \
	    "$(cat "$LAB_DIR/ours.bound")" "$(cat "$LAB_DIR/theirs.bound")"
	like "which is not nothing" "$(cat "$LAB_DIR/ours.bound")" \
	    '^staticroutes=0.0.0.0/0 10.0.0.1 10.9.0.0/24 10.0.0.9$'
	lab_in c rm -f /var/lib/basenet/dhcpc/eth0.lease
	server_stop
}

# No byte that a shell could take for anything reaches the script.
lies() {
	hostile_start -f '$(touch /run/hit.f)' -s '`touch /run/hit.s`' eth0 10.0.0.7 \
	    '15=x$(touch /run/hit.d)' '12=a;touch /run/hit.h' '66=|touch /run/hit.t' \
	    '67=-rf' '17=/srv/a b' '252=http://x/&touch' '40=*' \
	    "100=a'b" '101="q"' '56=$(rm -rf /) `x`' 119:0424286c7300 \
	    '14=$(touch /run/hit.u)' '209=a\b' \
	    '43=;reboot' 6:0a0000 3: 121:21 33:0a 26:05 '1:ffffff00'
	events c >/dev/null
	client c -q
	wait "$job"
	is "an evil server's address is taken" "$(events c)" \
	    "deconfig bound 10.0.0.7"
	is "nothing else of what it said" \
	    "$(grep -E '^[a-z]' "$LAB_DIR/c/bound" | cut -d= -f1 | sort |
		xargs)" "interface ip lease mask message opt14 opt43 opt53\
 serverid subnet"
	is "a message is for people" "$(value c/bound message)" \
	    '__rm -rf /_ _x_'
	is "what has no name is hexadecimal" "$(value c/bound opt43)" \
	    3b7265626f6f74
	is "no other character than those of words" \
	    "$(grep -vE '^[A-Za-z_0-9]+=[A-Za-z0-9 ._/:@%+,=-]*$' \
		"$LAB_DIR/c/bound")" ''
	nok "nothing was run" lab_in c sh -c 'ls /run/hit.*'
	server_stop
	# refusals
	hostile_start -n eth0 10.0.0.7 '56=no $(touch /run/hit.d)!'
	client c -n -t 2
	wait "$job"
	is "a NAK's message, too" "$(value c/nak message)" \
	    'no __touch /run/hit.d__'
	server_stop
	lab_in c rm -f /var/lib/basenet/dhcpc/eth0.lease
}

# A lease of some seconds: T1, and its end.
short_lease() {
	hostile_start -l 12 eth0 10.0.0.7
	events c >/dev/null
	client c
	ok "a short lease" lab_until 5 seen c bound
	ok "is renewed in time" lab_until 9 seen c renew
	server_stop
	events c >/dev/null
	ok "and ends" lab_until 20 seen c deconfig
	is "with its address" "$(addresses c)" ''
	client_stop "$pid" "$job"
}

# Masks of 31 and 32 bits; the router is outside the network.
long_masks() {
	hostile_start eth0 10.0.0.6 1:fffffffe 3:0a000001
	events c >/dev/null
	client c -q
	wait "$job"
	is "a mask of 31 bits" "$(addresses c)" 10.0.0.6/31
	server_stop
	hostile_start eth0 10.20.30.40 1:ffffffff \
	    121:200a00000100000000000a000001
	lab_in c rm -f /var/lib/basenet/dhcpc/eth0.lease
	lab_in s ip route add 10.20.30.40 dev eth0
	client c -q
	wait "$job"
	is "and of 32" "$(addresses c)" 10.20.30.40/32
	ok "the router can be reached" lab_in c ping -c 1 -W 2 10.0.0.1
	ok "and what is behind it" lab_in c ping -c 1 -W 2 10.9.0.1
	server_stop
}

lonely_end() {
	for h in l1 l2; do
		lab_until 40 seen $h bound 169.254.
		like "$h: no server: an address of its own" "$(addresses $h)" \
		    '^169\.254\.[0-9]+\.[0-9]+/16$'
		is "$h: the script knows" "$(value $h/bound linklocal)" yes
	done
	one=$(addresses l1) two=$(addresses l2)
	isnt "not the same one" "$one" "$two"
	ok "they talk to each other" lab_in l1 ping -c 1 -W 2 "${two%/*}"
	like "it is in the file" \
	    "$(lab_in l1 cat /var/lib/basenet/dhcpc/eth0.lease)" \
	    "^linklocal_last=${one%/*}\$"
	lab_in l1 kill -KILL "$(worker l1)"
	events l1 >/dev/null
	ok "killed: it is taken away" lab_until 5 seen l1 deconfig
	ok "and the same one is taken again" \
	    lab_until 30 seen l1 bound "${one%/*}"
	# a server appears; l2 is told to look for it at once
	events l2 >/dev/null
	lab_link s eth1 island 172.16.0.1/24
	hostile_start eth1 172.16.0.7
	kill -USR1 "$l2_pid"
	ok "a server appears: its lease counts" \
	    lab_until 10 seen l2 bound 172.16.0.7
	is "in this order" "$(events l2)" "deconfig bound 172.16.0.7"
	is "and is the only one" "$(addresses l2)" 172.16.0.7/24
	client_stop "$l1_pid" "$l1_job"
	client_stop "$l2_pid" "$l2_job"
	server_stop
}

lab_host s c x l1 l2
lab_bridge lan island
lab_link s eth0 lan 10.0.0.1/24
lab_link c eth0 lan
lab_link x eth0 lan
lab_link l1 eth0 island
lab_link l2 eth0 island
recorder c
lonely_begin
lease
rights
renewal
reboot
link_flap
release
refused
conflict
identifiers
nobody_there
same_as_udhcpc
lies
short_lease
long_masks
lonely_end
[ "$tap_failed" -eq 0 ] || diag_file "$LAB_DIR/c/log"
done_testing
