#!/bin/sh
# tftpd and packets that no good client sends: each gets the RFC's error or
# silence, no second copy, and the daemon goes on.
# shellcheck disable=SC2016 # those of other shells
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/tftpd.sh"

zeroes() {
	printf "%0$1d" 0
}

files() {
	printf 'small\n' >small
	head -c 4000 /dev/urandom >four
	seq 20000 | head -c 60000 >sixty
	printf 'a\nb\rc\r\nd' >text
	s sh -ec 'cd /srv/tftp
		cp "$LAB_DIR/small" "$LAB_DIR/four" "$LAB_DIR/sixty" \
		    "$LAB_DIR/text" .
		mkdir -p sub in shut /srv/other
		echo secret >/srv/other/secret
		cp small sub/inside
		ln -s /srv/other/secret out-file
		ln -s ../other/secret out-relative
		ln -s ../other out-dir
		ln -s sub/inside in-link
		ln -s loop loop
		mkfifo fifo
		# An ordinary user makes no devices, but has some.
		for d in "device c 1 3" "disk b 7 0"; do
			mknod $d 2>/dev/null || {
				: >${d%% *}
				mount -n --bind /dev/null ${d%% *}
			}
		done
		cp small unreadable
		chmod 600 unreadable
		cp small shut
		chmod 700 shut
		chown _tftpd in'
}

# refused WHAT ERROR STEP: an answer, and one only.
refused() {
	told "$1" "ERROR $2
nothing" "$3" recv fence rest
}

# silent WHAT STEP...
silent() {
	what=$1
	shift
	told "$what" nothing "$@" fence rest
}

requests() {
	refused 'no terminator' '4 File name without an end' \
	    'bytes \x00\x01small'
	refused 'no name' '4 No file name' 'rrq |octet'
	refused 'no mode' '4 No mode' 'bytes \x00\x01small\x00'
	refused 'an empty mode' '4 Unknown mode' 'rrq small|'
	refused 'a mode without an end' '4 No mode' \
	    'bytes \x00\x01small\x00octet'
	refused 'an unknown mode' '4 Unknown mode' 'rrq small|binary'
	refused 'mail' '4 Unknown mode' 'wrq alice|mail'
	refused 'an option repeated' '8 Option repeated' \
	    'rrq small|octet|blksize|512|blksize|512'
	refused 'an option repeated in capitals' '8 Option repeated' \
	    'rrq small|octet|tsize|0|blksize|512|TSIZE|0'
	refused 'an option without a value' '4 Option without a value' \
	    'rrq small|octet|blksize'
	refused 'an option without an end' '4 Malformed options' \
	    'bytes \x00\x01small\x00octet\x00blksize'
	refused 'two bytes' '4 File name without an end' 'bytes \x00\x01'
	refused '513 bytes' '4 Request too long' "rrq $(zeroes 504)|octet"
	refused '512 bytes' '1 File not found' "rrq $(zeroes 503)|octet"
	refused 'a name of 500 bytes' '1 File not found' \
	    "rrq $(zeroes 500)|octet"
	refused 'a long path' '1 File not found' \
	    "rrq $(zeroes 200)/$(zeroes 200)/x|octet"
	told 'capitals are no matter' 'DATA 1 6' 'rrq small|OCTET' recv 'ack 1'
	told 'zeroes behind the mode' 'DATA 1 6' \
	    'bytes \x00\x01small\x00octet\x00\x00\x00\x00' recv 'ack 1'
}

silence() {
	silent 'an empty datagram' 'bytes '
	silent 'a datagram of one byte' 'bytes \x00'
	silent 'opcode 0' 'bytes \x00\x00small\x00octet\x00'
	silent 'opcode 7' 'bytes \x00\x07small\x00octet\x00'
	silent 'opcode 257' 'bytes \x01\x01small\x00octet\x00'
	silent 'ERROR to the listening port' 'main error 1 File not found'
	silent 'a short ERROR' 'bytes \x00\x05'
	silent 'DATA' 'main data 1 512'
	silent 'ACK' 'main ack 0'
	silent 'OACK' 'bytes \x00\x06blksize\x008\x00'
	silent 'a request to the broadcast address' 'to 10.0.0.255' \
	    'rrq small|octet' 'to 10.0.0.1'
	silent 'a request to all nodes' 'to ff02::1%eth0' 'rrq small|octet' \
	    'to 2001:db8::1'
}

# granted WHAT OPTIONS ANSWER
granted() {
	told "$1" "$3
nothing" "rrq small|octet|$2" recv 'error 8 no' fence rest
}

options() {
	for v in 7 0 65465 99999999999 18446744073709552128 -5 +8 abc '' ' 8' \
	    8x 0x10; do
		granted "blksize '$v' is passed over" "blksize|$v" 'DATA 1 6'
	done
	granted 'blksize 8' 'blksize|8' 'OACK blksize=8'
	granted 'blksize 65464 is cut to the MTU' 'blksize|65464' \
	    'OACK blksize=1468'
	told 'blksize 65464 by IPv6' 'OACK blksize=1448' 2001:db8::1 \
	    'rrq small|octet|blksize|65464' recv 'error 8 no'
	for v in 0 256 -1 1.5; do
		granted "timeout '$v' is passed over" "timeout|$v" 'DATA 1 6'
	done
	granted 'timeout 255' 'timeout|255' 'OACK timeout=255'
	for v in 0 65536 -1; do
		granted "windowsize '$v' is passed over" "windowsize|$v" \
		    'DATA 1 6'
	done
	granted 'windowsize 65535 is cut to 64' 'windowsize|65535' \
	    'OACK windowsize=64'
	for v in -1 9223372036854775808; do
		granted "tsize '$v' is passed over" "tsize|$v" 'DATA 1 6'
	done
	granted 'tsize' 'tsize|0' 'OACK tsize=6'
	granted 'a bad one among good ones' \
	    'blksize|abc|foo|bar|timeout|3|multicast||tsize|0' \
	    'OACK timeout=3 tsize=6'
	probe 'rrq small|octet|TSIZE|0|blksize|8|WindowSize|4|timeout|2' \
	    skip\ 1 hex 'error 8 no'
	is 'an OACK in bytes' "$out" "0006$(printf '%s' \
	    'blksize|8|timeout|2|tsize|6|windowsize|4|' | od -An -v -tx1 |
	    tr -d ' \n' | sed 's/7c/00/g')"
}

paths() {
	for n in ../other/secret sub/../../other/secret /srv/other/secret \
	    '..\other\secret' 'sub\..\..\other\secret' ../../etc/passwd \
	    /etc/passwd .. ../ / . sub/.. //../other/secret; do
		probe "rrq $n|octet" recv fence rest
		like "$n is not served" "$out" \
		    '^ERROR (1 File not found|2 Access violation)$'
	done
	for n in out-file out-relative out-dir/secret loop device disk fifo \
	    sub unreadable shut/small sub/; do
		refused "$n" '2 Access violation' "rrq $n|octet"
	done
	refused 'a file as a directory' '1 File not found' 'rrq small/x|octet'
	refused 'a NUL ends the name' '4 Unknown mode' \
	    'bytes \x00\x01small\x00/../x\x00octet\x00'
	told 'a link inside' 'DATA 1 6' 'rrq in-link|octet' recv 'ack 1'
	told 'a leading slash' 'DATA 1 6' 'rrq /small|octet' recv 'ack 1'
	told 'a backslash' 'DATA 1 6' 'rrq sub\inside|octet' recv 'ack 1'
	told 'slashes and dots' 'DATA 1 6' 'rrq .//sub/./inside|octet' recv \
	    'ack 1'
	told 'the path from the root on' 'DATA 1 6' \
	    'rrq /srv/tftp/small|octet' recv 'ack 1'
	for n in ../in-x /srv/other/x 'in/../../other/x' '..\x' in in/ fifo \
	    device out-dir/x out-file in-link; do
		probe "wrq $n|octet" recv fence rest
		like "$n is not written" "$out" '^ERROR [12] '
	done
	is 'and nothing is there' "$(names /srv/other)" './secret '
	refused 'control bytes' '1 File not found' \
	    'bytes \x00\x01a\x0a10.0.0.9: forged\x1b[31m\x00octet\x00'
	ok 'are escaped in the log' lab_until 5 grep -F \
	    'name=a\n10.0.0.9: forged\x1b[31m' "$log"
	nok 'so that no line is forged' grep '^10.0.0.9' "$log"
}

# The probe's socket 1 is somebody else's.
strangers() {
	told 'a stranger gets ERROR 5, the transfer goes on' \
	    'DATA 1 512
ERROR 5 Unknown transfer ID
DATA 2 512
nothing' 'rrq four|octet' recv 'use 1' 'tid 0' 'ack 1' recv 'use 0' 'ack 1' \
	    recv 'fence tid' rest 'error 0 bye'
	told 'with DATA and rubbish, too' 'DATA 1 512
ERROR 5 Unknown transfer ID
ERROR 5 Unknown transfer ID
ERROR 5 Unknown transfer ID
DATA 2 512' 'rrq four|octet' recv 'use 1' 'tid 0' 'data 1 512' recv 'raw ' \
	    recv 'raw rubbish' recv 'use 0' 'ack 1' recv 'error 0 bye'
	told 'an ERROR of a stranger is not answered' 'DATA 1 512
nothing
DATA 2 512' 'rrq four|octet' recv 'use 1' 'tid 0' 'error 0 x' \
	    'raw \x00\x05' 'fence tid' rest 'use 0' 'ack 1' recv 'error 0 bye'
	told 'an upload goes on, too' 'ACK 0
ERROR 5 Unknown transfer ID
ACK 1
ACK 2' 'wrq in/a|octet' recv 'use 1' 'tid 0' 'data 1 10' recv 'use 0' \
	    'data 1 512' recv 'data 2 0' recv
	is 'as it was meant' "$(s stat -c %s $served/in/a)" 512
}

copies() {
	told 'a repeated request starts no second copy' 'DATA 1 512
nothing
DATA 2 512' 'rrq four|octet' 'rrq four|octet' 'rrq four|octet' recv fence \
	    rest 'ack 1' recv 'error 0 bye'
	told 'with options' 'OACK blksize=8
nothing' 'rrq four|octet|blksize|8' 'rrq four|octet|blksize|8' recv fence \
	    rest 'error 0 bye'
	told 'a repeated WRQ' 'ACK 0
nothing' 'wrq in/b|octet' 'wrq in/b|octet' recv fence rest 'error 0 bye'
	told 'the same with other options is another request' 'OACK tsize=4000
OACK blksize=8' 'rrq four|octet|tsize|0' recv 'rrq four|octet|blksize|8' \
	    recv 'error 0 bye'
	told 'without them, too' 'OACK tsize=4000
DATA 1 512' 'rrq four|octet|tsize|0' recv 'rrq four|octet' recv \
	    'error 0 bye'
	told 'and in another mode' 'DATA 1 512
DATA 1 512' 'rrq four|octet' recv 'rrq four|netascii' recv 'error 0 bye'
	told 'duplicated ACKs send nothing twice' 'DATA 1 512
DATA 2 512
DATA 3 512
nothing' 'rrq four|octet' recv 'ack 1' 'ack 1' 'ack 1' recv 'fence tid' \
	    'ack 2' 'ack 1' 'ack 2' 'ack 0' recv 'fence tid' rest 'error 0 bye'
	told 'nor do they at the end' 'DATA 8 416
nothing' 'rrq four|octet' 'skip 1' 'ack 1' 'skip 1' 'ack 2' 'skip 1' 'ack 3' \
	    'skip 1' 'ack 4' 'skip 1' 'ack 5' 'skip 1' 'ack 6' 'skip 1' \
	    'ack 7' recv 'ack 8' 'ack 8' 'ack 7' 'fence tid' rest
	told 'an ACK of what was not sent is nothing' 'DATA 1 512
nothing
DATA 2 512' 'rrq four|octet' recv 'ack 2' 'ack 65535' 'ack 0' 'fence tid' \
	    rest 'ack 1' recv 'error 0 bye'
	told 'with a window, too' 'OACK windowsize=2
DATA 1 512
DATA 2 512
nothing
DATA 3 512
DATA 4 512' 'rrq four|octet|windowsize|2' recv 'ack 1' 'ack 7' 'ack 0' recv \
	    recv 'ack 3' 'ack 4' 'ack 65535' 'fence tid' rest 'ack 2' recv \
	    recv 'error 0 bye'
	told 'ACK within a window: on from there' 'DATA 3 512
DATA 4 512
DATA 5 512
nothing' 'rrq four|octet|windowsize|3' 'skip 1' 'ack 0' 'skip 3' 'ack 2' \
	    recv recv recv 'fence tid' rest 'error 0 bye'
	told 'uploads: DATA again is acknowledged again' 'ACK 0
ACK 1
ACK 1
nothing' 'wrq in/b|octet' recv 'data 1 512' recv 'data 1 512' recv \
	    'fence tid' rest 'error 0 bye'
	told 'uploads: DATA of the future is told what is missing, once' \
	    'OACK windowsize=4
ACK 1
nothing' 'wrq in/b|octet|windowsize|4' recv 'data 1 512' 'data 3 512' \
	    'data 4 512' recv 'fence tid' rest 'error 0 bye'
	told 'uploads: block 0 is nothing' 'ACK 0
nothing
ACK 1' 'wrq in/b|octet' recv 'data 0 512' 'data 0 3' 'fence tid' rest \
	    'data 1 512' recv 'error 0 bye'
}

ends() {
	before=$(counter transfers.aborted)
	told 'an ERROR ends it' 'DATA 1 512
ERROR 5 Unknown transfer ID' 'rrq four|octet' recv 'error 0 enough' 'ack 1' \
	    recv
	is 'and is counted' "$(counter transfers.aborted)" $((before + 1))
	ok 'with its words in the log' grep -F \
	    'result=aborted by the client: 0 enough' "$log"
	told 'an ERROR in answer to an OACK' 'OACK tsize=4000
nothing' 'rrq four|octet|tsize|0' recv 'error 8 only asking' 'fence tid' rest
	told 'DATA in a download' 'DATA 1 512
ERROR 4 Illegal TFTP operation
nothing' 'rrq four|octet' recv 'data 1 5' recv 'fence tid' rest
	told 'a request in a download' 'DATA 1 512
ERROR 4 Illegal TFTP operation' 'rrq four|octet' recv \
	    'raw \x00\x01four\x00octet\x00' recv
	told 'a short ACK' 'DATA 1 512
ERROR 4 Illegal TFTP operation' 'rrq four|octet' recv 'raw \x00\x04\x00' recv
	told 'an OACK' 'DATA 1 512
ERROR 4 Illegal TFTP operation' 'rrq four|octet' recv 'raw \x00\x06' recv
	told 'an empty datagram' 'DATA 1 512
ERROR 4 Illegal TFTP operation' 'rrq four|octet' recv 'raw ' recv
	told 'an ACK in an upload' 'ACK 0
ERROR 4 Illegal TFTP operation' 'wrq in/b|octet' recv 'ack 0' recv
	told 'DATA that is too large' 'ACK 0
ERROR 4 block too large' 'wrq in/b|octet' recv 'data 1 513' recv
	told 'the same with blksize 8' 'OACK blksize=8
ACK 1
ERROR 4 block too large' 'wrq in/b|octet|blksize|8' recv 'data 1 8' recv \
	    'data 2 9' recv
	is 'nothing is left of those' "$(names $served/in)" './a '
}

# Each at most 1 + retries times; the probe drains when the server has given
# up.
silence_after() {
	failed=$(counter transfers.failed)
	c "$probe" 10.0.0.1 'rrq four|octet|timeout|1' 'use 1' \
	    'rrq four|octet' 'use 2' 'wrq in/b|octet' 'use 3' \
	    'rrq four|octet|timeout|1' 'skip 1' 'ack 0' \
	    "wait $LAB_DIR/over" 'use 0' rest 'use 1' rest 'use 2' rest \
	    'use 3' rest >rest 2>&1 &
	ok 'the server gives up' lab_until 30 count transfers.failed \
	    $((failed + 4))
	: >over
	wait $!
	is 'after 1 + retries packets' "$(cat rest)" \
	    "$(for n in 'OACK timeout=1' 'DATA 1 512' 'ACK 0' 'DATA 1 512'; do
		printf '%s\n' "$n" "$n" "$n"
	    done)"
	ok 'nothing is under way' idle
}

netascii() {
	told 'netascii in bytes' 'a\x0d\x0ab\x0d\x00c\x0d\x00\x0d\x0ad' \
	    'rrq text|netascii' 'skip 1' body 'ack 1'
	told 'and across blocks' 'OACK blksize=8
a\x0d\x0ab\x0d\x00c\x0d
\x00\x0d\x0ad' 'rrq text|netascii|blksize|8' recv 'ack 0' 'skip 1' body \
	    'ack 1' 'skip 1' body 'ack 2'
	told 'tsize is not known there' 'DATA 1 12' \
	    'rrq text|netascii|tsize|0' recv 'ack 1'
	told 'uploads' 'ACK 0
ACK 1' 'wrq in/t|netascii' recv \
	    'raw \x00\x03\x00\x01a\x0d\x0ab\x0d\x00c\x0d\x0dd\x0d' recv
	is 'are what was meant' \
	    "$(s od -An -tx1 $served/in/t | tr -d ' ')" \
	    "$(printf 'a\nb\rc\r\rd\r' | od -An -tx1 | tr -d ' ')"
	told 'uploads in small blocks' 'OACK blksize=8
ACK 1
ACK 2' 'wrq in/t|netascii|blksize|8' recv \
	    'raw \x00\x03\x00\x01abcdefg\x0d' recv \
	    'raw \x00\x03\x00\x02\x0a\x0d\x00' recv
	is 'keep a pair that was cut' \
	    "$(s od -An -tx1 $served/in/t | tr -d ' ')" \
	    "$(printf 'abcdefg\n\r' | od -An -tx1 | tr -d ' ')"
	s rm $served/in/t
}

# The final ACK is repeated where it was lost (RFC 1350 section 6).
dallying() {
	told 'the last ACK again' 'ACK 0
ACK 1
ACK 1
nothing' 'wrq in/d|octet' recv 'data 1 5' recv 'data 1 5' recv 'fence tid' \
	    rest
	is 'the file is there once' "$(s cat $served/in/d)" xxxxx
	told 'an ERROR after the end is nothing' 'ACK 0
ACK 1
nothing' 'wrq in/d|octet' recv 'data 1 7' recv 'error 0 no' 'fence tid' rest
	is 'the file stays' "$(s cat $served/in/d)" xxxxxxx
	s rm $served/in/d
}

crowd() {
	probe "many 300 $LAB_DIR/sixty sixty|octet|blksize|1428|windowsize|4"
	is '300 at once' "$out" '300 of 300'
	probe 2001:db8::1 "many 300 $LAB_DIR/sixty sixty|octet"
	is '300 at once by IPv6' "$out" '300 of 300'
	probe 'hold 600 wrq in/hold#|octet' release
	is '600 uploads at once' "$out" '600 ACK'
	ok 'which are given up' lab_until 10 idle
	is 'and leave nothing' "$(names $served/in)" './a '
}

# A file is kept a little after its last transfer, but not every file.
shelf() {
	s sh -ec 'mkdir /srv/tftp/many
		cd /srv/tftp/many
		for i in $(seq 0 299); do
			head -c 70000 /dev/zero >$i
		done'
	probe 'hold 300 rrq many/#|octet' release
	is '300 files at once' "$out" '300 DATA'
	ok 'are all left' idle
	ok 'most of them at once' [ "$(descriptors "$pid")" -lt $((fds + 80)) ]
}

flood() {
	probe 'flood 5000 1' 'flood 5000 2' rest
	ok 'after a flood of rubbish it comes to rest' lab_until 30 idle
	told 'and serves' 'DATA 1 6' 'rrq small|octet' recv 'ack 1'
}

descriptors() {
	s sh -c "ls /proc/$1/fd | wc -l"
}

# Files are kept a little longer than their last transfer, and the last ACK of
# an upload is waited for.
no_more() {
	[ "$(descriptors "$pid")" -le "$fds" ]
}

site
files
configure 'retries = 2' 'per_client = 1000' \
    'write { enable = yes create = yes dirs = { "in" } }'
serve
pid=$(worker) fds=$(descriptors "$(worker)")
requests
silence
options
paths
strangers
copies
ends
silence_after
netascii
dallying
crowd
shelf
flood
ok 'no descriptor is lost' lab_until 20 no_more
is 'the worker is the first one' "$(worker)" "$pid"
ok 'and was never started again' sh -c 'grep -q " 0 restarts"' <<-E
	$(ctl status)
	E
stop
done_testing
