#!/bin/sh
# Uploads to tftpd: who may write what; a file appears under its name when it
# is whole and synced; whatever breaks one leaves nothing behind.
# shellcheck disable=SC2016 # those of other shells
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/tftpd.sh"

allowed='enable = yes create = yes'

files() {
	head -c 300000 /dev/urandom >file
	head -c 100000 /dev/urandom >other
	s sh -ec 'mkdir -p /srv/tftp/in/deep /srv/two/in /srv/two/also
		echo old >/srv/tftp/in/old
		cp /srv/tftp/in/old /srv/tftp/old
		cp /srv/tftp/in/old /srv/two/in/there
		cp /srv/tftp/in/old /srv/tftp/in/fixed
		chown -R _tftpd /srv/tftp/in /srv/two
		chown root /srv/tftp/in/fixed
		chmod 640 /srv/tftp/in/old'
}

# with LINE...: serve anew with these; what else is the same.
with() {
	[ -z "$server" ] || {
		kill "$server"
		wait "$server_job"
	}
	configure 'retries = 2' 'drain_timeout = 100ms' "$@"
	# shellcheck disable=SC2086 # words
	serve ${fault:-}
}

# refused WHAT ERROR NAME [OPTIONS]
refused() {
	told "$1" "ERROR $2" "wrq $3|octet${4:+|$4}" recv
}

# put NAME: this small upload is taken.
put() {
	told "$1 is taken" 'ACK 0
ACK 1' "wrq $1|octet" recv 'data 1 3' recv
	is 'and is there' "$(s cat "$served/$1")" xxx
}

permission() {
	with
	refused 'uploads are off' '2 Access violation' in/old
	with 'write { enable = no create = yes }'
	refused 'off with create' '2 Access violation' in/new
	with 'write { enable = yes }'
	refused 'only what is there' '1 File not found' in/new
	put in/old
	is 'its mode stays' "$(s stat -c %a $served/in/old)" 640
	refused 'not where others may not write' '2 Access violation' old
	refused 'not what others may not write' '2 Access violation' in/fixed
	refused 'no directory' '2 Access violation' in/deep
	with "write { $allowed }"
	put in/new
	is 'its mode is usual' "$(s stat -c '%a %U' $served/in/new)" \
	    '644 _tftpd'
	put in/deep/new
	refused 'no directory is made' '1 File not found' in/none/new
	refused 'none that is closed' '2 Access violation' new
	with "write { $allowed overwrite = no }"
	refused 'no overwriting' '6 File already exists' in/new
	put in/newer
	told 'not even of what came meanwhile' 'ACK 0
ACK 0
ACK 1
ERROR 6 a file of that name exists' 'wrq in/twice|octet' recv 'use 1' \
	    'wrq in/twice|octet' recv 'data 1 4' recv 'use 0' 'data 1 5' recv
	is 'the first one stays' "$(s cat $served/in/twice)" xxxx
	s rm $served/in/new $served/in/newer $served/in/twice \
	    $served/in/deep/new
}

limits() {
	with "write { $allowed max_size = 1000 }"
	refused 'a size above the limit' '3 larger than is allowed' in/new \
	    'tsize|1001'
	told 'a size at the limit' 'OACK tsize=1000
ACK 1
ACK 2' 'wrq in/new|octet|tsize|1000' recv 'data 1 512' recv 'data 2 488' recv
	is 'is taken' "$(s stat -c %s $served/in/new)" 1000
	told 'one that is not told' 'ACK 0
ACK 1
ERROR 3 larger than is allowed' 'wrq in/more|octet' recv 'data 1 512' recv \
	    'data 2 489' recv
	told 'one that was a lie' 'OACK tsize=1
ACK 1
ERROR 3 larger than is allowed' 'wrq in/more|octet|tsize|1' recv \
	    'data 1 512' recv 'data 2 512' recv
	is 'leave nothing' "$(names $served/in)" \
	    './deep ./fixed ./new ./old '
	s rm $served/in/new
}

# Relative ones below each root, absolute ones where they are.
directories() {
	with 'root = { "/srv/tftp", "/srv/two" }' \
	    "write { $allowed dirs = { \"in/deep\", \"/srv/two/also\" } }"
	put in/deep/new
	refused 'not beside it' '2 Access violation' in/new
	refused 'not above it' '2 Access violation' new
	refused 'not what begins like it' '2 Access violation' in/deeper
	refused 'not by way of it' '2 Access violation' in/deep/../new
	told 'a directory below the second root' 'ACK 0
ACK 1' 'wrq also/new|octet' recv 'data 1 1' recv
	is 'is found there' "$(names /srv/two/also)" './new '
	s rm $served/in/deep/new
	with 'root = { "/srv/tftp", "/srv/two" }' "write { $allowed }"
	told 'what is there already' 'ACK 0
ACK 1' 'wrq in/there|octet' recv 'data 1 2' recv
	is 'is written there' "$(s cat /srv/two/in/there)" xx
	is 'and not elsewhere' "$(names $served/in)" './deep ./fixed ./old '
	put in/first
	is 'what is new goes to the first' "$(names /srv/two/in)" './there '
	s rm $served/in/first
}

# Nothing but the old file is seen while the new one comes in.
appearance() {
	with "write { $allowed }"
	s sh -c "echo old >$served/in/old"
	c "$probe" 10.0.0.1 'wrq in/old|octet|timeout|9' recv 'data 1 512' \
	    recv 'use 1' 'wrq in/new|octet|timeout|9' recv 'data 1 512' recv \
	    "wait $LAB_DIR/looked" 'data 2 0' recv 'use 0' 'data 2 5' recv \
	    >answers 2>&1 &
	ok 'two uploads come in' lab_until 10 count bytes.received 1024
	is 'neither is seen' "$(names $served/in)" './deep ./fixed ./old '
	is 'nor the old one changed' "$(s cat $served/in/old)" old
	: >looked
	wait $!
	is 'they end' "$(tr '\n' ' ' <answers)" \
	    'OACK timeout=9 ACK 1 OACK timeout=9 ACK 1 ACK 2 ACK 2 '
	is 'and are there' "$(s stat -c '%n %s' $served/in/old \
	    $served/in/new | tr '\n' ' ')" \
	    "$served/in/old 517 $served/in/new 512 "
	s rm $served/in/new
}

# The name comes after the file's sync, the last ACK after the directory's;
# who waits for that holds up nobody.
syncing() {
	s sh -c "echo old >$served/in/old"
	fault="LD_PRELOAD=$O/tests/fault.so FAULT=fdatasync=delay:4000:times:1"
	with "write { $allowed }"
	c "$probe" 10.0.0.1 'wrq in/new|octet' recv 'data 1 5' 'fence tid' \
	    rest 'use 1' 'rrq in/old|octet' 'skip 1' 'ack 1' rest 'use 2' \
	    'wrq in/other|octet' recv 'data 1 512' recv 'error 0 no' \
	    'use 0' rest recv >answers 2>&1 &
	lab_until 10 grep -q nothing answers
	is 'no name while the file is synced' "$(names $served/in)" \
	    './deep ./fixed ./old '
	wait $!
	is 'others are served while the ACK waits' \
	    "$(tr '\n' ' ' <answers)" \
	    'ACK 0 nothing nothing ACK 0 ACK 1 nothing ACK 1 '
	is 'then it is there' "$(s cat $served/in/new)" xxxxx
	s rm $served/in/new
	fault=${fault%=delay*}=delay:4000:times:1:calls:1
	with "write { $allowed }"
	c "$probe" 10.0.0.1 'wrq in/new|octet' recv 'data 1 5' \
	    "wait $LAB_DIR/there" rest recv >answers 2>&1 &
	ok 'the name is there' lab_until 10 s test -e $served/in/new
	: >there
	wait $!
	is 'the ACK waits for its directory' "$(tr '\n' ' ' <answers)" \
	    'ACK 0 nothing ACK 1 '
	s rm $served/in/new
	fault=
}

# broken WHAT FAULT ERE: what curl is told; and nothing is left.
broken() {
	fault="LD_PRELOAD=$O/tests/fault.so FAULT=$2"
	with "write { $allowed }"
	out=$(c curl -v --tftp-blksize 1428 -T file \
	    tftp://10.0.0.1/in/broken 2>&1)
	like "$1" "$out" "$3"
	out=$(c curl -v --tftp-blksize 1428 -T file \
	    tftp://10.0.0.1/in/old 2>&1)
	like "$1, in place of another" "$out" "$3"
	is 'nothing is left' "$(names $served/in)" './deep ./fixed ./old '
	is 'the old one stays' "$(s cat $served/in/old)" old
	fault=
}

faults() {
	broken 'a sync that fails' 'fdatasync=EIO' \
	    'TFTP error: the server cannot write'
	broken 'a full disk at the sync' 'fdatasync=ENOSPC' \
	    'TFTP error: Disk full or allocation exceeded'
	broken 'a write that fails' 'write=EIO:after:100k:path:/srv/*' \
	    'TFTP error: the server cannot write'
	broken 'a disk that fills up' 'write=ENOSPC:after:100k:path:/srv/*' \
	    'TFTP error: Disk full or allocation exceeded'
	broken 'a quota' 'write=EDQUOT:path:/srv/*' \
	    'TFTP error: Disk full or allocation exceeded'
	with "write { $allowed }"
	s mount -t tmpfs -o size=100k,mode=777 small $served/in/deep
	out=$(c curl -v -T file tftp://10.0.0.1/in/deep/file 2>&1)
	like 'a small file system' "$out" \
	    'TFTP error: Disk full or allocation exceeded'
	is 'nothing is left' "$(names $served/in/deep)" ''
	is 'nor does it hold space' "$(s df --output=used $served/in/deep |
	    tail -n 1 | tr -d ' ')" 0
	s umount $served/in/deep
}

# begun: an upload is under way, its client is $LAB_PID.
begun() {
	lab_bg c "$probe" 10.0.0.1 'wrq in/broken|octet' recv 'data 1 512' \
	    recv 'data 2 512' recv 'use 1' 'wrq in/old|octet' recv \
	    'data 1 512' recv 'wait /never' >answers 2>&1
	lab_until 10 sh -c '[ "$(wc -l <answers)" -eq 5 ]'
}

left() {
	is "$1 leaves nothing" "$(names $served/in)" './deep ./fixed ./old '
	is 'and the old file' "$(s cat $served/in/old)" old
}

killed() {
	with "write { $allowed }"
	healthy 'until then'
	begun
	kill -KILL "$LAB_PID"
	ok 'a client that is gone is given up' lab_until 20 idle
	left 'a killed client'
	begun
	old=$(worker)
	s kill -KILL "$old"
	lab_until 20 eval '[ -n "$(worker)" ] && [ "$(worker)" != "$old" ]'
	left 'a killed worker'
	: >"$log"
	kill -KILL "$LAB_PID"
	put in/after
	s rm $served/in/after
	begun
	kill -KILL "$server"
	wait "$server_job" 2>/dev/null
	lab_until 40 eval '! s pgrep tftpd >/dev/null'
	left 'a killed daemon'
	kill -KILL "$LAB_PID"
	server=
	with "write { $allowed }"
	put in/again
	s rm $served/in/again
}

# putter CLIENT FILE: over and over, until told to end.
putter() {
	until [ -e enough ]; do
		"$1" timeout 5 busybox tftp -p -b 1428 -l "$2" -r in/old \
		    10.0.0.1
	done
}

# Two clients replace one file all the time; the worker is killed again and
# again; what is there is whole, always.
crashes() {
	putter c file >/dev/null 2>&1 &
	first=$!
	putter d other >/dev/null 2>&1 &
	whole=
	for i in 1 2 3 4 5; do
		ok "uploads go on ($i)" lab_until 20 some
		s kill -KILL "$(worker)"
		s cmp -s $served/in/old "$LAB_DIR/file" ||
		    s cmp -s $served/in/old "$LAB_DIR/other" ||
		    whole="$whole $i"
	done
	is 'the file is always whole' "$whole" ''
	lab_until 20 some
	: >enough
	wait "$first" $!
	ok 'all come to an end' lab_until 20 idle
	is 'nothing else is there' "$(names $served/in)" \
	    './deep ./fixed ./old '
	: >"$log"
}

# A worker is there and has had some uploads.
some() {
	[ -n "$(worker)" ] || return
	new=$(counter transfers.ok)
	[ "$new" -gt $((${seen:=0} + 5)) ] || return
	seen=$new
}

# Of two names for one moment, as when a file is replaced, the wrong one may
# stay when all ends there: the next upload to that directory removes it.
stale() {
	s sh -c "cd $served/in && echo x >.tftpd-0123456789abcdef &&
	    echo x >.tftpd-0123456789abcdea && chown _tftpd .tftpd-* &&
	    echo y >.tftpd-mine"
	lab_bg s flock $served/in/.tftpd-0123456789abcdea sleep 1000
	kill -KILL "$server"
	wait "$server_job" 2>/dev/null
	lab_until 40 eval '! s pgrep tftpd >/dev/null'
	server=
	with "write { $allowed }"
	put in/first
	is 'what an earlier end left goes, what is in use stays' \
	    "$(names $served/in)" "$(printf './%s ' \
	    .tftpd-0123456789abcdea .tftpd-mine deep first fixed old)"
	kill "$LAB_PID"
}

site
files
permission
limits
directories
appearance
syncing
faults
killed
crashes
stale
stop
done_testing
