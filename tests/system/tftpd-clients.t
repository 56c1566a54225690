#!/bin/sh
# Real clients against tftpd, both ways, over IPv4 and IPv6: sizes around block
# boundaries and behind block 65535, options, netascii, crowds, loss.
# shellcheck disable=SC2016 # those of other shells
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/tftpd.sh"

small='0 1 511 512 513 1428 14280'
clients='hpa atftp curl busybox'

url() {
	case $1 in
	*:*) echo "tftp://[$1]/$2" ;;
	*) echo "tftp://$1/$2" ;;
	esac
}

# get CLIENT ADDRESS NAME FILE; hpa's status says nothing. Of a file without
# bytes curl takes a tsize of 0 for an error and makes no file.
get() {
	rm -f "$4"
	blksize='--tftp-blksize 1428'
	[ "$3" != f0 ] || blksize=--tftp-no-options
	case $1 in
	hpa) c tftp -m binary "$2" -c get "$3" "$4" ;;
	atftp)
		c atftp --get -r "$3" -l "$4" --option 'blksize 1428' \
		    --option 'windowsize 16' --option 'tsize 0' "$2"
		;;
	curl)
		# shellcheck disable=SC2086 # words
		c curl -sS $blksize -o "$4" "$(url "$2" "$3")" && : >>"$4"
		;;
	busybox) c busybox tftp -g -b 1428 -r "$3" -l "$4" "$2" ;;
	esac
}

# put CLIENT ADDRESS FILE NAME
put() {
	case $1 in
	hpa) c tftp -m binary "$2" -c put "$3" "$4" ;;
	atftp)
		c atftp --put -l "$3" -r "$4" --option 'blksize 1428' \
		    --option 'windowsize 16' "$2"
		;;
	curl) c curl -sS --tftp-blksize 1428 -T "$3" "$(url "$2" "$4")" ;;
	busybox) c busybox tftp -p -b 1428 -l "$3" -r "$4" "$2" ;;
	esac
}

got() {
	get "$2" "$3" "$4" got >client 2>&1
	same "$1" "f$5" got
}

stored() {
	put "$2" "$3" "f$4" "in/$1" >client 2>&1
	there "$1" "f$4" "in/$1"
	s rm -f "$served/in/$1"
}

# there WHAT FILE NAME: the server has it now, or soon: some clients end before
# the last ACK.
there() {
	ok "$1" lab_until 5 s cmp -s "$LAB_DIR/$2" "$served/$3"
}

files() {
	for n in $small 200000 1000000 10485760 33554433; do
		head -c "$n" /dev/urandom >"f$n"
		s cp "$LAB_DIR/f$n" $served
	done
	# CR and LF, alone and together, before, at and behind the end of a
	# block.
	perl -e 'for my $s ("\n", "\r", "\r\n", "\n\r", "\r\r", "\n\n", "\r\0") {
		print "x" x $_, $s, "y" for 250 .. 258;
	} print "\r"' >ftext
	perl -pe 's/\r/\r\0/g; s/\n/\r\n/g' ftext >fwire
	s cp "$LAB_DIR/ftext" $served
	s mkdir -p $served/in
	s chown _tftpd $served/in
}

sizes() {
	for n in $small; do
		for client in $clients; do
			for a in 10.0.0.1 2001:db8::1; do
				got "$client gets $n bytes from $a" "$client" \
				    $a "f$n" "$n"
				stored "$client-puts-$n-by-${a%%[:.]*}" \
				    "$client" $a "$n"
			done
		done
	done
}

large() {
	for client in $clients; do
		got "$client gets 10 MiB" "$client" 10.0.0.1 f10485760 10485760
		stored "$client-puts-10MiB" "$client" 2001:db8::1 10485760
	done
	# Of 512 bytes these are 65537 blocks: their number wraps to 0.
	got 'hpa gets 32 MiB' hpa 10.0.0.1 f33554433 33554433
	stored 'hpa-puts-32MiB' hpa 10.0.0.1 33554433
	c busybox tftp -g -r f33554433 -l got 2001:db8::1 >client 2>&1
	same 'busybox gets them' f33554433 got
	c atftp --get -r f33554433 -l got --option 'windowsize 32' 10.0.0.1 \
	    >client 2>&1
	same 'atftp gets them in windows' f33554433 got
	c atftp --put -l f33554433 -r in/w --option 'windowsize 32' 10.0.0.1 \
	    >client 2>&1
	there 'and puts them' f33554433 in/w
	s rm -f $served/in/w
	c curl -sS --tftp-no-options -o got "$(url 10.0.0.1 f33554433)"
	same 'curl gets them' f33554433 got
}

# logged WHAT ERE: a line of the transfer log.
logged() {
	ok "$1" lab_until 5 grep -Eq "$2" "$log"
}

options() {
	: >"$log"
	get atftp 10.0.0.1 f14280 got >client 2>&1
	logged 'blksize and windowsize are granted' \
	    'name=f14280 .*bytes=14280 .*blksize=1428 window=16 .*result=ok'
	out=$(c atftp --trace --get -r f14280 -l got --option 'tsize 0' \
	    --option 'timeout 3' --option 'windowsize 1000' 10.0.0.1 2>&1)
	like 'an OACK as atftp sees it' "$out" \
	    'OACK <timeout: 3, tsize: 14280, windowsize: 64>|OACK.*14280'
	out=$(c curl -v --tftp-blksize 65464 -o got \
	    "$(url 10.0.0.1 f14280)" 2>&1)
	like 'as curl sees it: blocks fit the MTU' "$out" \
	    'blksize parsed from OACK \(1468\)'
	like 'and the size' "$out" 'tsize parsed from OACK \(14280\)'
	same 'the file' f14280 got
	out=$(s curl -v --tftp-blksize 65464 -o got \
	    "$(url 127.0.0.1 f14280)" 2>&1)
	like 'on the loopback they may be large' "$out" \
	    'blksize parsed from OACK \(65464\)'
	out=$(c curl -v --tftp-blksize 65464 -o got \
	    "$(url 10.0.0.3 f14280)" 2>&1)
	like 'and by the wire not, after that' "$out" \
	    'blksize parsed from OACK \(1468\)'
	c atftp --get -r f513 -l got --option 'blksize 8' 10.0.0.1 >client 2>&1
	same 'blksize 8' f513 got
	logged 'is granted' 'name=f513 .*blksize=8 window=1 .*result=ok'
}

netascii() {
	c tftp -m netascii 10.0.0.1 -c get ftext got >client 2>&1
	same 'hpa gets netascii' ftext got
	c tftp -m netascii 2001:db8::1 -c put ftext in/text >client 2>&1
	there 'and puts it' ftext in/text
	for b in 8 255 512 1428; do
		c curl -sS -B --tftp-blksize $b -o got "$(url 10.0.0.1 ftext)"
		same "netascii in bytes, blksize $b" fwire got
		c curl -sS -B --tftp-blksize $b -T fwire \
		    "$(url 10.0.0.1 in/text$b)"
		there 'and back' ftext in/text$b
	done
	c atftp --get -r ftext -l got --option 'mode netascii' \
	    --option 'windowsize 7' --option 'blksize 8' 10.0.0.1 >client 2>&1
	same 'atftp gets it in windows' ftext got
	# More than is kept in memory, longer on the wire than in the file.
	seq 200000 >flines
	s cp "$LAB_DIR/flines" $served
	c tftp -m netascii 10.0.0.1 -c get flines got >client 2>&1
	same 'a large file of short lines' flines got
	s sh -c "rm $served/in/*"
}

failures() {
	out=$(c tftp -m binary 10.0.0.1 -c get missing got 2>&1)
	is 'hpa is told' "$out" 'Error code 1: File not found'
	out=$(c busybox tftp -g -r missing -l got 10.0.0.1 2>&1)
	is 'busybox is told' "$out" 'tftp: server error: (1) File not found'
	out=$(c atftp --get -r missing -l got 10.0.0.1 2>&1)
	like 'atftp is told' "$out" 'File not found'
	c curl -s -o got "$(url 2001:db8::1 missing)"
	is 'curl is told' $? 68
	c curl -s -T f513 "$(url 10.0.0.1 missing)"
	is 'that it may not write' $? 69
}

# Every client at once, six times; what each got is compared at the end.
crowd() {
	jobs=
	for i in 1 2 3 4 5 6; do
		for client in $clients; do
			get "$client" 10.0.0.1 f1000000 "got-$client-$i" \
			    >client-$i 2>&1 &
			jobs="$jobs $!"
			put "$client" 2001:db8::1 f14280 "in/$client-$i" \
			    >client-$i 2>&1 &
			jobs="$jobs $!"
		done
	done
	for j in $jobs; do
		wait "$j"
	done
	for i in 1 2 3 4 5 6; do
		for client in $clients; do
			same "$client $i of many" f1000000 "got-$client-$i"
			rm -f "got-$client-$i"
			there "and its upload" f14280 "in/$client-$i"
		done
	done
}

# lossy NTH BYTES: of each client's transfer each NTH packet is lost. The first
# are spared: clients do badly when what is lost is their request or the first
# answer (atftp gives up at a second OACK, others wait 5 s), which is theirs.
# What is lost of an upload only the client's timer finds; busybox has a short
# one. curl asks for a timeout of 6 s unless told to ask for nothing.
lossy() {
	for client in hpa atftp busybox curl; do
		lab_lose c eth0 "$1"
		if [ "$client" = curl ]; then
			c curl -sS --tftp-no-options -o got \
			    "$(url 10.0.0.1 "f$2")" >client 2>&1
		else
			get "$client" 10.0.0.1 "f$2" got >client 2>&1
		fi
		same "$client gets $2 bytes, every ${1}th packet lost" "f$2" got
	done
	lab_lose c eth0 "$1"
	put busybox 10.0.0.1 "f$2" in/lossy >client 2>&1
	there 'busybox puts them' "f$2" in/lossy
	s rm -f $served/in/lossy
	lab_loss c eth0 0
}

# The answer comes from the address that was asked, or it is not taken.
addresses() {
	lab_in s ip addr add 2001:db8::3/64 dev eth0 nodad
	for a in 10.0.0.1 10.0.0.3 2001:db8::1 2001:db8::3; do
		for client in $clients; do
			got "$client asks $a" "$client" $a f513 513
		done
		told "$a answers itself" 'DATA 1 512' $a 'rrq f513|octet' \
		    recv 'error 0 bye'
		told "and refuses itself" 'ERROR 1 File not found' $a \
		    'rrq missing|octet' recv
	done
	a=$(s ip -6 -o addr show dev eth0 scope link |
	    sed 's|.*inet6 \([^/]*\)/.*|\1|')
	told 'a link-local address' 'DATA 1 513' "$a%eth0" \
	    'rrq f513|octet|blksize|1024' 'skip 1' 'ack 0' recv 'ack 1'
}

site
files
configure 'write { enable = yes create = yes dirs = { "in" } }'
serve
sizes
large
options
netascii
failures
crowd
lossy 97 1000000
lossy 19 200000
addresses
is 'all went well' "$(counter transfers.failed)" 0
# A client that ended and whose last ACK was lost is given up after a while.
ok 'nothing is under way' lab_until 90 idle
is 'nothing was left behind' "$(names $served/in | grep -o '/\.' )" ''
stop
done_testing
