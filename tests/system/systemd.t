#!/bin/sh
# tftpd as systemd runs it: readiness and reload told to NOTIFY_SOCKET, sockets
# handed over by LISTEN_FDS; and the units are sound.
# shellcheck disable=SC1091,SC2317 # functions are called by ok and status
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
. "$SRC/tests/system/super.sh"
lab_begin "$@"

conf=/etc/basenet/tftpd.conf

told() {
	grep -q "$1" "$LAB_DIR/told"
}

# What a service manager hears, one datagram a line.
listen() {
	: >"$LAB_DIR/told"
	rm -f "$LAB_DIR/notify"
	perl -MIO::Socket::UNIX -e '
		$s = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
		    Local => $ARGV[0]) or die;
		$| = 1;
		while (defined $s->recv($m, 4096)) {
			$m =~ tr/\n/ /;
			print "$m\n";
		}' "$LAB_DIR/notify" >"$LAB_DIR/told" &
	listener=$!
	lab_until 5 test -S "$LAB_DIR/notify"
}

serve() {
	lab_bg s env NOTIFY_SOCKET="$LAB_DIR/notify" "$@" \
	    >"$LAB_DIR/log" 2>&1
}

notify() {
	serve "$O/sbin/tftpd" -d -f $conf
	ok "it tells that it is ready" lab_until 10 told READY=1
	ok "and serves then" get curl $super_v4
	ok "it lives in the foreground" kill -0 "$LAB_PID"
	: >"$LAB_DIR/told"
	kill -HUP "$LAB_PID"
	ok "it tells that it reloads" lab_until 10 told RELOADING=1
	ok "and that it has" lab_until 10 told READY=1
	ok "and serves on" get hpa $super_v6
	kill -TERM "$LAB_PID"
	ok "it tells that it stops" lab_until 10 told STOPPING=1
	ok "its status is 0" wait "$LAB_JOB"
}

# With no more rights than the unit leaves it.
bounded() {
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' \
	    "$SRC/etc/systemd/basenet-tftpd.service" | tr 'A-Z \n' 'a-z,,' |
	    sed 's/,$//; s/cap_/+/g')
	: >"$LAB_DIR/told"
	serve setpriv --no-new-privs --bounding-set "-all,$caps" \
	    "$O/sbin/tftpd" -d -f $conf
	ok "with the unit's capabilities it is ready" \
	    lab_until 10 told READY=1
	ok "and serves" get curl $super_v4
	: >"$LAB_DIR/told"
	kill -HUP "$LAB_PID"
	ok "and reloads" lab_until 10 told READY=1
	ok "and serves on" get curl $super_v4
	unlike "without a complaint" "$(cat "$LAB_DIR/log")" 'not permitted'
	kill -TERM "$LAB_PID"
	ok "and ends" wait "$LAB_JOB"
}

# The launcher waits for the first datagram, as a .socket unit does.
sockets() {
	: >"$LAB_DIR/told"
	serve systemd-socket-activate --datagram -l $super_v4:69 \
	    -l "[$super_v6]:69" -E NOTIFY_SOCKET "$O/sbin/tftpd" -d -f $conf
	lab_until 10 lab_in s grep -q ':0045 ' /proc/net/udp6
	is "nothing runs before it is asked" "$(count)" 0
	ok "the first datagram is answered" get curl $super_v4
	ok "on passed sockets it is ready, too" lab_until 10 told READY=1
	ok "the second socket is served" get curl "[$super_v6]"
	kill -HUP "$LAB_PID"
	ok "it reloads" lab_until 10 told RELOADING=1
	ok "and keeps the sockets" get atftp $super_v4
	kill -TERM "$LAB_PID"
	ok "its status is 0" wait "$LAB_JOB"
	status=0
	lab_in s sh -c "echo 'workers = 2' >>$conf
	    LISTEN_PID=\$\$ LISTEN_FDS=1 exec $O/sbin/tftpd -d -f $conf \
	    3<>/dev/null" >"$LAB_DIR/log" 2>&1 || status=$?
	is "what is no socket is refused" "$status" 1
}

units() {
	mkdir -p "$LAB_DIR/units"
	for u in "$SRC"/etc/systemd/*; do
		u=${u##*/}
		sample "systemd/$u" >"$LAB_DIR/units/$u"
	done
	# Where systemd is only unpacked, so are the units that ours name.
	ok "the units are sound" lab_in s env SYSTEMD_LOG_LEVEL=warning \
	    SYSTEMD_UNIT_PATH="$PEERS/lib/systemd/system:" \
	    systemd-analyze verify --man=no "$LAB_DIR/units/"*
	is "systemd-analyze has no remark" "$_tap_text" ''
}

super_program systemd-socket-activate
super_begin
listen
notify
bounded
sockets
units
kill "$listener"
[ "$tap_failed" -eq 0 ] || diag_file "$LAB_DIR/log"
done_testing
