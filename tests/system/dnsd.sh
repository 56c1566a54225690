# dnsd.sh: what the tests of dnsd share: a host s that serves on 10.0.0.1,
# 10.0.0.3 and 2001:db8::1, its client c (10.0.0.2, 2001:db8::2) on the same
# wire, and dnsd started from the build with what a test wrote into its
# configuration.
#
# Zone files stand in $zones, as the server sees it; those of the test in
# $LAB_DIR, which all hosts see.
# shellcheck shell=sh disable=SC2034,SC2154

daemon=dnsd
# shellcheck source=tests/system/daemon.sh
. "$SRC/tests/system/daemon.sh"
zones=/var/lib/basenet/dnsd
load=$O/tests/system/dns-load
v4=10.0.0.1 v4b=10.0.0.3 v6=2001:db8::1

site() {
	lab_bridge wire
	lab_host s c
	lab_link s eth0 wire $v4/24 $v4b/24 $v6/64
	lab_link c eth0 wire 10.0.0.2/24 2001:db8::2/64
	s install -d -o _dnsd "$zones"
	s mkdir -p "$run"
	cd "$LAB_DIR" || exit
}

# zone FILE: standard input becomes that file.
zone() {
	s sh -c "cat >$zones/$1.new && mv $zones/$1.new $zones/$1"
}

# ask [@ADDRESS] WORD...: dig's words; what it prints.
ask() {
	case $1 in
	@*) ;;
	*) set -- "@$v4" "$@" ;;
	esac
	c dig "$@" +norecurse +time=2 +tries=2 2>&1
}

# short [@ADDRESS] WORD...: the records' data, sorted.
short() {
	ask "$@" +short | sort
}

# status_of WORD...: the RCODE.
status_of() {
	ask "$@" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'
}

# flags_of WORD...
flags_of() {
	ask "$@" | sed -n 's/^;; flags: \([a-z ]*\);.*/\1/p'
}

# serial ZONE N: it has come to that.
serial() {
	[ "$(ask +short "$1" SOA | cut -d ' ' -f 3)" = "$2" ]
}

# reload: HUP, and it is told how that went.
reload() {
	: >"$LAB_DIR/reload"
	ctl reload >"$LAB_DIR/reload" 2>&1
}

# forgive ERE: such lines of the log were to be expected. The file stays the
# same one, since the server writes to it.
forgive() {
	grep -Ev "$1" "$log" >"$LAB_DIR/forgiven"
	cat "$LAB_DIR/forgiven" >"$log"
}
