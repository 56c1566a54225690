# tftpd.sh: what the tests of tftpd share: a host s that serves on 10.0.0.1,
# 10.0.0.3 and 2001:db8::1, clients c (10.0.0.2, 2001:db8::2) and d (10.0.0.4,
# 2001:db8::4) on the same wire, and tftpd started from the build with what a
# test wrote into its configuration.
#
# Files of the server stand in $served, as it sees them; those of the test in
# $LAB_DIR, which all hosts see.
# shellcheck shell=sh

daemon=tftpd
# shellcheck source=tests/system/daemon.sh
. "$SRC/tests/system/daemon.sh"
served=/srv/tftp
probe=$O/tests/system/tftp-probe

site() {
	lab_bridge wire
	lab_host s c d
	lab_link s eth0 wire 10.0.0.1/24 10.0.0.3/24 2001:db8::1/64
	lab_link c eth0 wire 10.0.0.2/24 2001:db8::2/64
	lab_link d eth0 wire 10.0.0.4/24 2001:db8::4/64
	s mkdir -p "$served" "$run"
	cd "$LAB_DIR" || exit
}

# Nothing is under way.
idle() {
	count transfers.active 0
}

# probe [ADDRESS,PORT] STEP...: the client's steps; what it prints is in $out.
probe() {
	case $1 in
	*' '* | fence | recv | rest) set -- 10.0.0.1 "$@" ;;
	esac
	out=$(c "$probe" "$@" 2>&1) || out="$out (status $?)"
}

# told WHAT WANTED STEP...: the packets that the steps bring, one a line.
told() {
	what=$1 want=$2
	shift 2
	probe "$@"
	is "$what" "$out" "$want"
}

# What stands in a directory of the server, hidden names, too.
names() {
	s sh -c "cd $1 && find . ! -name . | sort" | tr '\n' ' '
}
