#!/bin/sh
# dnsd-checkzone: its status and what it prints; and BIND makes the same bytes
# of the same text.
# shellcheck disable=SC2016 # dollars of master files
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"

check=$O/sbin/dnsd-checkzone
seeds=$SRC/tests/fuzz/seeds/dnsd/zonefile
cd "$LAB_DIR" || exit

# said WHAT STATUS WANT ARG...: it exits so, and says exactly that; its name
# and number before a message do not count.
said() {
	what=$1 status=$2 want=$3
	shift 3
	got=$("$check" "$@" 2>&1)
	is "$what: status" $? "$status"
	is "$what" "$(printf '%s\n' "$got" |
	    sed 's/^dnsd-checkzone\[[0-9]*\]: //')" "$want"
}

head='$TTL 1h
@ SOA ns host 1 1h 15m 1w 10m
@ NS ns
ns A 192.0.2.1'

printf '%s\n' "$head" >good
printf '%s\n' "$head" 'a A 192.0.2.256' 'b A 192.0.2.2' 'c FOO' >bad
printf '%s\n' "$head" 'a CNAME b' 'a TXT x' >clash
printf '%s\n' "$head" '@ MX 1 mail' >odd
printf '%s\n' "$head" 'other.example. A 192.0.2.9' >outside
printf '%s\n' "$head" '@ SOA ns host 2 1h 15m 1w 10m' >twice
printf '%s\n' '$TTL 1h' '@ NS ns' 'ns A 192.0.2.1' >nosoa
printf '%s\n' "$head" '$INCLUDE part sub' >whole
printf '%s\n' 'x A 192.0.2.3' 'y A 1' >part

said 'a good zone' 0 '' lab.test good
said 'its name with a dot' 0 '' lab.test. good
said 'wrong lines, by file and line' 1 \
    'bad:5: A: "192.0.2.256" is no IPv4 address
bad:7: "FOO" is no type' lab.test bad
said 'included files, too' 1 'part:2: A: "1" is no IPv4 address' lab.test whole
said 'a CNAME and more' 1 'clash: a.lab.test.: a CNAME and other records' \
    lab.test clash
said 'what is odd is a zone' 0 \
    'odd: lab.test.: MX mail.lab.test. has no address in the zone' lab.test odd
said 'another zone' 1 'outside:5: the name is not in the zone' \
    lab.test outside
said 'two SOAs' 1 'twice:5: a second SOA' lab.test twice
said 'no SOA' 1 'nosoa: there is no SOA of the zone'\''s name' lab.test nosoa
said 'no file' 1 'none: cannot be read: No such file or directory' \
    lab.test none
said 'no name' 1 'a..b: no name of a zone' a..b good
nok 'no arguments' "$check"
nok 'an unknown option' "$check" -q lab.test good

# -x: every record but those of wrong lines
ok 'the teaching zone' "$check" example.com "$seeds/teaching"
"$check" -x lab.test bad >hex 2>told
is 'a dump of a wrong zone: status' $? 1
is 'goes on behind a bad line' "$(cat hex)" \
    'lab.test. 3600 IN SOA \# 48 026e73036c616204746573740004686f7374036c61620474657374000000000100000e100000038400093a8000000258
lab.test. 3600 IN NS \# 13 026e73036c6162047465737400
ns.lab.test. 3600 IN A \# 4 c0000201
b.lab.test. 3600 IN A \# 4 c0000202'
is 'errors are told once' "$(wc -l <told)" 2

# -s
"$check" -s lab.test good >size
like 'the serial' "$(cat size)" '^serial 1$'
like 'names' "$(cat size)" '^names 2$'
like 'records' "$(cat size)" '^records 3$'
like 'memory' "$(cat size)" '^memory [0-9]+ bytes$'
like 'time' "$(cat size)" '^time [0-9]+\.[0-9]+ s$'

# example N: of the page; its first is the zone that is often taught.
example() {
	awk -v n="$1" '/^\.Sh EXAMPLES/ { on = 1 }
	    on && /^\.Ed/ { in_it = 0 }
	    in_it { print }
	    on && /^\.Bd/ { in_it = ++i == n }' \
	    "$SRC/man/man5/dnsd.zone.5" | sed 's/\\e/\\/g'
}
example 1 >example
same 'the page has the teaching zone' example "$seeds/teaching"
{ example 1; example 2; } >example
"$check" -s example.com example >size 2>&1
is "the page's second example" $? 0
like 'it has a delegation' "$(cat size)" '^delegations 1$'
example 3 >example
"$check" -s 2.0.192.in-addr.arpa example >size
like "the page's third" "$(cat size)" '^records 102$'

# The oracle: a zone of every type, through named-compilezone and not.
named-compilezone -q -k ignore -i none -s full -o by-bind example \
    "$seeds/types" 2>/dev/null
is 'BIND reads every type' $? 0
"$check" -x example "$seeds/types" 2>/dev/null |
    tr '[:upper:]' '[:lower:]' | sort >ours
"$check" -x example by-bind 2>/dev/null |
    tr '[:upper:]' '[:lower:]' | sort >theirs
ok 'there are as many types' test "$(wc -l <ours)" -gt 90
same 'BIND writes what we read' ours theirs
done_testing
