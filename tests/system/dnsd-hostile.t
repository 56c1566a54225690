#!/bin/sh
# dnsd and messages that are nearly good: cut, with pointers and counts that
# lie, with changed bytes; it goes on answering, and nothing has changed.
# shellcheck disable=SC1091,SC2016 # zones have dollars
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dnsd.sh"

begin() {
	site
	echo 'key "k" { algorithm hmac-sha256; secret "bG9uZyBlbm91Z2ggdG8gYmUgc2VjdXJl"; };' |
	    s sh -c 'umask 077; cat >/etc/basenet/k.key'
	for z in dyn.test sec.test; do
		printf '%s\n' '$TTL 1h' '@ SOA ns host 1 1h 15m 1w 10m' \
		    '	NS ns' 'ns A 10.0.0.1' '	AAAA 2001:db8::1' |
		    zone "$z.zone"
	done
	configure 'key "k" { file = "/etc/basenet/k.key" }' \
	    'identity = "s.lab"' 'tcp_per_client = 256' \
	    'zone "dyn.test" { allow_transfer = "any" update "k" { } }' \
	    'zone "sec.test" { primaries = "10.0.0.2"' \
	    'allow_transfer = "key:k" }'
	serve
}

# hostile ADDRESS NAME ZONE
hostile() {
	worker=$(worker)
	out=$(c timeout 120 "$O/tests/system/dns-hostile" "$1" 53 "$2" "$3" k)
	is "$1, $3: every message, and every answer is one" \
	    "$(echo "$out" | sed 's/sent.*wrong/wrong/')" \
	    'question wrong 0 alive
edns wrong 0 alive
signed wrong 0 alive
axfr wrong 0 alive
ixfr wrong 0 alive
notify wrong 0 alive
update wrong 0 alive'
	is "$1, $3: by the same worker" "$(worker)" "$worker"
	diag "$out"
}

begin
hostile "$v4" ns.dyn.test dyn.test
hostile "$v6" ns.dyn.test sec.test
is 'nothing was changed' "$(ctl zones | sed -n '/^dyn/s/.* serial//p')" \
    ' 1 records 4'
is 'no connection is left' "$(counter tcp.open)" 0
stop
[ "$tap_failed" -eq 0 ] || diag_file "$log"
done_testing
