# tftpd beside tftpd-hpa, atftpd and dnsmasq; sourced by run.
#
# Bars: 512/1 the best of the three; 1428/16 and 1428/64 twice the best; small
# files 1.5 times the best; 500 clients at once as much as the best that
# survives at a third of its CPU per GB; with 1 % loss five times the best. The floor is a server that only reads and sends.

load=$O/tests/bench/tftpload
root=$work/root
mkdir "$root"
head -c 268435456 /dev/zero >"$root/big"
head -c 10485760 /dev/urandom >"$root/ten"
head -c 1024 /dev/urandom >"$root/small"
chmod -R a+rX "$root"

conf=$work/bench-tftpd-$$.conf
cat >"$conf" <<-CONF
	listen = { "127.0.0.1:6901" }
	root = "$root"
	per_client = 2000
	transfer_log = "$work/transfers.log"
CONF
[ "$(id -u)" != 0 ] || id -u _tftpd >/dev/null 2>&1 ||
    echo "user = \"nobody\"" >>"$conf"

start_server tftpd "$O/sbin/tftpd" -d -f "$conf"
start_server floor "$O/tests/bench/tftpnull" 6904 10485760
peers=
if hpa=$(find_peer in.tftpd); then
	start_server tftpd-hpa "$hpa" -L -4 -a 127.0.0.1:6902 -u nobody \
	    -s "$root"
	peers="$peers tftpd-hpa:127.0.0.1:6902"
fi
if atftpd=$(find_peer atftpd); then
	start_server atftpd "$atftpd" --daemon --no-fork \
	    --bind-address 127.0.0.1 --port 6903 --user nobody.nogroup \
	    --maxthread 1000 --verbose=3 --logfile - "$root"
	peers="$peers atftpd:127.0.0.1:6903"
fi
# dnsmasq serves TFTP on port 69 only
if dnsmasq=$(find_peer dnsmasq); then
	start_server dnsmasq "$dnsmasq" -k --conf-file=/dev/null --port=0 \
	    --listen-address=127.0.0.9 --bind-interfaces --enable-tftp \
	    --tftp-root="$root" --tftp-max=2000 --user=nobody \
	    --log-facility=- --pid-file
	peers="$peers dnsmasq:127.0.0.9:69"
fi
sleep 1

# one NAME HOST PORT LOAD-OPTIONS...: rate, MB/s, CPU ms per GB and per
# transfer, errors of one run
one() {
	name=$1 host=$2 port=$3
	shift 3
	before=$(cpu_ms "$name")
	line=$("$load" "$@" "$host" "$port" "$file" 2>>"$work/load.err")
	after=$(cpu_ms "$name")
	printf '%s\n' "$line" | tr ' ' '\n' |
	    awk -F= -v ms="$(echo "$after $before" | awk '{ print $1 - $2 }')" '
		{ v[$1] = $2 }
		END {
			gb = v["bytes"] / 1e9; n = v["transfers"]
			per_gb = gb ? ms / gb : 0
			per_file = n ? ms * 1000 / n : 0
			bad = v["errors"] + v["wrong"]
			printf "%s %s %.0f %.1f %d\n", v["MB/s"], v["rate"], per_gb, per_file, bad
		}'
}

# floor LOAD-OPTIONS...: what the least that a server can do takes
floor() {
	for _round in $(seq "$ROUNDS"); do
		file=ten
		one floor 127.0.0.1 6904 "$@"
	done >"$work/round.floor"
	printf '%-34s floor %s [%s ms/GB]\n' "" \
	    "$(cut -d' ' -f1 "$work/round.floor" | median)" \
	    "$(cut -d' ' -f3 "$work/round.floor" | median)"
}

# row LABEL COLUMN FILE LOAD-OPTIONS...: all servers, in turn, ROUNDS times
row() {
	label=$1 column=$2 file=$3
	shift 3
	rm -f "$work"/round.*
	round=0
	while [ "$round" -lt "$ROUNDS" ]; do
		for server in tftpd:127.0.0.1:6901 $peers; do
			name=${server%%:*} rest=${server#*:}
			[ ! -e "$work/$name.dead" ] || continue
			one "$name" "${rest%:*}" "${rest#*:}" "$@" \
			    >>"$work/round.$name"
			alive "$name" || : >"$work/$name.dead"
		done
		round=$((round + 1))
	done
	printf '%-34s' "$label"
	ours=0 our_cpu=0 best=0 best_name=- best_cpu=0
	for server in tftpd:x $peers; do
		name=${server%%:*}
		if [ -e "$work/$name.dead" ]; then
			printf ' %s died;' "$name"
			continue
		fi
		value=$(cut -d' ' -f"$column" "$work/round.$name" | median)
		cpu=$(cut -d' ' -f3 "$work/round.$name" | median)
		bad=$(awk '{ n += $5 } END { print n + 0 }' \
		    "$work/round.$name")
		printf ' %s %s' "$name" "$value"
		[ "$bad" = 0 ] || printf ' (%s errors)' "$bad"
		printf ' [%s ms/GB];' "$cpu"
		if [ "$name" = tftpd ]; then
			ours=$value our_cpu=$cpu
		elif awk "BEGIN { exit !($value > $best) }"; then
			best=$value best_name=$name best_cpu=$cpu
		fi
	done
	awk -v o="$ours" -v b="$best" -v n="$best_name" -v oc="$our_cpu" \
	    -v bc="$best_cpu" 'BEGIN {
		printf "  ratio %.2f to %s", (b > 0) ? o / b : 0, n
		if (oc > 0) printf ", CPU/GB 1/%.1f", bc / oc
		print ""
	}'
}

t="-t $SECONDS_EACH"
# shellcheck disable=SC2086 # words
{
	row "MB/s blksize 512 window 1" 1 big $t
	row "MB/s blksize 1428 window 1" 1 big -b 1428 $t
	row "MB/s blksize 1428 window 16" 1 big -b 1428 -w 16 $t
	row "MB/s blksize 1428 window 64" 1 big -b 1428 -w 64 $t
	row "MB/s blksize 8192 window 16" 1 big -b 8192 -w 16 $t
	row "files/s of 1 KiB, 32 clients" 2 small -b 1428 -c 32 $t
	row "MB/s 1% loss, window 8, 4 clients" 1 ten -b 1428 -w 8 -c 4 -l 10 $t
	row "MB/s 500 clients, 1428/1" 1 ten -b 1428 -c 500 -t 6
	floor -b 1428 -c 500 -t 6
}
