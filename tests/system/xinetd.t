#!/bin/sh
# tftpd under xinetd, with etc/xinetd.d/tftp.
# shellcheck disable=SC1091,SC2317 # functions are called by ok and status
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
. "$SRC/tests/system/super.sh"
lab_begin "$@"

super_program xinetd
super_begin
sample xinetd.d/tftp >"$LAB_DIR/xinetd.conf"
lab_bg s "$program" -dontfork -f "$LAB_DIR/xinetd.conf" \
    >"$LAB_DIR/log" 2>&1
lab_until 10 lab_in s grep -q ':0045 ' /proc/net/udp6
super_serves
is "one process for each family" "$(count)" 2
super_idle
[ "$tap_failed" -eq 0 ] || diag_file "$LAB_DIR/log"
done_testing
