#!/bin/sh
# dnsd and clients that do not behave: connections that are idle, slow, many or
# make no sense, and the same question again and again.
# shellcheck disable=SC1091,SC2016
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dnsd.sh"
probe=$O/tests/system/dns-probe

begin() {
	site
	for i in 10 11 12 13; do
		c ip addr add 10.0.0.$i/24 dev eth0
	done
	{
		printf '%s\n' '$TTL 1h' '@ SOA ns host 1 1h 15m 1w 10m' \
		    '	NS ns' 'ns A 10.0.0.1' \
		    "long TXT $(seq -s ' ' -f 'x%0250.0f' 1 200)"
		seq -f 'h%.0f TXT "some text that makes it longer"' 1 20000
	} | zone lab.test.zone
}

# with KEY...: dnsd with these keys.
with() {
	configure "zone \"lab.test\" { allow_transfer = \"any\" }" "$@"
	serve
}

# told WHAT WANTED STEP...
told() {
	what=$1 want=$2
	shift 2
	is "$what" "$(c timeout 30 "$probe" "$v4" 53 "$@" 2>&1 | xargs)" \
	    "$want"
}

good='ask ns.lab.test 1 1'

messages() {
	told 'byte by byte' '0' conn 'slowly ns.lab.test' 'answers 1'
	told 'a length of nothing' 'closed after 0 s' conn 'bytes 0000' end
	told 'of one byte' 'closed after 0 s' conn 'bytes 000100' end
	told 'of half a header' 'closed after 0 s' conn \
	    'bytes 000600000000000000' end
	told 'what is good before that is answered' '0 closed' conn "$good" \
	    'sleep 100' 'bytes 0000' 'answers 2'
	told 'no question at all' '1' conn \
	    'bytes 000c000000000000000000000000' 'answers 1'
	told 'an answer is not answered, and the next question is' '0' conn \
	    'bytes 000c000080000000000000000000' "$good" 'answers 1'
	told 'who sends no more gets all answers' '0 0 0 closed' conn \
	    'ask ns.lab.test 1 3' shut 'answers 4'
	told 'the longest message that says nothing' 'closed after 1 s' conn \
	    'bytes ffff0000' end
	told 'a transfer, and what was asked behind it' '0' conn \
	    'ask lab.test 252 1' "$good" 'sleep 500' 'answers 1'
	like 'all of it' "$(c "$probe" "$v4" 53 conn 'ask lab.test 252 2' \
	    stream)" '^[0-9][0-9][0-9]* messages'
}

deadlines() {
	told 'idle' 'closed after 1 s' conn end
	told 'idle after an answer' '0 closed after 1 s' conn "$good" \
	    'answers 1' end
	told 'half a message' 'closed after 1 s' conn 'bytes 001e0000' end
	told 'who asks is not idle' '0 0 0 open' conn "$good" 'answers 1' \
	    'sleep 700' "$good" 'answers 1' 'sleep 700' "$good" 'answers 1' \
	    alive
	told 'who does not read' 'closed after 1 s' conn \
	    'ask long.lab.test 16 2000' end
	told 'or not a transfer' 'closed after 1 s' conn \
	    'ask lab.test 252 100' end
	isnt 'they are counted' "$(counter tcp.timeouts)" 0
	is 'and all are gone' "$(counter tcp.open)" 0
}

# Five of the six that one client has, eight in all.
numbers() {
	refused=$(counter tcp.refused)
	told 'one too many for a client' 'closed open' conn conn conn conn \
	    conn conn 'sleep 200' alive 'use 1' alive
	ok 'is counted' count tcp.refused $((refused + 1))
	told 'others are not concerned' open conn conn conn conn conn \
	    "conn 10.0.0.10" 'sleep 200' alive
	told 'the greediest loses the one idle longest' \
	    'closed open open open' \
	    conn conn conn conn conn 'conn 10.0.0.10' 'conn 10.0.0.11' \
	    'conn 10.0.0.12' 'sleep 100' 'conn 10.0.0.13' 'sleep 200' \
	    'use 1' alive 'use 2' alive 'use 6' alive 'use 9' alive
	told 'not the one that it has just used' '0 closed' \
	    conn conn conn conn conn 'conn 10.0.0.10' 'conn 10.0.0.11' \
	    'conn 10.0.0.12' 'sleep 100' 'use 1' "$good" 'answers 1' \
	    'conn 10.0.0.13' 'sleep 200' 'use 2' alive
	half='bytes 001e0000'
	told 'half messages protect nobody' 'closed open 0' \
	    conn "$half" conn "$half" conn "$half" conn "$half" \
	    conn "$half" 'conn 10.0.0.10' "$half" 'conn 10.0.0.11' "$half" \
	    'conn 10.0.0.12' "$half" 'sleep 100' 'conn 10.0.0.13' \
	    'sleep 200' 'use 1' alive 'use 2' alive 'use 9' "$good" \
	    'answers 1'
	lazy='ask long.lab.test 16 2000'
	told 'nor do answers that nobody reads, against who has fewer' '0' \
	    conn "$lazy" conn "$lazy" conn "$lazy" conn "$lazy" \
	    'conn 10.0.0.10' "$lazy" 'conn 10.0.0.10' "$lazy" \
	    'conn 10.0.0.10' "$lazy" 'conn 10.0.0.10' "$lazy" \
	    'sleep 200' 'conn 10.0.0.13' "$good" 'answers 1'
}

many() {
	# shellcheck disable=SC2046 # words
	told 'many at once' '0' $(printf 'conn %.0s' $(seq 60)) \
	    "$good" 'answers 1'
}

rates() {
	out=$(c "$load" -s 1 -w 100 "$v4" 53 2 ns.lab.test)
	like 'questions again and again are lost' "$out" ' lost [1-9]'
	isnt 'dropped' "$(counter rate_limit.dropped)" 0
	isnt 'or truncated' "$(counter rate_limit.slipped)" 0
	is 'by TCP they are answered' \
	    "$(ask +tcp +short ns.lab.test)" 10.0.0.1
	out=$(c "$load" -s 1 -w 20 "$v4" 53 2 "nothing.lab.test")
	like 'denials, too' "$out" ' lost [1-9]'
	is 'another network is not concerned' \
	    "$(c dig "@$v6" +norecurse +short +tries=1 ns.lab.test)" 10.0.0.1
}

begin
with 'tcp_idle = 1s' 'tcp_clients = 100' 'tcp_per_client = 100'
messages
deadlines
many
stop 'so far'
with 'tcp_idle = 10s' 'tcp_clients = 8' 'tcp_per_client = 5' 'workers = 1'
numbers
stop 'with limits'
with 'rate_limit { responses = 5 slip = 3 }'
rates
stop 'with rates'
[ "$tap_failed" -eq 0 ] || diag_file "$log"
done_testing
