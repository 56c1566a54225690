# shellcheck shell=sh disable=SC2154,SC2034 # what run sets and reads
# dnsd beside NSD, Knot and BIND, two workers each, on loopback; sourced by run.
# The load is dnsperf's, on the same two processors: CPU for a query is the
# figure to compare, the rates tell what is left for the server.
#
# Bars: CPU for a query at or under the best peer's with 1,000 names and with
# 1,000,000; 6 us by TCP; a zone of 1,000,000 names up in 1.2 s of CPU and
# 220 MiB; 1,000 durable updates a second; a reload of that zone loses nothing.
# The floor is a server that sends every question back.

net=bench$$d
port=5300
key=hmac-sha256:bench:MTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4OTBhYmNkZWY=

ip netns add "$net" || exit 1
namespaces=$net
ip -n "$net" link set lo up

in_net() {
	ip netns exec "$net" "$@"
}

# zone N: $work/zone.N, mixed types, and questions for it: 85 % addresses, 5 %
# each IPv6 addresses, names that do not exist, and the apex's MX
zone() {
	awk -v n="$1" -v zone="$work/zone.$1" -v asked="$work/queries.$1" '
	BEGIN {
		srand(1)
		print "$ORIGIN example.\n$TTL 3600\n@ IN SOA ns1 hostmaster" \
		    " 1 3600 900 604800 300\n@ NS ns1\n@ NS ns2\n" \
		    "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n@ MX 10 mail\n" \
		    "mail A 192.0.2.3" >zone
		for (i = 0; i < n; i++) {
			printf "h%d A 10.%d.%d.%d\n", i, i / 65536 % 256,
			    i / 256 % 256, i % 256 >zone
			if (i % 10 == 0)
				printf "h%d AAAA 2001:db8::%x\n", i,
				    i % 65536 + 1 >zone
		}
		for (k = 0; k < 200000; k++) {
			r = rand()
			i = int(rand() * n)
			if (r < 0.85)
				printf "h%d.example. A\n", i >asked
			else if (r < 0.9)
				printf "h%d.example. AAAA\n",
				    int(i / 10) * 10 >asked
			else if (r < 0.95)
				printf "x%d.example. A\n", i >asked
			else
				print "example. MX" >asked
		}
	}'
}

# start_NAME N: serve zone.N, updates by `key` allowed; state in $work/NAME
start_dnsd() {
	cat >"$work/bench-dnsd-$$.key" <<-KEY
		key "bench" {
			algorithm hmac-sha256;
			secret "${key##*:}";
		};
	KEY
	chmod 600 "$work/bench-dnsd-$$.key"
	cp "$work/zone.$1" "$work/dnsd/example.zone"
	chown -R nobody "$work/dnsd"
	cat >"$work/bench-dnsd-$$.conf" <<-CONF
		user = "nobody"
		workers = 2
		directory = "$work/dnsd"
		listen "127.0.0.1" { port = $port }
		key "bench" { file = "$work/bench-dnsd-$$.key" }
		zone "example" {
			file = "example.zone"
			update "bench" { names = { "any" } }
		}
	CONF
	start_server dnsd ip netns exec "$net" "$O/sbin/dnsd" -d \
	    -f "$work/bench-dnsd-$$.conf"
}

start_nsd() {
	cat >"$work/nsd.conf" <<-CONF
		server:
		  ip-address: 127.0.0.1@$port
		  server-count: 2
		  reuseport: yes
		  username: ""
		  chroot: ""
		  zonesdir: "$work/nsd"
		  database: ""
		  pidfile: "$work/nsd/pid"
		  xfrdfile: "$work/nsd/xfrd.state"
		  xfrdir: "$work/nsd"
		  zonelistfile: "$work/nsd/zone.list"
		  rrl-ratelimit: 0
		  minimal-responses: yes
		remote-control:
		  control-enable: no
		zone:
		  name: "example"
		  zonefile: "$work/zone.$1"
	CONF
	start_server nsd ip netns exec "$net" "$nsd" -d -c "$work/nsd.conf"
}

start_knot() {
	mkdir -p "$work/knot/db"
	cat >"$work/knot.conf" <<-CONF
		server:
		    rundir: "$work/knot"
		    listen: 127.0.0.1@$port
		    udp-workers: 2
		    tcp-workers: 2
		    background-workers: 2
		    tcp-reuseport: on
		database:
		    storage: "$work/knot/db"
		key:
		  - id: bench
		    algorithm: hmac-sha256
		    secret: ${key##*:}
		acl:
		  - id: update
		    key: bench
		    action: update
		template:
		  - id: default
		    storage: "$work/knot"
		    semantic-checks: off
		    zonefile-sync: -1
		    zonefile-load: difference
		    acl: update
		zone:
		  - domain: example
		    file: "$work/zone.$1"
	CONF
	start_server knot ip netns exec "$net" "$knot" -c "$work/knot.conf"
}

start_named() {
	cp "$work/zone.$1" "$work/named/zone"
	cat >"$work/named.conf" <<-CONF
		options {
			directory "$work/named";
			pid-file none;
			session-keyfile "$work/named/session.key";
			listen-on port $port { 127.0.0.1; };
			listen-on-v6 { none; };
			recursion no;
			minimal-responses yes;
			notify no;
		};
		controls { };
		key bench {
			algorithm hmac-sha256;
			secret "${key##*:}";
		};
		zone example {
			type primary;
			file "zone";
			allow-update { key bench; };
		};
	CONF
	start_server named env \
	    LD_LIBRARY_PATH="$(echo "$PEERS"/usr/lib/*-linux-gnu)" \
	    ip netns exec "$net" "$named" -f -n 2 -c "$work/named.conf"
}

start_floor() {
	start_server floor ip netns exec "$net" "$O/tests/bench/dnsnull" \
	    "$port" 2
}

# answers NAME: wait until it has the zone; the floor never has
answers() {
	tries=0
	until in_net dig @127.0.0.1 -p "$port" example SOA +norecurse \
	    +time=1 +tries=1 2>/dev/null | grep -q 'flags: qr aa' ||
	    [ "$1" = floor ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 600 ] && alive "$1" || return 1
		sleep 0.05
	done
}

begin() {
	rm -rf "${work:?}/$1"
	mkdir -p "$work/$1"
	"start_$1" "$2"
	answers "$1"
}

# asked NAME N MODE: answers a second, CPU us for one, lost ones
asked() {
	before=$(cpu_ms "$1")
	in_net dnsperf -s 127.0.0.1 -p "$port" -d "$work/queries.$2" \
	    -l "$SECONDS_EACH" -c 8 -q 200 -m "$3" >"$work/perf" 2>&1
	after=$(cpu_ms "$1")
	awk -v a="$after" -v b="$before" '
	/Queries per second/ { rate = $4 }
	/Queries completed/ { done = $3 }
	/Queries lost/ { lost = $3 }
	END {
		printf "%.0f %.2f %d\n", rate,
		    done ? (a - b) * 1000 / done : 0, lost
	}' "$work/perf"
}

# row LABEL N MODE SERVERS: in turn, ROUNDS times
row() {
	ours=0
	rm -f "$work"/round.*
	for _round in $(seq "$ROUNDS"); do
		for name in $4; do
			begin "$name" "$2" || continue
			asked "$name" "$2" "$3" >>"$work/round.$name"
			stop_server "$name"
		done
	done
	printf '%-22s' "$1"
	best=
	for name in $4; do
		[ -s "$work/round.$name" ] || continue
		set -- "$1" "$2" "$3" "$4" \
		    "$(cut -d' ' -f1 "$work/round.$name" | median)" \
		    "$(cut -d' ' -f2 "$work/round.$name" | median)" \
		    "$(awk '{ n += $3 } END { print n + 0 }' "$work/round.$name")"
		printf ' %s %s/s [%s us' "$name" "$5" "$6"
		[ "$7" = 0 ] || printf ', %s lost' "$7"
		printf '];'
		case $name in
		dnsd)
			ours=$6 ;;
		floor)
			;;
		*)
			best=$(printf '%s\n' ${best:+"$best"} "$6" | sort -n |
			    sed 1q) ;;
		esac
	done
	[ -z "$best" ] || awk "BEGIN { printf \" ratio %.2f\", $ours / $best }"
	echo
}

# pss NAME: MiB of all its processes, shared pages counted once
pss() {
	for pid in $(pgrep -s "$(cat "$work/$1.sid")"); do
		awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"
	done | awk '{ n += $1 } END { printf "%.0f", n / 1024 }'
}

# loaded SERVERS: what a zone of 1,000,000 names takes
loaded() {
	for name; do
		begin "$name" 1000000 || continue
		printf '%-22s %s %.2f s of CPU, %s MiB\n' '1,000,000 names up' \
		    "$name" "$(awk "BEGIN { print $(cpu_ms "$name") / 1000 }")" \
		    "$(pss "$name")"
		stop_server "$name"
	done
}

# updated N SERVERS: updates, one after the other, each signed and durable (but
# Knot's and BIND's, which do not sync)
updated() {
	updates=$1
	shift
	{
		echo "server 127.0.0.1 $port"
		echo "zone example"
		for i in $(seq "$updates"); do
			echo "update add u$i.example 300 A 10.9.0.$((i % 256))"
			echo send
		done
	} >"$work/updates"
	for name; do
		begin "$name" 1000 || continue
		before=$(date +%s%N)
		in_net nsupdate -y "$key" "$work/updates" || continue
		awk -v n="$updates" -v t="$(($(date +%s%N) - before))" \
		    -v name="$name" 'BEGIN {
			printf "%-22s %s %.0f/s\n", "updates, one by one",
			    name, n * 1e9 / t }'
		stop_server "$name"
	done
}

# What is asked while the zone is read again, and again.
reloaded() {
	begin dnsd 1000000 || return
	in_net dnsperf -s 127.0.0.1 -p "$port" -d "$work/queries.1000000" \
	    -l 10 -c 8 -q 50 >"$work/perf" 2>&1 &
	load=$!
	for _ in 1 2 3; do
		sleep 2
		touch "$work/dnsd/example.zone"
		pkill -HUP -o -s "$(cat "$work/dnsd.sid")"
	done
	wait "$load"
	awk '/Queries completed/ { n = $3 } /Queries lost/ { lost = $3 }
	    END { printf "%-22s dnsd %d answered, %d lost\n",
		"reloads under load", n, lost }' "$work/perf"
	stop_server dnsd
}

others=
nsd=$(find_peer nsd) && others="$others nsd"
knot=$(find_peer knotd) && others="$others knot"
named=$(find_peer named) && others="$others named"

# shellcheck disable=SC2086 # words
{
	zone 1000
	zone 1000000
	row '1,000 names' 1000 udp "dnsd$others floor"
	row '1,000,000 names' 1000000 udp "dnsd$others"
	row '1,000,000 names, TCP' 1000000 tcp "dnsd$others"
	loaded dnsd $others
	updated 2000 dnsd ${named:+named} ${knot:+knot}
	reloaded
}
