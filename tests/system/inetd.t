#!/bin/sh
# tftpd under openbsd-inetd ("wait"), with the lines of etc/inetd.conf.
# shellcheck disable=SC1091,SC2317 # functions are called by ok and status
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
. "$SRC/tests/system/super.sh"
lab_begin "$@"

super_program inetd
super_begin
sample inetd.conf >"$LAB_DIR/inetd.conf"
lab_bg s "$program" -i "$LAB_DIR/inetd.conf" >"$LAB_DIR/log" 2>&1
# The first datagram waits in the socket's queue; the socket must be there.
lab_until 10 lab_in s grep -q ':0045 ' /proc/net/udp6
super_serves
is "one process for each family" "$(count)" 2
super_idle
[ "$tap_failed" -eq 0 ] || diag_file "$LAB_DIR/log"
done_testing
