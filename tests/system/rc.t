#!/bin/sh
# The rc scripts and basenet(8): first with a daemon that misbehaves on demand,
# under each of the shells, then with tftpd and the files of etc/.
# shellcheck disable=SC2013,SC2016,SC2317 # functions are called by status and ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids

etc=/etc/basenet
run=/run/basenet
fake=$LAB_DIR/fake

# status WHAT WANTED CMD...: it ends with this status; its words are in $out.
status() {
	what=$1 want=$2
	shift 2
	"$@" >"$LAB_DIR/out" 2>&1
	got=$?
	out=$(cat "$LAB_DIR/out")
	is "$what" "$got" "$want"
	[ "$got" = "$want" ] || diag "$out"
}

h() {
	lab_in h "$@"
}

# put FILE LINE...: into this file of the host.
put() {
	file=$1
	shift
	printf '%s\n' "$@" | h sh -c "cat >$file"
}

# The daemon in the words of its configuration: bad (refused by -n), fails (to
# start), deaf (to TERM), fragile (dies of HUP).
make_fake() {
	mkdir -p "$fake/sbin" "$fake/libexec" "$fake/other"
	cat >"$fake/sbin/tftpd" <<-'EOT'
	#!/bin/sh
	conf= check=
	if [ "${1-}" = child ]; then
		pid=/run/basenet/$2.pid
		exec 9>"$pid"
		trap 'rm -f "$pid"; exit 0' TERM
		trap : HUP
		! grep -q deaf "$3" || trap '' TERM
		! grep -q fragile "$3" || trap 'rm -f "$pid"; exit 1' HUP
		echo $$ >&9
		while :; do
			sleep 0.05 9>&-
		done
	fi
	while getopts nf:v o; do
		case $o in
		n) check=yes ;;
		f) conf=$OPTARG ;;
		v) ;;
		*) exit 1 ;;
		esac
	done
	! grep -n bad "$conf" >&2 || exit 1
	[ -z "$check" ] || exit 0
	! grep -q fails "$conf" || exit 1
	name=${conf##*/} name=${name%.conf}
	: >"/run/basenet/$name.pid"
	"$0" child "$name" "$conf" >/dev/null 2>&1 </dev/null &
	until [ -s "/run/basenet/$name.pid" ]; do
		sleep 0.02
	done
	EOT
	chmod +x "$fake/sbin/tftpd"
	cp "$O/libexec/basenet/rc.subr" "$O/libexec/basenet/tftpd" \
	    "$O/libexec/basenet/ctl" "$fake/libexec"
	sed -e "s|^SBINDIR=.*|SBINDIR='$fake/sbin'|" \
	    -e "s|^LIBEXECDIR=.*|LIBEXECDIR='$fake/libexec'|" \
	    "$O/libexec/basenet/paths" >"$fake/libexec/paths"
}

pid_of() {
	h cat "$run/${1:-tftpd}.pid" 2>/dev/null
}

alive() {
	h kill -0 "$1"
}

rc_disabled() {
	put $etc/rc.conf
	h rm -f $etc/tftpd.conf $etc/tftpd-lab.conf $etc/rc.conf.local
	status "$sh: not enabled: start" 6 rc start
	like "$sh: the message says what to do" "$out" \
	    'tftpd_enable=YES in /etc/basenet/rc.conf'
	status "$sh: not enabled: restart" 6 rc restart
	status "$sh: not enabled: stop is fine" 0 rc stop
	status "$sh: status" 3 rc status
	status "$sh: no configuration" 6 rc onestart
	like "$sh: it names the file" "$out" "$etc/tftpd.conf"
	put $etc/rc.conf 'tftpd_enable=perhaps'
	status "$sh: neither YES nor NO" 6 rc start
	put $etc/rc.conf 'tftpd_enable="YES'
	status "$sh: rc.conf with a missing quote" 6 rc start
	put $etc/rc.conf 'tftpd_enable=NO'
	put $etc/rc.conf.local 'tftpd_enable=YES'
	status "$sh: rc.conf.local comes last" 0 rc enabled
	h rm $etc/rc.conf.local
	put $etc/rc.conf tftpd_enable=YES 'tftpd_timeout=soon'
	status "$sh: a timeout that is no number" 6 rc start
	put $etc/rc.conf tftpd_enable=YES 'tftpd_instances="../x"'
	status "$sh: an instance that is no name" 6 rc start
}

rc_verbs() {
	put $etc/rc.conf tftpd_enable=YES
	put $etc/tftpd.conf good
	h rm -rf $run
	status "$sh: start makes the run directory" 0 rc start
	pid=$(pid_of)
	is "$sh: start says one line" "$out" "tftpd: started, pid $pid"
	status "$sh: start again" 0 rc start
	is "$sh: it was running" "$out" "tftpd: already running, pid $pid"
	status "$sh: status" 0 rc status
	is "$sh: status says the pid" "$out" "tftpd: running, pid $pid"
	status "$sh: configtest" 0 rc configtest
	status "$sh: reload" 0 rc reload
	is "$sh: the same process" "$(pid_of)" "$pid"
	status "$sh: restart" 0 rc restart
	isnt "$sh: another process" "$(pid_of)" "$pid"
	nok "$sh: the first one is gone" alive "$pid"
	pid=$(pid_of)
	status "$sh: stop" 0 rc stop
	nok "$sh: it is gone when stop returns" alive "$pid"
	status "$sh: stop again" 0 rc stop
	status "$sh: reload of what does not run" 7 rc reload
	status "$sh: try-restart of what does not run" 0 rc try-restart
	status "$sh: which starts nothing" 3 rc status
	status "$sh: force-reload starts it" 0 rc force-reload
	status "$sh: one-verbs do not ask rc.conf" 0 rc onestop
	status "$sh: no verb" 2 rc
	status "$sh: an unknown verb" 2 rc frobnicate
	status "$sh: an unknown instance" 2 rc status other
}

rc_bad() {
	put $etc/tftpd.conf good
	rc start >/dev/null
	pid=$(pid_of)
	put $etc/tftpd.conf good 'bad line'
	status "$sh: bad file: configtest" 1 rc configtest
	like "$sh: the daemon's own words are seen" "$out" '2:bad line'
	status "$sh: bad file: restart" 1 rc restart
	status "$sh: bad file: reload" 1 rc reload
	is "$sh: the old one is left running" "$(pid_of)" "$pid"
	ok "$sh: it lives" alive "$pid"
	status "$sh: bad file: stop works" 0 rc stop
	status "$sh: bad file: start" 1 rc start
	put $etc/tftpd.conf fails
	status "$sh: a daemon that does not start" 1 rc start
	put $etc/tftpd.conf fragile
	rc start >/dev/null
	status "$sh: a daemon that dies of its reload" 1 rc reload
	status "$sh: and is not running then" 3 rc status
	put $etc/tftpd.conf deaf
	put $etc/rc.conf tftpd_enable=YES tftpd_timeout=1
	rc start >/dev/null
	pid=$(pid_of)
	status "$sh: a daemon deaf to TERM" 0 rc stop
	like "$sh: it was killed" "$out" "pid $pid .*killed"
	nok "$sh: and is gone" alive "$pid"
	ok "$sh: so is its pid file" h test ! -e $run/tftpd.pid
}

# begin_sleeper [FILE]: a process that has nothing to do with us and perhaps
# holds this file open; its number in the host in $sleeper.
begin_sleeper() {
	rm -f "$LAB_DIR/sleeper"
	lab_bg h sh -c 'exec 7<"$1"; echo $$ >"$LAB_DIR/sleeper"
	    exec sleep 1000' sh "${1:-/dev/null}" 2>/dev/null
	lab_until 5 test -s "$LAB_DIR/sleeper"
	sleeper=$(cat "$LAB_DIR/sleeper")
}

end_sleeper() {
	{
		kill "$LAB_PID"
		wait "$LAB_JOB"
	} 2>/dev/null
}

# What the pid file names is another's.
rc_foreign() {
	put $etc/rc.conf tftpd_enable=YES
	put $etc/tftpd.conf good
	put $etc/tftpd-lab.conf good
	h mkdir -p $run
	begin_sleeper
	put $run/tftpd.pid "$sleeper"
	status "$sh: the pid of another program" 1 rc status
	status "$sh: the same with stop" 0 rc stop
	ok "$sh: the other program lives" alive "$sleeper"
	put $run/tftpd.pid "$sleeper"
	status "$sh: the same with start" 0 rc start
	isnt "$sh: which runs as itself" "$(pid_of)" "$sleeper"
	rc stop >/dev/null
	end_sleeper
	put $run/tftpd.pid "$sleeper"
	status "$sh: the pid of nobody" 1 rc status
	begin_sleeper $run/tftpd.pid
	put $run/tftpd.pid "$sleeper"
	status "$sh: another program that has the pid file open" 1 rc status
	status "$sh: the same with stop" 0 rc stop
	ok "$sh: that program lives" alive "$sleeper"
	end_sleeper
	put $run/tftpd.pid "-1"
	status "$sh: a pid that is none" 1 rc status
	status "$sh: the same with stop" 0 rc stop
	status "$sh: after which nothing is left" 3 rc status
	h sh -c ": >$run/tftpd.pid"
	status "$sh: a pid file of one that starts" 0 rc stop
	ok "$sh: is left to it" h test -e $run/tftpd.pid
	put $etc/rc.conf tftpd_enable=YES 'tftpd_instances="tftpd-lab"'
	rc start >/dev/null
	lab=$(pid_of tftpd-lab)
	put $etc/rc.conf tftpd_enable=YES
	put $run/tftpd.pid "$lab"
	status "$sh: the pid of another instance" 1 rc status
	status "$sh: the same with stop" 0 rc stop
	ok "$sh: the other instance lives" alive "$lab"
	status "$sh: one that rc.conf forgot can be stopped" 0 \
	    rc onestop tftpd-lab
	nok "$sh: and is gone" alive "$lab"
}

rc_instances() {
	put $etc/rc.conf tftpd_enable=YES 'tftpd_instances="tftpd tftpd-lab"'
	put $etc/tftpd.conf good
	put $etc/tftpd-lab.conf good
	status "$sh: two instances start" 0 rc start
	is "$sh: a line for each" "$out" "tftpd: started, pid $(pid_of)
tftpd-lab: started, pid $(pid_of tftpd-lab)"
	status "$sh: both run" 0 rc status
	status "$sh: one alone is stopped" 0 rc stop tftpd-lab
	status "$sh: the worst status wins" 3 rc status
	rc start >/dev/null
	put $etc/tftpd-lab.conf bad
	status "$sh: one is bad, the other reloads" 1 rc reload
	like "$sh: which it says" "$out" '^tftpd: reloaded'
	rc stop tftpd-lab >/dev/null
	put $run/tftpd-lab.pid 999999
	status "$sh: dead with a pid file is worse than running" 1 rc status
	status "$sh: stop ends all" 0 rc stop
	status "$sh: none runs" 3 rc status
}

core() {
	rc() {
		# shellcheck disable=SC2086 # "busybox sh"
		h $sh "$fake/libexec/tftpd" "$@"
	}
	rc_disabled
	rc_verbs
	rc_bad
	rc_foreign
	rc_instances
}

# However it is called.
rc_places() {
	put $etc/rc.conf tftpd_enable=YES
	put $etc/tftpd.conf good
	h mkdir -p /etc/init.d
	h ln -s "$fake/libexec/tftpd" /etc/init.d/basenet-tftpd
	status "as /etc/init.d/basenet-tftpd" 0 h env -i \
	    /etc/init.d/basenet-tftpd start
	status "from the folder it is in" 0 \
	    h sh -c "cd $fake/libexec && sh tftpd stop"
	sed "s|^SBINDIR=.*|SBINDIR='/nonexistent'|" "$fake/libexec/paths" \
	    >"$fake/paths"
	status "a daemon that is not installed" 5 \
	    h env BASENET_PATHS="$fake/paths" "$fake/libexec/tftpd" start
	status "a script without its paths" 5 \
	    h env BASENET_PATHS=/nonexistent "$fake/libexec/tftpd" start
	header=$(sed -n '/BEGIN INIT INFO/,/END INIT INFO/p' "$SRC/rc/tftpd")
	like "the script says to LSB what it is" "$header" \
	    '^# Provides: +basenet-tftpd'
}

# toy NAME "PROVIDES" "REQUIRES" [STATUS]: a script that tells its calls.
toy() {
	cat >"$fake/other/$1" <<-EOT
	#!/bin/sh
	# PROVIDE: $2
	# REQUIRE: $3
	case \$1 in
	enabled)	[ "${5:-YES}" = YES ] || exit 6 ;;
	instances)	echo $1 $1-b ;;
	*)		echo $1 "\$@"; exit ${4:-0} ;;
	esac
	EOT
	chmod +x "$fake/other/$1"
}

bn() {
	h env BASENET_PATHS="$fake/other/paths" "$O/sbin/basenet" "$@"
}

words() {
	printf '%s\n' "$out" | tr '\n' ' '
}

compose() {
	sed "s|^LIBEXECDIR=.*|LIBEXECDIR='$fake/other'|" \
	    "$fake/libexec/paths" >"$fake/other/paths"
	cp "$O/libexec/basenet/ctl" "$O/libexec/basenet/rc.subr" "$fake/other"
	toy aaa web 'names NETWORKING'
	toy bbb names NETWORKING
	toy ccc 'mail post' 'web names'
	toy ddd none '' 0 NO
	status "start" 0 bn start
	is "in the order of REQUIRE" "$(words)" 'bbb start aaa start ccc start '
	status "stop" 0 bn stop
	is "in reverse, and what runs without being enabled" "$(words)" \
	    'ddd stop ccc stop aaa stop bbb stop '
	status "restart of some" 0 bn restart ccc bbb
	is "in the right order all the same" "$(words)" \
	    'bbb restart ccc restart '
	status "an instance alone" 0 bn onestart ccc-b aaa
	is "its script is told so" "$(words)" 'aaa onestart ccc onestart ccc-b '
	status "an unknown name" 1 bn start ccc xyz
	like "is named and nothing was done" "$out" \
	    '^basenet: no daemon or instance is named xyz; .* bbb aaa ccc ddd'
	unlike "not even for the known one" "$out" '^ccc'
	toy bbb names '' 3
	toy ccc 'mail post' 'web names' 1
	status "the worst status wins" 1 bn status
	like "and all were asked" "$out" '^ccc status'
	toy bbb names post
	status "a circle" 1 bn start
	like "is shown" "$out" 'circle: aaa bbb ccc aaa'
	unlike "and nothing is done" "$out" start
	rm "$fake/other/aaa" "$fake/other/bbb" "$fake/other/ccc"
	status "nothing enabled: start" 6 bn start
	status "nothing enabled: check" 0 bn check
	for words in '' frobnicate 'ctl tftpd' 'stats -x' onestart; do
		# shellcheck disable=SC2086 # words
		status "usage: basenet $words" 1 bn $words
	done
	status "ctl of a name that is none" 1 bn ctl ../x status
	status "stats when nothing runs" 1 bn stats
	is "says so" "$out" 'basenet: no daemon runs'
	status "the same as JSON" 0 bn stats -j
	is "is empty" "$out" '{}'
}

# serve PERL: a control socket whose client is $c.
serve() {
	rm -f "$LAB_DIR/x.sock"
	perl -MIO::Socket::UNIX -e '
		$SIG{PIPE} = "IGNORE";
		$s = IO::Socket::UNIX->new(Listen => 5, Local => $ARGV[0])
		    or die; $c = $s->accept; $l = <$c>;'"$1" \
	    "$LAB_DIR/x.sock" &
	server=$!
	lab_until 5 test -S "$LAB_DIR/x.sock"
}

ask() {
	h "$O/libexec/basenet/ctl" -m 10000000 -t 2 ask "$LAB_DIR/x.sock" "$@"
	asked=$?
	{
		kill "$server"
		wait "$server"
	} 2>/dev/null
	return "$asked"
}

hostile() {
	serve 'print $c "ok\nsaid $l";'
	status "ctl: an answer" 0 ask some words
	is "ctl: without its first line" "$out" 'said some words'
	serve 'print $c "error: no such file\nmore\n";'
	status "ctl: a refusal" 1 ask verb
	like "ctl: with its reason" "$out" '^error: no such file$'
	serve 'print $c "ok\nred \e[31m\n";'
	status "ctl: control bytes" 0 ask verb
	is "ctl: do not reach the terminal" "$out" 'red ?[31m'
	serve 'sleep 100;'
	status "ctl: silence" 1 ask verb
	like "ctl: is not waited for" "$out" 'timed out'
	serve '$c->autoflush; for (;;) { print $c "o"; sleep 1; }'
	status "ctl: a dribble" 1 ask verb
	serve 'print $c "ok\n"; print $c "x" x 65536 for 1 .. 1000;'
	status "ctl: an answer without an end" 1 ask verb
	serve 'print $c "ok\n"; for (1 .. 6) { print $c "x" x 700000; sleep 1; }'
	status "ctl: a long one" 0 ask verb
	is "ctl: comes whole" "${#out}" 4200000
	serve 'print $c "y" x 5000;'
	status "ctl: a first line without an end" 1 ask verb
	serve ''
	status "ctl: no answer at all" 1 ask verb
	status "ctl: two lines as one word" 1 ask 'a
b'
	status "ctl: too long a request" 1 ask "$(printf '%02000d' 7)"
	rm "$LAB_DIR/x.sock"
	status "ctl: nobody there" 1 ask verb
	like "ctl: says so" "$out" 'does not run'
}

forget_users() {
	h sed -i '/^_tftpd:/d' /etc/passwd /etc/group /etc/shadow /etc/gshadow
	h rmdir /var/lib/basenet/tftpd /srv/tftp 2>/dev/null
}

basenet() {
	h "$O/sbin/basenet" "$@"
}

users() {
	forget_users
	status "install-users" 0 basenet install-users
	like "it says what it made" "$out" 'user _tftpd made'
	is "the user" "$(h sh -c 'getent passwd _tftpd | cut -d: -f1,5-')" \
	    '_tftpd:basenet TFTP:/nonexistent:/usr/sbin/nologin'
	is "its directory" "$(h stat -c '%a %U %G' /var/lib/basenet/tftpd)" \
	    '750 _tftpd _tftpd'
	is "the root of its files" "$(h stat -c '%a %U' /srv/tftp)" '755 root'
	h chmod 775 /srv/tftp
	status "install-users again" 0 basenet install-users
	is "does nothing" "$out" ''
	is "and leaves the administrator's mode" \
	    "$(h stat -c %a /srv/tftp)" 775
	forget_users
	h mount --bind /etc/passwd /etc/passwd
	status "passwd is a mount" 0 basenet install-users
	ok "the user is there" h id _tftpd
	h umount /etc/passwd
	forget_users
	h mount --bind /dev/null /usr/sbin/useradd
	h mount --bind /dev/null /usr/sbin/adduser 2>/dev/null
	h sed -i '$d' /etc/group
	h sh -c 'printf "last:x:998:" >>/etc/group'
	status "no tool at all, a line without an end" 0 basenet install-users
	ok "the user is there" h id -gn _tftpd
	like "the other group, too" "$(h cat /etc/group)" '^last:x:998:$'
	nok "an ordinary user" h setpriv --reuid 65534 --clear-groups \
	    "$O/sbin/basenet" install-users
	h umount /usr/sbin/useradd
}

# counter NAME: its value in the last output of stats.
counter() {
	printf '%s\n' "$out" | awk -v n="$1" '$1 == n { print $2 }'
}

fetch() {
	h curl -s -m 10 -o "$LAB_DIR/got" "tftp://127.0.0.1${2:+:$2}/$1"
}

# What stands commented out in the sample is right, and nothing is missing.
samples() {
	h cp "$SRC/etc/rc.conf" "$SRC/etc/site.conf" $etc
	h mkdir -p /srv/tftp/clients
	h sh -c "sed 's/^#\([^ ]\)/\1/' '$SRC/etc/tftpd.conf' >$etc/tftpd.conf"
	status "tftpd.conf with all that is commented out" 0 basenet start
	basenet ctl tftpd show-config >"$LAB_DIR/shown"
	ok "which show-config shows" grep -q '^retries = ' "$LAB_DIR/shown"
	is "keys that are in force and not in the sample" \
	    "$(for key in $(sed -n '/^map/,$d
	    s/^[[:space:]]*\([a-z_]*\) = .*/\1/p' "$LAB_DIR/shown"); do
		grep -q "^#*[[:space:]]*$key = " "$SRC/etc/tftpd.conf" ||
		    echo "$key"
	    done)" ''
	h cp "$SRC/etc/tftpd.conf" $etc
	basenet restart >/dev/null
	basenet ctl tftpd show-config >"$LAB_DIR/defaults"
	is "values of the sample that are not the defaults" \
	    "$(sed '/^options/,$d' "$LAB_DIR/shown")" \
	    "$(sed '/^options/,$d' "$LAB_DIR/defaults")"
	basenet stop >/dev/null
}

real() {
	h cp "$SRC/etc/rc.conf" "$SRC/etc/tftpd.conf" "$SRC/etc/site.conf" $etc
	h rm -rf $run $etc/rc.conf.local $etc/tftpd-lab.conf
	h sh -c 'seq 20000 >/srv/tftp/boot'
	status "check of the samples" 0 basenet check
	status "start with the samples" 0 basenet start
	pid=$(pid_of)
	is "one line" "$out" "tftpd: started, pid $pid"
	ok "a file is served" fetch boot
	ok "the very file" h cmp "$LAB_DIR/got" /srv/tftp/boot
	status "stats" 0 basenet stats
	is "know the pid" "$(counter tftpd.pid)" "$pid"
	status "stats as JSON" 0 basenet stats -j tftpd
	is "which perl reads" "$(printf '%s\n' "$out" | perl -MJSON::PP -e \
	    'local $/; print decode_json(<>)->{tftpd}{pid}')" "$pid"
	status "ctl" 0 basenet ctl tftpd status
	like "tells the pid" "$out" "$pid"
	status "ctl of an unknown verb" 1 basenet ctl tftpd frobnicate
	like "says so" "$out" '^error: '
	h sh -c "echo 'retries = 4' >>$etc/tftpd.conf"
	status "reload" 0 basenet reload
	status "show-config" 0 basenet ctl tftpd show-config
	like "has what was changed" "$out" 'retries = "?4'
	is "the same process" "$(pid_of)" "$pid"
	h sh -c "echo 'retries = many' >>$etc/tftpd.conf"
	status "check of a bad file" 1 basenet check
	like "names the line" "$out" 'tftpd.conf:[0-9]+: retries: '
	status "restart with it" 1 basenet restart
	ok "the old one serves" fetch boot
	h cp "$SRC/etc/tftpd.conf" $etc
	put $etc/rc.conf.local 'tftpd_instances="tftpd tftpd-lab"'
	put $etc/tftpd-lab.conf 'listen = { "127.0.0.1:6969" }'
	status "a second instance" 0 basenet start
	ok "serves, too" fetch boot 6969
	status "its stats alone" 0 basenet stats tftpd-lab
	is "are its own" "$(counter tftpd-lab.pid)" "$(pid_of tftpd-lab)"
	h kill -KILL "$pid"
	lab_until 5 eval '! alive "$pid" 2>/dev/null'
	status "killed: status" 1 basenet status
	status "killed: stats are the last figures" 0 basenet stats tftpd
	like "as they say" "$out" 'tftpd: does not run'
	status "killed: start" 0 basenet start
	ok "serves again" fetch boot
	status "restart of one instance" 0 basenet restart tftpd-lab
	basenet stop >/dev/null
	ok "a daemon lets go of the output of its start" h timeout 20 sh -c \
	    'x=$("$1" start 2>&1)' sh "$O/sbin/basenet"
	status "stop" 0 basenet stop
	status "all are gone" 3 basenet status
	is "nothing is left behind" "$(h ls $run)" ''
	nok "and nothing answers" fetch boot
	h userdel _tftpd
	status "check without the user" 1 basenet check
	like "says what to do" "$out" 'basenet install-users'
}

lab_host h
make_fake
for sh in dash bash 'busybox sh'; do
	core
done
rc_places
compose
hostile
users
samples
real
done_testing
