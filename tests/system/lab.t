#!/bin/sh
# The lab itself (tests/lab): hosts that see each other and nothing of the
# machine, labs side by side, loss, and that nothing is left however a lab
# ends. Each lab here is a script of its own, run from outside.
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
# shellcheck source=tests/lab/lab.sh
. "$SRC/tests/lab/lab.sh"

dir=$(mktemp -d)
chmod 777 "$dir"
trap 'rm -rf "$dir"' EXIT
mark=lab$$-$(date +%s)

script() {
	{
		# shellcheck disable=SC2016 # the script's own
		echo '. "$SRC/tests/lab/lab.sh"; lab_begin "$@"'
		cat
	} >"$dir/$1"
}

# Processes of the labs started here.
left() {
	grep -lsz "^LAB_MARK=$mark\$" /proc/[0-9]*/environ | wc -l
}

none_left() {
	[ "$(left)" = 0 ]
}

run() {
	LAB_MARK=$mark sh "$@"
}

# The checks that a lab made, as ours.
adopt() {
	while read -r line; do
		case $line in
		ok\ *) pass "$1: ${line#ok * - }" ;;
		not\ ok\ *) fail "$1: ${line#not ok * - }" ;;
		1..*) ;;
		*) echo "# $line" ;;
		esac
	done <"$dir/$1.out"
}

machine() {
	ls /etc /srv /media /mnt /var/lib /var/log
	ls -d /run/basenet 2>&1
	cksum /etc/passwd /etc/group /etc/hosts
	ip -o link
	ip -o addr
	cut -d ' ' -f 3- /proc/self/mountinfo
	hostname
}

before=$(machine)

script site <<'END'
other=$2 dir=$3
lab_host server relay client far
lab_bridge lan back
lab_link server eth0 lan 10.0.0.1/24 fd00:0::1/64
lab_link client eth0 lan 10.0.0.2/24 fd00:0::2/64
lab_link relay up lan 10.0.0.3/24 fd00:0::3/64
lab_link relay down back 192.168.7.1/24 fd00:7::1/64
lab_link far eth0 back 192.168.7.2/24 fd00:7::2/64
lab_forward relay
lab_route far default 192.168.7.1
lab_route far default fd00:7::1
lab_route server 192.168.7.0/24 10.0.0.3
lab_route server fd00:7::/64 fd00:0::3
: >"$dir/up.$1"
ok "two labs are up at once" lab_until 20 test -e "$dir/up.$other"

reaches() {
	lab_in "$1" ping -q -c 1 -W 2 "$2"
}
ok "IPv4 over a switch" reaches client 10.0.0.1
ok "IPv6 over a switch" reaches client fd00:0::1
ok "IPv4 through a router" reaches far 10.0.0.1
ok "IPv6 through a router" reaches far fd00:0::1
nok "no way where no route is" reaches client 192.168.7.2
is "a host has its interfaces only" \
    "$(lab_in client ls /proc/sys/net/ipv4/conf | xargs)" "all default eth0 lo"
nok "a host knows no way out" lab_in client ip route get 192.0.2.1

is "a host's name" "$(lab_in server hostname)" server
is "exit status" "$(lab_in server sh -c 'exit 7'; echo $?)" 7
is "a command killed by a signal" \
    "$(lab_in server sh -c 'kill -9 $$' 2>/dev/null; echo $?)" 137
is "standard input and output" "$(echo in | lab_in server tr a-z A-Z)" IN
is "arguments stay as they are" \
    "$(lab_in server printf '<%s>' 'a  b' '' '*' '$x')" '<a  b><><*><$x>'
is "the working directory" "$(cd "$SRC/tests" && lab_in server pwd)" \
    "$SRC/tests"

for d in /etc /etc/basenet /run /var/lib/basenet /var/log/basenet /var/tmp \
    /srv; do
	lab_in server sh -c "echo '$1' >$d/of.$1" || fail "writing to $d"
done
: >"$dir/wrote.$1"
ok "the other lab wrote, too" lab_until 20 test -e "$dir/wrote.$other"
is "files of a host" "$(lab_in server sh -c \
    'ls -d /etc/of.* /etc/basenet/* /run/of.* /var/l*/basenet/* /srv/*' |
    xargs)" "/etc/basenet/of.$1 /etc/of.$1 /run/of.$1 /srv/of.$1 \
/var/lib/basenet/of.$1 /var/log/basenet/of.$1"
is "another host does not have them" \
    "$(lab_in client ls /etc/basenet /srv | xargs)" "/etc/basenet: /srv:"
like "its users" "$(lab_in server id alice)" '1000\(alice\).*tftp'
ok "a user of ours" lab_in server id _tftpd
nok "users of the machine are not there" lab_in server id _apt
ok "no system logger" lab_in server test ! -e /dev/log
lab_in server sh -c 'echo x:x:9:9::/:/bin/sh >>/etc/passwd' &&
    ok "accounts can be added" lab_in server id x

lab_bg client sleep 1000
is "lab_bg's process" "$(tr '\0' ' ' <"/proc/$LAB_PID/cmdline")" "sleep 1000 "
is "a host sees its own processes only" \
    "$(lab_in client sh -c 'cat /proc/[0-9]*/comm; :' | sort | xargs)" \
    "sh sh sleep sleep"
kill "$LAB_PID"
wait "$LAB_JOB" 2>/dev/null
is "lab_bg's status" "$?" 143
lab_in client sh -c 'sleep 0.2 & exit'
ok "orphans are reaped" lab_until 5 sh -c \
    '! grep -q "^State:.Z" /proc/[0-9]*/status'

lab_stop far
nok "a stopped host answers no more" reaches relay 192.168.7.2
nok "a stopped host is gone" lab_in far true
ok "the others stay" reaches relay 10.0.0.1
lab_end
is "after lab_end only loopback is left" "$(ip -o link | wc -l)" 1
done_testing
END

run "$dir/site" a b "$dir" >"$dir/a.out" 2>&1 &
first=$!
run "$dir/site" b a "$dir" >"$dir/b.out" 2>&1
is "lab b ended well" "$?" 0
wait "$first"
is "lab a ended well" "$?" 0
adopt a
adopt b
ok "no process is left" lab_until 5 none_left

script loss <<'END'
lab_host server client
lab_bridge lan
lab_link server eth0 lan 10.0.0.1/24 fd00::1/64
lab_link client eth0 lan 10.0.0.2/24 fd00::2/64
lost() {
	lab_in client ping -q -i 0.002 -c 100 -W 1 "$1" |
	    sed -n 's/.* \([0-9]*\)[0-9.]*% packet loss.*/\1/p'
}
received() {
	lab_in server sed -n 's/ *eth0: *[0-9]* *\([0-9]*\).*/\1/p' \
	    /proc/net/dev
}
between() {
	[ "$2" -ge "$1" ] && [ "$2" -le "$3" ]
}
ok "none without loss" between 0 "$(lost 10.0.0.1)" 0
lab_loss client eth0 20 in
ok "a fifth of IPv4" between 4 "$(lost 10.0.0.1)" 42
ok "a fifth of IPv6" between 4 "$(lost fd00::1)" 42
lab_loss client eth0 100 in
n=$(received)
is "all answers lost" "$(lost 10.0.0.1)" 100
ok "requests arrived" between $((n + 100)) "$(received)" $((n + 110))
lab_loss client eth0 100 out
n=$(received)
is "all requests lost" "$(lost fd00::1)" 100
ok "no request arrived" between "$n" "$(received)" $((n + 10))
lab_loss client eth0 0
ok "none again" between 0 "$(lost fd00::1)" 0
done_testing
END
run "$dir/loss" >"$dir/loss.out" 2>&1
adopt loss

# However a lab ends, nothing of it stays.
script ends <<'END'
lab_host one two
lab_bridge lan
lab_link one eth0 lan 10.0.0.1/24
lab_bg one sh -c 'trap "" TERM INT HUP; sleep 1000'
lab_bg two setsid sleep 1000
read -r pid _ <"$LAB_DIR/.machine/self/stat"
echo "$pid" >"$1/inner.new"
mv "$1/inner.new" "$1/inner"
[ "$2" != fails ] || lab_link nobody eth0 lan
[ "$2" != finishes ] || exit 7
sleep 1000
END

ends() {
	rm -f "$dir/inner"
	LAB_MARK=$mark env --default-signal=INT,QUIT \
	    sh "$dir/ends" "$dir" "$1" >"$dir/ends.out" 2>&1 &
	outer=$!
	lab_until 20 test -e "$dir/inner" || fail "$1: the lab came up"
}

gone() {
	wait "$outer" 2>/dev/null
	is "$1: exit status" "$?" "$2"
	ok "$1: nothing is left" lab_until 5 none_left
}

ends finishes
gone "exit" 7
ends fails
gone "a failing function" 1
like "a failing function tells" "$(cat "$dir/ends.out")" '^lab: nobody: '
for s in INT:130 TERM:143 HUP:129 KILL:137; do
	ends signal
	[ "$(left)" -gt 6 ] || fail "the lab's processes are seen: $(left)"
	kill -"${s%:*}" "$outer"
	gone "${s%:*} to the script" "${s#*:}"
	# A shell that waits for a command takes INT when that has ended.
	[ "${s%:*}" != INT ] || continue
	ends signal
	kill -"${s%:*}" "$(cat "$dir/inner")"
	gone "${s%:*} to the script inside" "${s#*:}"
done

# An ordinary user has the same lab, with subordinate uids and, as far as one
# uid goes, without.
script user <<'END'
lab_host machine
as_alice() {
	lab_in machine setpriv --reuid alice --regid users --clear-groups \
	    sh "$@"
}
as_alice "$1/uids" >"$1/uids.out" 2>&1
is "a user without uids: exit status" "$?" 0
like "a user without uids: skipped, with the reason" \
    "$(cat "$1/uids.out")" '^1\.\.0 # SKIP .*subordinate uids'
lab_in machine sh -c 'echo alice:100000:65536 | tee /etc/subuid >/etc/subgid'
as_alice "$1/uids" >"$1/uids.out" 2>&1
is "a user with uids: not skipped" "$(cat "$1/uids.out")" "906 1..65535"
cd "$1"
as_alice "$1/loss" >"$1/userloss.out" 2>&1
touch "$1/up.none" "$1/wrote.none"
as_alice "$1/site" user none "$1" >"$1/user.out" 2>&1
done_testing
END
script uids <<'END'
lab_need_uids
lab_host one
echo "$(lab_in one setpriv --reuid _tftpd --regid _tftpd --clear-groups id -u)" \
    "1..$(lab_in one setpriv --reuid 65535 --clear-groups id -u)"
END
if [ "$(id -u)" -eq 0 ] &&
    ! setpriv --reuid 65534 --clear-groups unshare --user true 2>/dev/null
then
	echo "# users may make no namespaces here (a chroot forbids it):" \
	    "the ordinary user's lab is not tried"
elif [ "$(id -u)" -eq 0 ]; then
	run "$dir/user" "$dir" >"$dir/nested.out" 2>&1
	adopt nested
	adopt userloss
	adopt user
	ok "nothing is left of a user's lab" lab_until 5 none_left
	is "root is never skipped" "$(run "$dir/uids")" "906 1..65535"
fi

is "the machine is as it was" "$(machine)" "$before"
done_testing
