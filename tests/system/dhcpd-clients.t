#!/bin/sh
# Clients of every make on dhcpd's links: udhcpc, dhclient, dhcpcd,
# systemd-networkd and dhcpc through the life of a lease; then what each kind
# of client is given.
# shellcheck disable=SC2016,SC2317 # perl's and other shells'; called by ok
# shellcheck disable=SC1003,SC2034,SC2154 # those that eval sets and reads
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dhcpd.sh"

hosts=/etc/basenet/dhcpd.hosts
networkd=/lib/systemd/systemd-networkd
[ -x $networkd ] || networkd=$PEERS$networkd
dhclient_conf=$LAB_DIR/dhclient.conf

# Beside the hosts of dhcpd.sh: e, n and p on the same wire, and two more wires.
more() {
	lab_bridge other floor
	lab_host e n p
	n=1
	for h in c d e n p; do
		case $h in
		e | n | p) lab_link $h eth0 wire ;;
		esac
		address $h 02:00:00:00:0a:0$n
		n=$((n + 1))
	done
	# its renewals come when it is told to: it has a long lease
	address c 02:00:00:00:0b:01
	lab_link s eth1 other 10.2.0.1/24
	lab_link s eth2 floor 10.3.0.1/24
	s ip addr add 10.4.0.1/24 dev eth2
	# dhcpcd and networkd give up root for users of these names
	lab_in e sh -c 'echo dhcpcd:x:999:999::/run:/bin/false >>/etc/passwd
	    mkdir -p /var/lib/dhcpcd'
	lab_in n sh -c 'echo systemd-network:x:998:998::/:/bin/false \
	    >>/etc/passwd
	    echo systemd-network:x:998: >>/etc/group'
}

# address HOST MAC
address() {
	lab_in "$1" ip link set dev eth0 address "$2"
}

# plug HOST BRIDGE: its cable goes into another switch.
plug() {
	ip link set dev "$(cat "$LAB_DIR/.hosts/$1/port.eth0")" master "$2"
}

# network [LINE...]
network() {
	configure 'authoritative = yes' 'cache_percent = 0' 'probe = "none"' \
	    'probe_time = 300ms' "hosts_file = \"$hosts\"" \
	    'domain = "lab.test"' 'dns = { "10.0.0.1", "10.0.0.2" }' \
	    'default_lease = 10m' \
	    'option "domain-search" { value = { "lab.test", "dev.lab.test" } }' \
	    'subnet "10.0.0.0/24" {' \
	    '  ranges = { "10.0.0.100-10.0.0.150" }' \
	    '  range "10.0.0.200-10.0.0.209" { class = "phones" }' \
	    '  routers = { "10.0.0.1" } ntp = { "10.0.0.3" }' \
	    '  rapid_commit = yes' \
	    '  option "classless-routes" {' \
	    '    value = { "10.8.0.0/16 via 10.0.0.9",' \
	    '      "0.0.0.0/0 via 10.0.0.1" } }' \
	    '  host "printer" { mac = "02:00:00:00:be:ef"' \
	    '    address = "10.0.0.50" hostname = "printer" }' \
	    '  host "inside" { mac = "02:00:00:00:be:f0"' \
	    '    address = "10.0.0.110" }' \
	    '  host "desk" { client_id = "desk" address = "10.0.0.51"' \
	    '    default_lease = infinite }' \
	    '  boot "ipxe" { user_class = "iPXE" file = "menu.ipxe" }' \
	    '  boot "http" { arch = { 16 } file = "http://10.0.0.5/shim" }' \
	    '  boot "uefi" { arch = { 7, 9 } file = "grubx64.efi" }' \
	    '  boot "bios" { arch = { 0 } file = "pxelinux.0"' \
	    '    next_server = "10.0.0.5" }' '}' \
	    'subnet "10.2.0.0/24" { ranges = { "10.2.0.10-10.2.0.19" }' \
	    '  exclude = { "10.2.0.12-10.2.0.13" } probe = "arp" }' \
	    'shared "floor" {' \
	    '  subnet "10.3.0.0/24" { ranges = { "10.3.0.10-10.3.0.11" }' \
	    '    routers = { "10.3.0.1" } }' \
	    '  subnet "10.4.0.0/24" { ranges = { "10.4.0.10-10.4.0.14" }' \
	    '    routers = { "10.4.0.1" } } }' \
	    'class "phones" { vendor_prefix = "AastraIP"' \
	    '  option "43.2" { type = string value = "phones.lab.test" } }' \
	    'class "short" { mac_prefix = "02:00:00:00:0a"' \
	    '  min_lease = 12s default_lease = 12s max_lease = 12s' \
	    '  renew = 4s rebind = 9s }' "$@"
}

# reserve LINE...: dhcpd.hosts
reserve() {
	printf '%s\n' "$@" | s sh -c "cat >$hosts"
}

# What clients call: it says what they were told, each in its own words, in
# one line.
scripts() {
	cat >tell <<-'EOT'
	#!/bin/sh
	: "${reason:=$1}" "${ip:=$new_ip_address}"
	case $reason in
	bound | renew | BOUND | RENEW | REBIND | REBOOT)
		# dhcpcd does it itself
		[ -n "$new_subnet_cidr" ] ||
		    ip addr replace "$ip/24" dev "$interface" ;;
	deconfig | EXPIRE | FAIL | RELEASE | STOP)
		ip addr flush dev "$interface" ;;
	PREINIT)
		ip link set dev "$interface" up ;;
	esac
	echo "$reason ip=$ip mask=${subnet:-$new_subnet_mask}" \
	    "router=${router:-$new_routers}" \
	    "dns=${dns:-$new_domain_name_servers}" \
	    "domain=${domain:-$new_domain_name}" \
	    "search=${search:-$new_domain_search}" \
	    "routes=${staticroutes:-${new_routes:-$new_classless_static_routes}}" \
	    "lease=${lease:-$new_dhcp_lease_time}" \
	    "name=${hostname:-$new_host_name}" >>"$0.told"
	EOT
	chmod +x tell
	for h in c d e p x; do
		cp tell tell-$h
	done
	cat >dhclient.conf <<-'EOT'
	option routes code 121 = array of unsigned integer 8;
	request subnet-mask, routers, domain-name, domain-name-servers,
	    domain-search, host-name, routes;
	EOT
	printf '%s\n' 'option rapid_commit' 'option domain_name_servers' \
	    'option domain_name, domain_search' 'option interface_mtu' \
	    'option classless_static_routes' 'noipv6' 'noipv4ll' >dhcpcd.conf
	cat >networkd.conf <<-'EOT'
	[Match]
	Name=eth0
	[Network]
	DHCP=ipv4
	LinkLocalAddressing=no
	IPv6AcceptRA=no
	[DHCPv4]
	ClientIdentifier=mac
	UseDNS=yes
	UseDomains=yes
	EOT
}

# told HOST EVENT [ERE]: the last thing that its client was told; told? it is.
told() {
	tail -n 1 "tell-$1.told" 2>/dev/null
}

told_is() {
	told "$1" | grep -Eq "^$2 "
}

udhcpc_start() {
	lab_bg c busybox udhcpc -f -i eth0 -t 8 -T 2 -O search -O staticroutes \
	    -s "$LAB_DIR/tell-c" >c.log 2>&1
	c_pid=$LAB_PID c_job=$LAB_JOB
}

dhclient_start() {
	touch dhclient.leases
	lab_bg d "$PEERS/sbin/dhclient" -4 -d -cf "$dhclient_conf" \
	    -sf "$LAB_DIR/tell-d" -lf "$LAB_DIR/dhclient.leases" \
	    -pf "$LAB_DIR/dhclient.pid" eth0 >>d.log 2>&1
	d_pid=$LAB_PID d_job=$LAB_JOB
}

# dhcpcd_start OPTION...
dhcpcd_start() {
	lab_bg e "$PEERS/usr/sbin/dhcpcd" -4 --nodev -B -t 0 "$@" \
	    -f "$LAB_DIR/dhcpcd.conf" -c "$LAB_DIR/tell-e" eth0 >>e.log 2>&1
	e_pid=$LAB_PID e_job=$LAB_JOB
}

# It waits for udev where /sys can be written.
networkd_start() {
	lab_in n sh -c 'mount -n -o remount,ro,bind /sys
	    mkdir -p /run/systemd/network /run/systemd/netif
	    chown systemd-network: /run/systemd/netif
	    cp "$LAB_DIR/networkd.conf" /run/systemd/network/10.network'
	lab_bg n env SYSTEMD_LOG_LEVEL=info "$networkd" >>n.log 2>&1
	n_pid=$LAB_PID n_job=$LAB_JOB
}

dhcpc_start() {
	lab_bg p "$O/sbin/dhcpc" -d -v -s "$LAB_DIR/tell-p" eth0 >>p.log 2>&1
	p_pid=$LAB_PID p_job=$LAB_JOB
}

# end HOST SIGNAL: its client.
end() {
	eval "_pid=\$${1}_pid _job=\$${1}_job"
	kill "-$2" "$_pid" 2>/dev/null
	wait "$_job" 2>/dev/null
}

# ip_of HOST: the address that is bound to it.
ip_of() {
	ctl leases "$(mac "$1")" | awk '$2 == "bound" { print $1 }' | tail -n 1
}

# has HOST ERE: an address like this is bound to it.
has() {
	ip_of "$1" | grep -Eqx "$2"
}

# renewed ADDRESS: there is more than one record of the same lease.
renewed() {
	[ "$(ctl history "$1" | grep -c ' bound ')" -gt 1 ]
}

# state ADDRESS STATE
state() {
	[ "$(lease "$1" | cut -d ' ' -f 2)" = "$2" ]
}

# given WHO HOST EVENT ROUTES LEASE
given() {
	like "$1 is told all" "$(told "$2" | sed 's/\. / /g; s/\. *$//')" \
	    "^$3 ip=$(ip_of "$2") mask=255\.255\.255\.0 router=10\.0\.0\.1\
 dns=10\.0\.0\.1 10\.0\.0\.2 domain=lab\.test\
 search=lab\.test\.? dev\.lab\.test\.? routes=$4 lease=$5 name="
}

# All five, at the same time.
begins() {
	udhcpc_start
	dhclient_start
	dhcpcd_start --noarp
	networkd_start
	dhcpc_start
	for h in c d e n p; do
		ok "$h gets a lease" lab_until 30 has $h '10\.0\.0\.1[0-4].'
		eval "${h}_ip=$(ip_of $h)"
	done
	for h in c d e p; do
		ok "$h is told" lab_until 30 told_is $h 'bound|BOUND|renew|RENEW'
	done
	_routes='10\.8\.0\.0/16 10\.0\.0\.9 0\.0\.0\.0/0 10\.0\.0\.1'
	given udhcpc c 'bound' "$_routes" 600
	given dhclient d '(BOUND|RENEW)' '16 10 8 10 0 0 9 0 10 0 0 1' 12
	given dhcpcd e '(BOUND|RENEW)' "$_routes" 12
	given dhcpc p '(bound|renew)' "$_routes" 12
	lab_until 20 lab_in n sh -c 'grep -q ^ADDRESS /run/systemd/netif/leases/*'
	is 'networkd is told all' "$(lab_in n sh -c 'grep -hE \
	    "^(ADDR|NETM|ROUT|DNS|NTP|DOMAIN|CLASSL|LIFE|T[12])" \
	    /run/systemd/netif/leases/*' | sort)" "ADDRESS=$n_ip
CLASSLESS_ROUTES=10.8.0.0/16,10.0.0.9 0.0.0.0/0,10.0.0.1
DNS=10.0.0.1 10.0.0.2
DOMAINNAME=lab.test
DOMAIN_SEARCH_LIST=lab.test dev.lab.test
LIFETIME=12
NETMASK=255.255.255.0
NTP=10.0.0.3
ROUTER=10.0.0.1
T1=4
T2=9"
	is 'all have different addresses' "$(printf '%s\n' "$c_ip" "$d_ip" \
	    "$e_ip" "$n_ip" "$p_ip" | sort -u | wc -l)" 5
	is 'dhcpcd had it in two messages' "$(grep -c 'REQUEST (xid' e.log)" 0
}

renews() {
	kill -USR1 "$c_pid"
	for h in c d e n p; do
		eval "_ip=\$${h}_ip"
		ok "$h renews" lab_until 30 renewed "$_ip"
		is "$h keeps its address" "$(ip_of $h)" "$_ip"
	done
	for h in c d e p; do
		ok "$h is told so" lab_until 20 told_is $h 'renew|RENEW'
	done
}

# acquired N: so many times had networkd something to tell.
acquired() {
	[ "$(grep -c 'address .* acquired' n.log)" = "$1" ]
}

# Ended without a release, and started again (INIT-REBOOT).
reboots() {
	end d KILL
	end e TERM
	end n KILL
	end p TERM
	for h in d e p; do
		: >tell-$h.told
	done
	discovers=$(counter received.discover)
	dhclient_start
	ok 'dhclient asks for what it had' lab_until 30 told_is d REBOOT
	dhcpcd_start --noarp
	ok 'dhcpcd does' lab_until 30 told_is e REBOOT
	dhcpc_start
	ok 'dhcpc does' lab_until 30 told_is p bound
	is 'and none had to discover' "$(counter received.discover)" \
	    "$discovers"
	networkd_start
	ok 'networkd begins anew' lab_until 30 acquired 2
	for h in d e n p; do
		eval "_ip=\$${h}_ip"
		is "$h has what it had" "$(ip_of $h)" "$_ip"
	done
}

# What they ask for is of the network that they left.
moves() {
	end e TERM
	end p TERM
	naks=$(counter sent.nak)
	for h in e p; do
		: >tell-$h.told
		plug $h other
	done
	dhcpcd_start --noarp
	ok 'dhcpcd gets a lease elsewhere' lab_until 30 has e '10\.2\.0\.1.'
	dhcpc_start
	ok 'dhcpc does' lab_until 30 has p '10\.2\.0\.1.'
	is 'both after a NAK' "$(counter sent.nak)" $((naks + 2))
	lab_until 30 told_is e BOUND
	lab_until 30 told_is p bound
	like 'it has no routers there' "$(told e)" \
	    '^BOUND ip=10\.2\.0\.1. .* router= .* routes= '
	eval "e_ip=$(ip_of e) p_ip=$(ip_of p)"
}

releases() {
	kill -USR2 "$c_pid"
	end d TERM
	lab_in d "$PEERS/sbin/dhclient" -4 -r -cf "$dhclient_conf" \
	    -sf "$LAB_DIR/tell-d" -lf "$LAB_DIR/dhclient.leases" \
	    -pf "$LAB_DIR/none.pid" eth0 >>d.log 2>&1
	lab_in e "$PEERS/usr/sbin/dhcpcd" -4 -f "$LAB_DIR/dhcpcd.conf" -k eth0 \
	    >>e.log 2>&1
	end n TERM
	kill -USR2 "$p_pid"
	for h in c d e n p; do
		eval "_ip=\$${h}_ip"
		ok "$h gives its address back" lab_until 20 state "$_ip" released
	done
	is 'the server heard five' "$(counter received.release)" 5
	end c TERM
	end e TERM
	end p TERM
	for h in e p; do
		plug $h wire
	done
	# It looks for seconds whether anybody has the address.
	: >tell-e.told
	dhcpcd_start -s 10.0.0.77/24
}

# once HOST OPTION...: udhcpc gets a lease and goes; what it was told is in
# $got.
once() {
	_h=$1
	shift
	rm -f tell-x.told
	lab_in "$_h" ip addr flush dev eth0
	lab_in "$_h" busybox udhcpc -f -n -q -i eth0 -t 8 -T 2 \
	    -s "$LAB_DIR/tell-x" "$@" >x.log 2>&1
	got=$(told x)
}

reservations() {
	address c 02:00:00:00:be:ef
	once c
	like 'a reservation outside the pool' "$got" \
	    '^bound ip=10\.0\.0\.50 .* lease=600 name=printer$'
	address c 02:00:00:00:be:f0
	once c -r 10.0.0.120
	like 'inside, whatever it asks for' "$got" '^bound ip=10\.0\.0\.110 '
	address c 02:00:00:00:0b:02
	once c -r 10.0.0.110
	like 'another who asks for it gets something else' "$got" \
	    '^bound ip=10\.0\.0\.1([0234][0-9]|1[1-9]|50) '
	once c -r 10.0.0.120
	unlike 'one that has a lease keeps it' "$got" 'ip=10\.0\.0\.120 '
	once c -C -x 0x3d:6465736b
	like 'by client identifier, for ever' "$got" \
	    '^bound ip=10\.0\.0\.51 .* lease=4294967295 '
	like 'it never ends' "$(ctl leases 10.0.0.51)" \
	    '^10\.0\.0\.51 bound 02:00:00:00:0b:02 start [^ ]* end never .*id 6465736b'
	echo 'send dhcp-client-identifier "desk";' >desk.conf
	dhclient_conf=$LAB_DIR/desk.conf
	: >dhclient.leases
	ctl free 10.0.0.51 >/dev/null
	dhclient_start
	ok 'and for dhclient' lab_until 30 has d '10\.0\.0\.51'
	end d KILL
}

# dhcpd.hosts and its reload.
lists() {
	reserve '# rooms' 'hall mac 02:00:00:00:0c:01 address 10.0.0.61' \
	    'attic client-id 0x00626f6f74 address 10.0.0.62 hostname attic \' \
	    '  lease 2h boot-file attic.efi'
	is 'reload' "$(ctl reload)" 'generation 2'
	address c 02:00:00:00:0c:01
	once c
	like 'a line of dhcpd.hosts' "$got" '^bound ip=10\.0\.0\.61 '
	once c -C -x 0x3d:00626f6f74
	like 'with all that it says' "$got" \
	    '^bound ip=10\.0\.0\.62 .* lease=7200 name=attic$'
	reserve 'hall mac 02:00:00:00:0c:01 address 10.0.0.63' \
	    'wrong mac 02:00:00:00:0c:01 address 10.9.9.9' 'bad line'
	nok 'a wrong file is refused' ctl reload
	like 'line by line' "$(cat "$log")" 'dhcpd\.hosts:2: '
	like 'all of them' "$(cat "$log")" 'dhcpd\.hosts:3: '
	once c
	like 'and the old one is in force' "$got" '^bound ip=10\.0\.0\.61 '
	reserve 'hall mac 02:00:00:00:0c:01 address 10.0.0.63'
	is 'another' "$(ctl reload)" 'generation 3'
	once c
	like 'is in force at once' "$got" '^bound ip=10\.0\.0\.63 '
}

classes() {
	address c 02:00:00:00:0d:01
	once c -V AastraIP-480i -O 43
	like 'a class has its range' "$got" '^bound ip=10\.0\.0\.20[0-9] '
	address c 02:00:00:00:0d:02
	once c -r 10.0.0.205
	like 'which is for nobody else' "$got" '^bound ip=10\.0\.0\.1'
	probed c 'on eth0' \
	    'dora mac=02000000d003 opt.60=AastraIP-9 opt.55=u8:43,1'
	like 'and its options' "$out" \
	    '^ACK yiaddr=10\.0\.0\.20.* 43=02:0f:70:68:6f:6e:65:73:2e:6c:61:62'
}

# boot OPTIONS: what a client with these boots.
boot() {
	probed c 'on eth0' "send type=discover mac=0200000e0001 $1" recv \
	    'show siaddr file 60 67'
	echo "$out" | tail -n 1
}

boots() {
	_pxe='opt.60=PXEClient:Arch opt.55=u8:1,3,66,67'
	like 'BIOS' "$(boot "$_pxe opt.93=u16:0")" \
	    '10\.0\.0\.5 pxelinux\.0 - pxelinux\.0$'
	like 'UEFI' "$(boot "$_pxe opt.93=u16:7")" \
	    '10\.0\.0\.1 grubx64\.efi - grubx64\.efi$'
	like 'iPXE' "$(boot "$_pxe opt.93=u16:7 opt.77=iPXE")" \
	    'menu\.ipxe - menu\.ipxe$'
	like 'HTTP' "$(boot 'opt.60=HTTPClient:Arch opt.93=u16:16')" \
	    'HTTPClient http://10\.0\.0\.5/shim$'
	like 'none of these' "$(boot 'opt.55=u8:1,67')" '- -$'
}

# Messages that no client here sends.
odd() {
	discovers=$(counter received.discover)
	probed c 'on eth0' 'send type=discover mac=0200000f0001 opt.80=hex:' recv
	like 'rapid commit' "$out" '^ACK yiaddr=10\.0\.0\.1.* 51=600 .*80='
	probed c 'on eth0' 'send type=none mac=02000000beef' recv
	like 'BOOTP with a reservation' "$out" \
	    '^BOOTREPLY .*yiaddr=10\.0\.0\.50 .* 1=255\.255\.255\.0 3=10\.0\.0\.1 '
	unlike 'which has no lease time' "$out" ' (51|54)='
	like 'and lasts' "$(ctl leases 10.0.0.50)" ' bound .* end never'
	probed c 'on eth0' 'send type=none mac=0200000f0002' nothing
	is 'BOOTP without one is not answered' "$out" ''
	ok 'which is counted' count dropped.no_reservation 1
	c ip addr add 10.0.0.9/24 dev eth0
	probed c 'at 10.0.0.9' 'to 10.0.0.1' \
	    'send type=inform ciaddr=10.0.0.9 mac=0200000f0003 opt.55=u8:1,6,15' \
	    recv
	like 'INFORM' "$out" '^ACK ciaddr=10\.0\.0\.9 .*6=10\.0\.0\.1,10\.0\.0\.2 15=lab\.test'
	unlike 'makes no lease' "$out" ' (yiaddr|51|58|59)='
	is 'at all' "$(ctl leases 02:00:00:0f:00:03)" ''
	c ip addr flush dev eth0
	ok "dhcpcd's INFORM" lab_until 20 told_is e 'INFORM ip=10\.0\.0\.77'
	like 'tells it all' "$(told e)" \
	    ' dns=10\.0\.0\.1 10\.0\.0\.2 domain=lab\.test search=lab\.test '
	end e TERM
}

superscope() {
	plug c floor
	probed c 'on eth0' 'fill 4'
	is 'two subnets on one wire' "$out" '4 served, 4 addresses'
	is 'the first is full' "$(ctl leases 10.3.0.0/24 | grep -c ' bound ')" 2
	is 'the second has the rest' \
	    "$(ctl leases 10.4.0.0/24 | grep -c ' bound ')" 2
	address c 02:00:00:00:11:01
	once c
	like 'with its own router' "$got" \
	    '^bound ip=10\.4\.0\.12 mask=255\.255\.255\.0 router=10\.4\.0\.1 '
	probed c 'on eth0' 'fill 7'
	is 'until both are full' "$out" '6 served, 6 addresses'
	ok 'which is counted' test "$(counter dropped.no_address)" -gt 0
	like 'and logged' "$(cat "$log")" \
	    'not answered: .*address.*: floor'
}

# Somebody sits on an address that is free in our books.
conflicts() {
	plug c other
	plug d other
	address c 02:00:00:00:12:01
	ctl free "$e_ip" >/dev/null
	ctl free "$p_ip" >/dev/null
	lab_in d ip addr replace 10.2.0.15/24 dev eth0
	once c -r 10.2.0.15
	like 'an address in use is not offered' "$got" \
	    '^bound ip=10\.2\.0\.1[0-9] '
	unlike 'to anyone' "$got" 'ip=10\.2\.0\.15 '
	like 'which is logged' "$(cat "$log")" \
	    "10\.2\.0\.15: in use by $(mac d), was not offered to $(mac c)"
	like 'and kept' "$(ctl leases 10.2.0.15)" '^10\.2\.0\.15 conflict '
	lab_in d ip addr flush dev eth0
	probed c 'on eth0' 'fill 7'
	is 'neither that one nor those excluded are given' "$out" \
	    '6 served, 6 addresses'
	is 'as pools tell' "$(ctl pools | grep 10.2.0.0)" \
	    '10.2.0.0/24 10.2.0.0/24 10.2.0.10-10.2.0.19 size 10 bound 7 offered 0 conflict 1 excluded 2 free 0'
	is 'the administrator frees it' "$(ctl free 10.2.0.15)" \
	    '10.2.0.15 was conflict'
	probed c 'on eth0' 'dora mac=020000001209'
	like 'for a client' "$out" '^ACK yiaddr=10\.2\.0\.15 '
	plug c wire
	plug d wire
	declines
}

# Where the server does not look, the client does.
declines() {
	lab_in d ip addr replace 10.0.0.140/24 dev eth0
	once c -a2000 -A 1 -r 10.0.0.140
	like 'udhcpc declines' "$got" '^bound ip=10\.0\.0\.1'
	unlike 'what is in use' "$got" 'ip=10\.0\.0\.140 '
	is 'the server knows' "$(counter received.decline)" 1
	like 'and keeps it' "$(ctl leases 10.0.0.140)" '^10\.0\.0\.140 conflict '
	lab_in d ip addr flush dev eth0
}

# json EXPRESSION VERB...: true of the answer, $_, and @a, its array.
json() {
	_e=$1
	shift
	ctl "$@" -j >json
	perl -MJSON::PP -e 'local $/; open F, "<json"; $_ = decode_json(<F>);
	    our @a = ref eq "ARRAY" ? @$_ : ();
	    exit(eval($ARGV[0]) ? 0 : 1)' "$_e"
}

asked() {
	ctl leases >leases
	unlike 'every line of leases has its form' "$(grep -vE '^[0-9.]+ (offered|bound|released|expired|conflict) (-|[0-9a-f:]{17}) start [0-9TZ:-]+ end ([0-9TZ:-]+|never)( (host|fqdn|id|agent) [^ ]+)*$' leases)" .
	ok 'leases -j' json '@a > 10 and !grep { !$_->{ip} or !$_->{state} or
	    $_->{start} !~ /^\d+$/ } @a' leases
	ok 'as many as in text' json "@a == $(wc -l <leases)" leases
	ok 'an infinite one ends at null' json '@a == 1 and
	    exists $a[0]{end} and !defined $a[0]{end} and
	    $a[0]{mac} eq "02:00:00:00:be:ef"' leases 10.0.0.50
	ok 'none is an empty list' json 'ref eq "ARRAY" and @a == 0' \
	    leases 10.0.0.250
	ok 'history -j' json '@a > 1 and $a[0]{time} > 0 and
	    grep({ $_->{state} eq "released" } @a) and
	    grep({ $_->{mac} eq "02:00:00:00:0b:01" } @a)' history "$c_ip"
	like 'history' "$(ctl history "$c_ip" | head -n 1)" \
	    "^[0-9TZ:-]{20} $c_ip bound 02:00:00:00:0b:01 start .* end .* id 0102000000"
	_then=$(ctl history "$c_ip" | sed -n 's/^\([^ ]*\)Z .*/\1/p;q')
	like 'who had it then' "$(ctl history "$c_ip" "$_then")" \
	    " $c_ip bound 02:00:00:00:0b:01 "
	ok 'pools -j' json '@a == 5 and !grep { $_->{size} != $_->{bound} +
	    $_->{offered} + $_->{conflict} + $_->{excluded} + $_->{free} } @a' \
	    pools
	is 'pools' "$(ctl pools | wc -l)" 5
	ok 'free -j' json '$_->{ip} eq "10.0.0.140" and
	    $_->{was} eq "conflict"' free 10.0.0.140
	nok 'free of what nobody has' ctl free 10.0.0.250
	nok 'leases of too many words' ctl leases 10.0.0.1 10.0.0.2
	nok 'history of no address' ctl history printer
}

site
more
scripts
reserve ''
network
serve
begins
renews
reboots
moves
releases
reservations
lists
classes
boots
odd
superscope
conflicts
asked
stop
done_testing
