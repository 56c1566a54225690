# dhcpd.sh: what the tests of dhcpd share: a host s that serves on 10.0.0.1,
# clients c and d on the same wire without addresses, and dhcpd started from
# the build with what a test wrote into its configuration.
#
# Files of the test stand in $LAB_DIR, which all hosts see.
# shellcheck shell=sh

daemon=dhcpd
# shellcheck source=tests/system/daemon.sh
. "$SRC/tests/system/daemon.sh"
probe=$O/tests/system/dhcp-probe

site() {
	lab_bridge wire
	lab_host s c d
	lab_link s eth0 wire 10.0.0.1/24
	lab_link c eth0 wire
	lab_link d eth0 wire
	s mkdir -p "$run"
	cd "$LAB_DIR" || exit
	client_scripts
}

# What clients run: they take the address, and write down what they were told.
client_scripts() {
	cat >udhcpc.sh <<-'EOF'
	#!/bin/sh
	case $1 in
	bound | renew)
		ip addr replace "$ip/$mask" dev "$interface" ;;
	deconfig)
		ip addr flush dev "$interface" ;;
	esac
	echo "$1 ip=$ip mask=$subnet router=$router dns=$dns domain=$domain" \
	    "lease=$lease server=$serverid" >>"$0.$interface.$HOSTNAME"
	EOF
	cat >dhclient.sh <<-'EOF'
	#!/bin/sh
	case $reason in
	BOUND | RENEW | REBIND | REBOOT)
		ip addr replace "$new_ip_address/24" dev "$interface" ;;
	EXPIRE | FAIL | RELEASE | STOP)
		ip addr flush dev "$interface" ;;
	PREINIT)
		ip link set "$interface" up ;;
	esac
	echo "$reason ip=$new_ip_address router=$new_routers" \
	    "dns=$new_domain_name_servers lease=$new_dhcp_lease_time" \
	    >>"$0.told"
	EOF
	chmod +x udhcpc.sh dhclient.sh
}

# lease ADDRESS: its state and who has it.
lease() {
	ctl leases "$1" | cut -d ' ' -f 1-3
}

# mac HOST
mac() {
	lab_in "$1" ip -o link show eth0 |
	    sed -n 's/.*link\/ether \([^ ]*\).*/\1/p'
}

# probed HOST STEP...: the client's steps; what it prints is in $out.
probed() {
	host=$1
	shift
	out=$(lab_in "$host" "$probe" "$@" 2>&1) || out="$out (status $?)"
}
