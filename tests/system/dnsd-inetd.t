#!/bin/sh
# dnsd under openbsd-inetd, with the lines of etc/inetd.conf: datagrams "wait",
# connections "nowait"; and on listening sockets handed over by LISTEN_FDS.
# shellcheck disable=SC1091,SC2016,SC2317 # functions are called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
. "$SRC/tests/system/super.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dnsd.sh"

running() {
	s sh -c 'n=0; for p in /proc/[0-9]*; do
		read -r name <"$p/comm" && [ "$name" = dnsd ] &&
		    ! grep -q "^State:.Z" "$p/status" && n=$((n + 1))
	    done 2>/dev/null; echo $n'
}

runs() {
	[ "$(running)" -eq "$1" ]
}

begin() {
	site
	printf '%s\n' '@ 60 SOA ns host 1 1h 15m 1w 10m' '@ 60 NS ns' \
	    'ns 60 A 10.0.0.1' | zone lab.test.zone
	echo 'key "k" { algorithm hmac-sha256; secret "bG9uZyBlbm91Z2ggdG8gYmUgc2VjdXJl"; };' >k.key
	s sh -c "umask 077; cat >/etc/basenet/k.key" <k.key
	configure 'idle_timeout = 2s' \
	    'key "k" { file = "/etc/basenet/k.key" }' \
	    'zone "lab.test" { update "k" { } }'
	s sh -c 'printf "domain 53/udp\ndomain 53/tcp\n" >/etc/services
	    printf "udp 17 UDP\ntcp 6 TCP\n" >/etc/protocols'
}

update() {
	{
		printf 'server %s\nzone lab.test\n' "$v4"
		printf 'update add %s.lab.test 60 A 10.0.0.9\nsend\n' "$1"
	} | c timeout 20 nsupdate -k "$LAB_DIR/k.key" ${2:+"$2"}
}

inetd() {
	super_program inetd
	sed "s|/usr/local/sbin|$O/sbin|g; s/^#domain/domain/" \
	    "$SRC/etc/inetd.conf" | grep '^domain' >"$LAB_DIR/inetd.conf"
	lab_bg s "$program" -i "$LAB_DIR/inetd.conf" >"$LAB_DIR/log" 2>&1
	super=$LAB_PID
	lab_until 10 s grep -q ':0035 ' /proc/net/udp6
	lab_until 10 s grep -q ':0035 ' /proc/net/tcp6
	is 'nothing runs before it is asked' "$(running)" 0
	is 'a datagram' "$(short ns.lab.test)" 10.0.0.1
	is 'one process has the socket' "$(running)" 1
	is 'another one' "$(short ns.lab.test)" 10.0.0.1
	is 'it is still one' "$(running)" 1
	is 'IPv6' "$(short "@$v6" ns.lab.test)" 10.0.0.1
	is 'TCP' "$(short +tcp ns.lab.test)" 10.0.0.1
	is 'TCP, IPv6' "$(short "@$v6" +tcp ns.lab.test)" 10.0.0.1
	ok 'connections have processes that end with them' \
	    lab_until 5 runs 2
	out=$(c "$load" -t -w 100 "$v4" 53 1 ns.lab.test)
	like 'many questions by TCP' "$out" ' lost 0 refused 0 broken 0'
	ok 'an update' update one
	is 'is served' "$(short one.lab.test)" 10.0.0.9
	ok 'all end by themselves' lab_until 15 runs 0
	is 'what was updated is there again' "$(short one.lab.test)" 10.0.0.9
	ok 'they end again' lab_until 15 runs 0
	ok 'an update by TCP' update two -v
	ok 'whose process ends' lab_until 15 runs 0
	is 'is served by the next one' "$(short two.lab.test)" 10.0.0.9
	is 'no files in /run' "$(s ls /run/basenet)" ''
	kill "$super"
	lab_until 15 runs 0
}

# As systemd does it.
passed() {
	cat >listen.pl <<-'EOF'
	use Socket;
	use POSIX;
	my @s;
	for my $type (SOCK_DGRAM, SOCK_STREAM) {
		socket(my $s, PF_INET, $type, 0) or die;
		setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
		bind($s, sockaddr_in(53, INADDR_ANY)) or die "bind $!";
		listen($s, 10) if $type == SOCK_STREAM;
		push @s, $s;
	}
	# above the numbers that they are to have
	my @high = map { POSIX::dup2(fileno($_), 20 + fileno($_)) } @s;
	my $n = 3;
	POSIX::dup2($_, $n++) for @high;
	POSIX::close($_) for @high;
	$ENV{LISTEN_PID} = $$;
	$ENV{LISTEN_FDS} = 2;
	exec @ARGV;
	EOF
	: >"$LAB_DIR/log"
	lab_bg s perl "$LAB_DIR/listen.pl" "$O/sbin/dnsd" -d -f "$conf" \
	    >"$LAB_DIR/log" 2>&1
	server=$LAB_PID server_job=$LAB_JOB
	lab_until 20 s test -s "$run/dnsd.pid"
	is 'sockets that were passed: UDP' "$(short one.lab.test)" 10.0.0.9
	is 'TCP' "$(short +tcp one.lab.test)" 10.0.0.9
	is 'the other address' "$(short "@$v4b" one.lab.test)" 10.0.0.9
	stop 'told so'
}

begin
inetd
passed
[ "$tap_failed" -eq 0 ] || diag_file "$LAB_DIR/log"
done_testing
