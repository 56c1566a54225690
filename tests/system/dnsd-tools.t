#!/bin/sh
# dnsd and what administrators have in their scripts: the tools of ldns, with a
# zone that these signed, and dnspython.
# shellcheck disable=SC1091,SC2016 # zones have dollars
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids
. "$SRC/tests/system/dnsd.sh"

secret=bG9uZyBlbm91Z2ggdG8gYmUgc2VjdXJl

# signed NAME OPTION...: signed.NAME from ldns-signzone, zone NAME.signed
signed() {
	name=$1
	shift
	printf '%s\n' "\$ORIGIN $name." '$TTL 300' \
	    '@ SOA ns host 1 1h 15m 1w 10m' '@ NS ns' 'ns A 10.0.0.1' \
	    'a TXT "one"' '*.wild A 10.0.0.9' 'deep.er.still A 10.0.0.8' \
	    'sub NS ns.sub' 'ns.sub A 10.0.0.7' >"$name.plain"
	key=$(ldns-keygen -a ECDSAP256SHA256 -k "$name" 2>/dev/null) &&
	    ldns-signzone "$@" -o "$name" -f "$name.signed" "$name.plain" \
	        "$key" >&2 && zone "$name.zone" <"$name.signed"
}

begin() {
	site
	ok 'ldns-signzone, NSEC' signed nsec.test
	ok 'ldns-signzone, NSEC3' signed nsec3.test -n -t 0
	printf '%s\n' '$TTL 1h' '@ SOA ns host 1 1h 15m 1w 10m' '@ NS ns' \
	    'ns A 10.0.0.1' | zone plain.test.zone
	echo "key \"k\" { algorithm hmac-sha256; secret \"$secret\"; };" |
	    s sh -c 'umask 077; cat >/etc/basenet/k.key'
	configure 'key "k" { file = "/etc/basenet/k.key" }' \
	    'zone "nsec.test" { allow_transfer = "any" }' \
	    'zone "nsec3.test" { allow_transfer = "any" }' \
	    'zone "plain.test" { allow_transfer = "key:k" update "k" { } }'
	serve
}

# What comes out by transfer is the zone that was signed, whole and valid.
transfers() {
	for name in nsec.test nsec3.test; do
		c drill "@$v4" -t "$name" AXFR | grep -v '^;' |
		    awk 'NF && !($4 == "SOA" && seen++)' >"$name.came"
		ok "ldns-verify-zone: $name" \
		    sh -c 'ldns-verify-zone "$1" >&2' sh "$name.came"
		ldns-read-zone -z "$name.signed" | grep -v '^;' >before
		ldns-read-zone -z "$name.came" | grep -v '^;' >after
		same "ldns-read-zone: $name is as it was signed" after before
	done
	ok 'ldns-walk: every name by its NSEC' \
	    sh -c 'grep -q "^deep\.er\.still\.nsec\.test\." "$1" &&
	    grep -q "^\*\.wild\.nsec\.test\." "$1"' sh walked
}

# What a validator says that has the zone's key as its anchor.
validates() {
	for name in nsec.test nsec3.test; do
		awk '{ sub(/;.*/, "") } $3 == "DNSKEY" {
			printf "trust-anchors { \"%s\" static-key %s %s %s " \
			    "\"%s\"; };\n", $1, $4, $5, $6, $7
		}' "K$name."*.key >anchor
		for what in "a.$name TXT" "x.wild.$name A" "none.$name A" \
		    "a.$name AAAA" "still.$name A" "sub.$name DS"; do
			# shellcheck disable=SC2086 # name and type
			like "delv: $what" "$(c delv "@$v4" -a anchor \
			    "+root=$name" $what 2>&1)" 'fully validated'
		done
	done
}

dnspython() {
	cat >tool.py <<-'EOT'
	import sys
	import dns.message, dns.query, dns.rcode, dns.rdatatype
	import dns.tsigkeyring, dns.update, dns.zone

	server, secret = sys.argv[1:]
	keys = dns.tsigkeyring.from_text({"k": secret})

	def said(what, value):
	    print(what, value)

	q = dns.message.make_query("a.nsec.test", "TXT", want_dnssec=True)
	for how in (dns.query.udp, dns.query.tcp):
	    r = how(q, server, timeout=5)
	    said(how.__name__, [dns.rdatatype.to_text(s.rdtype) for s in r.answer])
	u = dns.update.Update("plain.test", keyring=keys)
	u.absent("new")
	u.add("new", 300, "A", "192.0.2.7")
	said("update", dns.rcode.to_text(dns.query.tcp(u, server, timeout=5).rcode()))
	said("again", dns.rcode.to_text(dns.query.tcp(u, server, timeout=5).rcode()))
	z = dns.zone.from_xfr(dns.query.xfr(server, "plain.test", keyring=keys))
	said("transfer", sorted(str(n) for n in z.nodes))
	try:
	    list(dns.query.xfr(server, "plain.test"))
	    said("unsigned", "given")
	except Exception as e:
	    said("unsigned", type(e).__name__)
	EOT
	c /usr/bin/python3 tool.py "$v4" "$secret" >python 2>&1
	is 'dnspython' "$(cat python)" "udp ['TXT', 'RRSIG']
tcp ['TXT', 'RRSIG']
update NOERROR
again YXDOMAIN
transfer ['@', 'new', 'ns']
unsigned TransferError"
}

begin
c ldns-walk "@$v4" nsec.test >walked 2>&1
transfers
validates
dnspython
stop 'at the end'
[ "$tap_failed" -eq 0 ] || diag_file "$log"
done_testing
