# shellcheck shell=sh disable=SC2154,SC2034 # what run sets and reads
# dhcpd beside Kea (2.2, two threads, which never syncs), ISC dhcpd (synced in
# groups) and dnsmasq; sourced by run. All serve 10.0.0.0/8 to a load that
# speaks as a relay from another namespace.
#
# Bars: durable DORA/s three times Kea's; 15 us of CPU for one; at 100,000
# leases 200 bytes each and 0.3 s from start to the first answer; a pool of
# 131,072 addresses that is nearly full as fast as an empty one. The floor is a
# server that only reads, writes, syncs once for a batch, and sends.

load=$O/tests/bench/dhcpload
net_s=bench$$s net_c=bench$$c
pool=10.1.0.0-10.4.255.255

ip netns add "$net_s" || exit 1
ip netns add "$net_c" || exit 1
namespaces="$net_s $net_c"
ip link add "b$$" netns "$net_s" type veth peer name cli netns "$net_c"
ip -n "$net_s" link set "b$$" name srv up
ip -n "$net_c" link set cli up
ip -n "$net_s" addr add 10.0.0.1/8 dev srv
ip -n "$net_c" addr add 10.0.0.2/8 dev cli

in_s() {
	ip netns exec "$net_s" "$@"
}

# start_NAME [POOL]: serve; leases stand in $work/NAME
start_dhcpd() {
	mkdir -p "$work/dhcpd"
	chown nobody "$work/dhcpd"
	cat >"$work/bench-dhcpd-$$.conf" <<-CONF
		user = "nobody"
		interfaces = { "srv" }
		lease_dir = "$work/dhcpd"
		probe = "none"
		default_lease = 3600
		max_lease = 3600
		history_max = 0
		domain = "lab.test"
		dns = { "10.0.0.1" }
		subnet "10.0.0.0/8" {
			ranges = { "${1:-$pool}" }
			routers = { "10.0.0.1" }
			next_server = "10.0.0.1"
			boot_file = "pxelinux.0"
			host "fixed" {
				mac = "02:00:00:00:be:ef"
				address = "10.9.9.9"
			}
		}
	CONF
	start_server dhcpd ip netns exec "$net_s" "$O/sbin/dhcpd" -d \
	    -f "$work/bench-dhcpd-$$.conf"
}

start_kea() {
	mkdir -p "$work/kea"
	cat >"$work/kea.conf" <<-CONF
		{ "Dhcp4": {
		"interfaces-config": { "interfaces": [ "srv" ] },
		"multi-threading": { "enable-multi-threading": true,
		  "thread-pool-size": 2, "packet-queue-size": 64 },
		"lease-database": { "type": "memfile", "persist": true,
		  "name": "$work/kea/leases.csv", "lfc-interval": 0 },
		"valid-lifetime": 3600, "ddns-send-updates": false,
		"option-data": [
		  { "name": "domain-name-servers", "data": "10.0.0.1" },
		  { "name": "domain-name", "data": "lab.test" } ],
		"subnet4": [ { "id": 1, "subnet": "10.0.0.0/8",
		  "pools": [ { "pool": "$pool" } ],
		  "next-server": "10.0.0.1", "boot-file-name": "pxelinux.0",
		  "option-data": [ { "name": "routers", "data": "10.0.0.1" } ],
		  "reservations": [ { "hw-address": "02:00:00:00:be:ef",
		    "ip-address": "10.9.9.9" } ] } ],
		"loggers": [ { "name": "kea-dhcp4", "severity": "WARN",
		  "output_options": [ { "output": "$work/kea/log" } ] } ]
		} }
	CONF
	start_server kea env KEA_PIDFILE_DIR="$work/kea" \
	    KEA_LOCKFILE_DIR=none LD_LIBRARY_PATH="$(echo "$PEERS"/usr/lib/*-linux-gnu)" \
	    ip netns exec "$net_s" "$kea" -c "$work/kea.conf"
}

# Its pool is small: with one as large as the others' it does 16 DORA/s.
start_isc() {
	mkdir -p "$work/isc"
	: >>"$work/isc/leases"
	cat >"$work/isc.conf" <<-CONF
		authoritative; ping-check false; ddns-update-style none;
		default-lease-time 3600; max-lease-time 3600;
		delayed-ack 28; max-ack-delay 5000;
		option domain-name "lab.test";
		option domain-name-servers 10.0.0.1;
		subnet 10.0.0.0 netmask 255.0.0.0 {
			range 10.1.0.0 10.1.15.255;
			option routers 10.0.0.1;
			next-server 10.0.0.1; filename "pxelinux.0";
		}
	CONF
	start_server isc ip netns exec "$net_s" "$isc" -4 -f -q \
	    -cf "$work/isc.conf" -lf "$work/isc/leases" \
	    -pf "$work/isc/pid" srv
}

start_dnsmasq() {
	mkdir -p "$work/dnsmasq"
	start_server dnsmasq ip netns exec "$net_s" "$dnsmasq" -k \
	    --conf-file=/dev/null --port=0 --user=root --interface=srv \
	    --bind-interfaces --dhcp-lease-max=300000 --no-ping --quiet-dhcp \
	    --dhcp-leasefile="$work/dnsmasq/leases" --dhcp-authoritative \
	    --pid-file="$work/dnsmasq/pid" --log-facility=- \
	    --dhcp-range=10.1.0.0,10.4.255.255,255.0.0.0,3600 \
	    --dhcp-boot=pxelinux.0,,10.0.0.1 --domain=lab.test \
	    --dhcp-option=option:dns-server,10.0.0.1
}

start_floor() {
	start_server floor ip netns exec "$net_s" "$O/tests/bench/dhcpnull" \
	    "$work/floor.journal"
}

# answers LOAD-OPTIONS...: wait until it does; the seconds
answers() {
	ip netns exec "$net_c" "$load" -m discover -c 1 -n 1 -f 9000000 -r 20 \
	    -t 60 "$@" 10.0.0.1 10.0.0.2 | sed 's/.*seconds=\([0-9.]*\).*/\1/'
}

# one NAME LOAD-OPTIONS...: exchanges a second, CPU us for one, p50 ms, errors
one() {
	name=$1
	shift
	before=$(cpu_ms "$name")
	line=$(ip netns exec "$net_c" "$load" "$@" 10.0.0.1 10.0.0.2)
	after=$(cpu_ms "$name")
	printf '%s\n' "$line" | tr ' ' '\n' | awk -F= -v a="$after" \
	    -v b="$before" '
		{ v[$1] = $2 }
		END {
			n = v["done"]
			printf "%s %.1f %s %d\n", v["rate"],
			    n ? (a - b) * 1000 / n : 0, v["p50"],
			    v["timeouts"] + v["naks"] + v["twice"]
		}'
}

# row LABEL SERVERS LOAD-OPTIONS...: in turn, ROUNDS times, each afresh, with
# clients that none has seen
row() {
	label=$1 names=$2 ours=0
	shift 2
	rm -f "$work"/round.*
	for _round in $(seq "$ROUNDS"); do
		for name in $names; do
			rm -rf "${work:?}/$name" "${work:?}/$name.journal"
			"start_$name"
			answers >/dev/null
			one "$name" "$@" >>"$work/round.$name"
			stop_server "$name"
		done
	done
	printf '%-30s' "$label"
	for name in $names; do
		set -- "$(cut -d' ' -f1 "$work/round.$name" | median)" \
		    "$(cut -d' ' -f2 "$work/round.$name" | median)" \
		    "$(cut -d' ' -f3 "$work/round.$name" | median)" \
		    "$(awk '{ n += $4 } END { print n + 0 }' "$work/round.$name")"
		printf ' %s %.0f/s [%s us, p50 %s ms' "$name" "$1" "$2" "$3"
		[ "$4" = 0 ] || printf ', %s errors' "$4"
		printf '];'
		[ "$name" != dhcpd ] || ours=$1
		[ "$name" != kea ] || awk "BEGIN {
			if ($1 > 0) printf \" ratio %.2f;\", $ours / $1 }"
	done
	echo
}

# resident NAME: kB of memory of its own, all its processes; not what it maps
resident() {
	for pid in $(pgrep -s "$(cat "$work/$1.sid")"); do
		awk '/^RssAnon/ { print $2 }' "/proc/$pid/status"
	done | awk '{ n += $1 } END { print n + 0 }'
}

# restart NAME: what 100,000 leases take, and how long it takes to come back
restart() {
	rm -rf "${work:?}/$1"
	"start_$1"
	answers >/dev/null
	empty=$(resident "$1")
	one "$1" -n 100000 -c 100000 -t 120 -w 256 >/dev/null
	full=$(resident "$1")
	stop_server "$1"
	"start_$1"
	took=$(answers)
	printf '%-30s %s %d bytes a lease, %s s to the first answer\n' \
	    '100,000 leases' "$1" $(((full - empty) * 1024 / 100000)) "$took"
	stop_server "$1"
}

# The last 30,000 of a pool of 131,072, and as many when all of it is taken.
nearly_full() {
	for taken in 0 100000; do
		rm -rf "${work:?}/dhcpd"
		start_dhcpd 10.1.0.0-10.2.255.255
		answers >/dev/null
		[ "$taken" = 0 ] ||
		    one dhcpd -n "$taken" -c "$taken" -t 120 -w 256 >/dev/null
		printf '%-30s dhcpd %s\n' "131,072 addresses, $taken taken" \
		    "$(one dhcpd -f 200000 -n 30000 -c 30000 -t 60 |
		    awk '{ print $1 "/s [" $2 " us, p50 " $3 " ms]" }')"
		stop_server dhcpd
	done
}

all=dhcpd
kea=$(find_peer kea-dhcp4) && all="$all kea"
isc=$(find_peer dhcpd) && small=isc
dnsmasq=$(find_peer dnsmasq) && small="${small:-} dnsmasq"

t="-t $SECONDS_EACH"
# shellcheck disable=SC2086 # words
{
	row 'DORA/s, 64 at once' "$all floor" -n 200000 -c 200000 $t
	row 'DORA/s, 256 at once' "$all floor" -n 200000 -c 200000 -w 256 $t
	row 'DORA/s, 64 at once, 4000 clients' "dhcpd ${small:-}" -n 4000 \
	    -c 4000 $t
	row 'renewals/s, 64 at once' "$all" -m renew -n 5000 $t
	for name in $all; do
		restart "$name"
	done
	nearly_full
}
