/*
 * answercases: zones of everything that is not signed, and what is answered out
 * of them; by what RFCs 1034, 2308, 4592, 6672, 8482 and 9471 say, and the same
 * as other servers give.
 */
#ifndef ANSWERCASES_H
#define ANSWERCASES_H

#include "served.h"

/* clang-format off */
#define REFERRAL \
	"@ sub.example. 3600 NS ns.away.example.\n" \
	"@ sub.example. 3600 NS ns.other.\n" \
	"@ sub.example. 3600 NS ns1.sub.example.\n" \
	"@ sub.example. 3600 NS ns1.example.\n" \
	"@ sub.example. 3600 NS ns2.sub.example.\n" \
	"+ ns1.sub.example. 3600 A 192.0.2.8\n" \
	"+ ns2.sub.example. 3600 A 192.0.2.9\n" \
	"+ ns2.sub.example. 3600 AAAA 2001:db8::9\n" \
	"+ ns.away.example. 3600 A 192.0.2.11\n" \
	"+ ns1.example. 3600 A 192.0.2.1\n" \
	"+ ns1.example. 3600 AAAA 2001:db8::1\n"
#define CHAIN_SOA \
	"@ chain.test. 120 SOA ns.chain.test. host.chain.test. 9 3600 900 864" \
	"00 120\n"
#define EXAMPLE_SOA \
	"@ example. 300 SOA ns1.example. host.example. 7 3600 900 86400 300\n"
#define TEST_SOA \
	"@ test. 900 SOA ns.test. host.test. 1 1800 900 604800 900\n"
#define ROOT_SOA \
	"@ . 86400 SOA a.root-servers.net. nstld.example. 2024 1800 900 60480" \
	"0 86400\n"

static const char plain_zone0[] =
	"example. 3600 SOA ns1.example. host.example. 7 3600 900 86400 300\n"
	"example. 3600 NS ns1.example.\n"
	"example. 3600 NS ns.other.\n"
	"example. 3600 MX 10 mail.example.\n"
	"example. 3600 MX 20 mail.sub.example.\n"
	"example. 3600 MX 30 mx.chain.test.\n"
	"ns1.example. 3600 A 192.0.2.1\n"
	"ns1.example. 3600 AAAA 2001:db8::1\n"
	"mail.example. 600 A 192.0.2.2\n"
	"mail.example. 600 A 192.0.2.3\n"
	"WWW.Example. 60 A 192.0.2.4\n"
	"_sip._udp.example. 3600 SRV 0 0 5060 mail.example.\n"
	"_sip._tcp.example. 3600 SRV 0 0 5060 ns1.example.\n"
	"nap.example. 3600 NAPTR 1 1 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.\n"
	"host1.example. 3600 A 192.0.2.5\n"
	"_ssh._tcp.host1.example. 3600 SRV 0 0 22 host1.example.\n"
	"_ssh._tcp.host2.example. 3600 SRV 0 0 22 host1.example.\n"
	"a.b.c.ent.example. 3600 TXT \"deep\"\n"
	"*.wild.example. 3600 TXT \"this is a wildcard\"\n"
	"*.wild.example. 3600 MX 10 host1.example.\n"
	"sub.*.wild.example. 3600 TXT \"this is not a wildcard\"\n"
	"host.wild.example. 3600 A 192.0.2.6\n"
	"*.alias.example. 3600 CNAME www.example.\n"
	"*.deep.ent2.example. 3600 A 192.0.2.7\n"
	"sub.example. 3600 NS ns1.sub.example.\n"
	"sub.example. 3600 NS ns2.sub.example.\n"
	"sub.example. 3600 NS ns1.example.\n"
	"sub.example. 3600 NS ns.away.example.\n"
	"sub.example. 3600 NS ns.other.\n"
	"sub.example. 3600 TXT \"not ours\"\n"
	"ns1.sub.example. 3600 A 192.0.2.8\n"
	"ns2.sub.example. 3600 A 192.0.2.9\n"
	"ns2.sub.example. 3600 AAAA 2001:db8::9\n"
	"mail.sub.example. 3600 A 192.0.2.10\n"
	"away.example. 3600 NS ns.away.example.\n"
	"ns.away.example. 3600 A 192.0.2.11\n"
	"dsub.example. 3600 NS ns.other.\n"
	"dsub.example. 3600 DS 1 13 2 0000000000000000000000000000000000000"
	"000000000000000000000000000\n"
	"tosub.example. 3600 CNAME x.sub.example.\n"
	"out.example. 3600 CNAME far.other.\n"
	"null.example. 3600 MX 0 .\n";

static const char plain_zone1[] =
	"chain.test. 3600 SOA ns.chain.test. host.chain.test. 9 3600 900 86400 120\n"
	"chain.test. 3600 NS ns.chain.test.\n"
	"ns.chain.test. 3600 A 198.51.100.1\n"
	"mx.chain.test. 3600 AAAA 2001:db8:1::1\n"
	"a.chain.test. 100 CNAME b.chain.test.\n"
	"b.chain.test. 200 CNAME c.chain.test.\n"
	"c.chain.test. 300 A 198.51.100.2\n"
	"loop1.chain.test. 3600 CNAME loop2.chain.test.\n"
	"loop2.chain.test. 3600 CNAME LOOP1.chain.test.\n"
	"self.chain.test. 3600 CNAME self.chain.test.\n"
	"none.chain.test. 3600 CNAME missing.chain.test.\n"
	"nodata.chain.test. 3600 CNAME ns.chain.test.\n"
	"cross.chain.test. 3600 CNAME www.example.\n"
	"crossnone.chain.test. 3600 CNAME nothere.example.\n"
	"closed.chain.test. 3600 CNAME x.closed.test.\n"
	"broken.chain.test. 3600 CNAME x.broken.test.\n"
	"child.chain.test. 3600 CNAME host.inner.chain.test.\n"
	"d.chain.test. 500 DNAME t.chain.test.\n"
	"x.t.chain.test. 3600 A 198.51.100.3\n"
	"y.t.chain.test. 3600 CNAME x.d.chain.test.\n"
	"dd.chain.test. 500 DNAME d.chain.test.\n"
	"d.chain.test. 500 TXT \"at the DNAME\"\n"
	"dloop.chain.test. 500 DNAME e.dloop.chain.test.\n"
	"dout.chain.test. 500 DNAME out.other.\n"
	"long.chain.test. 500 DNAME lllllllllllllllllllllllllllllllllllllll"
	"llllllllllllllllllllllll.lllllllllllllllllllllllllllllllllllllllll"
	"llllllllllllllllllllll.lllllllllllllllllllllllllllllllllllllllllll"
	"llllllllllllllllllll.mmmmmmmmmmmmmmmmmmmm.chain.test.\n"
	"inner.chain.test. 3600 NS ns.inner.chain.test.\n"
	"inner.chain.test. 3600 DS 5 13 2 000000000000000000000000000000000"
	"0000000000000000000000000000000\n"
	"ns.inner.chain.test. 3600 A 198.51.100.9\n"
	"shut.chain.test. 3600 NS ns.inner.chain.test.\n"
	"shut.chain.test. 3600 DS 6 13 2 000000000000000000000000000000000"
	"0000000000000000000000000000000\n"
	"n1.chain.test. 3600 CNAME n2.chain.test.\n"
	"n2.chain.test. 3600 CNAME n3.chain.test.\n"
	"n3.chain.test. 3600 CNAME n4.chain.test.\n"
	"n4.chain.test. 3600 CNAME n5.chain.test.\n"
	"n5.chain.test. 3600 CNAME n6.chain.test.\n"
	"n6.chain.test. 3600 CNAME n7.chain.test.\n"
	"n7.chain.test. 3600 CNAME n8.chain.test.\n"
	"n8.chain.test. 3600 CNAME n9.chain.test.\n"
	"n9.chain.test. 3600 CNAME n10.chain.test.\n"
	"n10.chain.test. 3600 CNAME n11.chain.test.\n"
	"n11.chain.test. 3600 CNAME n12.chain.test.\n"
	"n12.chain.test. 3600 CNAME n13.chain.test.\n"
	"n13.chain.test. 3600 CNAME n14.chain.test.\n"
	"n14.chain.test. 3600 CNAME n15.chain.test.\n"
	"n15.chain.test. 3600 CNAME n16.chain.test.\n"
	"n16.chain.test. 3600 CNAME n17.chain.test.\n"
	"n17.chain.test. 3600 CNAME n18.chain.test.\n"
	"n18.chain.test. 3600 CNAME n19.chain.test.\n"
	"n19.chain.test. 3600 CNAME n20.chain.test.\n"
	"n20.chain.test. 3600 CNAME n21.chain.test.\n";

static const char plain_zone2[] =
	"inner.chain.test. 3600 SOA ns.inner.chain.test. host.chain.test. 3"
	" 3600 900 86400 60\n"
	"inner.chain.test. 3600 NS ns.inner.chain.test.\n"
	"ns.inner.chain.test. 3600 A 198.51.100.9\n"
	"host.inner.chain.test. 3600 A 198.51.100.10\n"
	"up.inner.chain.test. 3600 CNAME c.chain.test.\n";

static const char plain_zone3[] =
	"dn.test. 3600 SOA ns.example. host.example. 1 3600 900 86400 60\n"
	"dn.test. 3600 NS ns1.example.\n"
	"dn.test. 3600 DNAME example.\n";

static const char plain_zone4[] =
	"closed.test. 3600 SOA ns.closed.test. host.chain.test. 3 3600 900 "
	"86400 60\n"
	"closed.test. 3600 NS ns.closed.test.\n"
	"ns.closed.test. 3600 A 198.51.100.9\n"
	"host.closed.test. 3600 A 198.51.100.10\n"
	"up.closed.test. 3600 CNAME c.chain.test.\n";

static const struct served_zone plain_zones[] = {
	{ "example.", plain_zone0, false },
	{ "chain.test.", plain_zone1, false },
	{ "inner.chain.test.", plain_zone2, false },
	{ "dn.test.", plain_zone3, false },
	{ "closed.test.", plain_zone4, true },
	{ "broken.test.", NULL, false },
	{ "shut.chain.test.", NULL, true },
};

static const char root_zone0[] =
	". 86400 SOA a.root-servers.net. nstld.example. 2024 1800 900 604800 86400\n"
	". 518400 NS a.root-servers.net.\n"
	". 518400 NS b.root-servers.net.\n"
	"a.root-servers.net. 518400 A 198.41.0.4\n"
	"b.root-servers.net. 518400 A 199.9.14.201\n"
	"net. 172800 NS a.gtld.net.\n"
	"a.gtld.net. 172800 A 192.5.6.30\n"
	"test. 172800 NS ns.test.\n"
	"ns.test. 172800 A 192.0.2.53\n"
	"ns.test. 172800 AAAA 2001:db8::53\n";

static const char root_zone1[] =
	"test. 900 SOA ns.test. host.test. 1 1800 900 604800 900\n"
	"test. 900 NS ns.test.\n"
	"ns.test. 900 A 192.0.2.53\n"
	"site.test. 900 NS ns.site.test.\n"
	"site.test. 900 NS ns2.sib.test.\n"
	"ns.site.test. 900 A 203.0.113.1\n"
	"ns2.sib.test. 900 A 203.0.113.2\n"
	"sib.test. 900 NS ns2.sib.test.\n"
	"far.deep.test. 900 NS ns.test.\n";

static const char root_zone2[] =
	"far.deep.test. 300 SOA ns.test. host.test. 1 1800 900 604800 30\n"
	"far.deep.test. 300 NS ns.test.\n";

static const char root_zone3[] =
	"deep.deep.site.test. 300 SOA ns.test. host.test. 1 1800 900 604800 30\n"
	"deep.deep.site.test. 300 NS ns.test.\n";

static const struct served_zone root_zones[] = {
	{ ".", root_zone0, false },
	{ "test.", root_zone1, false },
	{ "far.deep.test.", root_zone2, false },
	{ "deep.deep.site.test.", root_zone3, false },
};


static const struct served_case plain_cases[] = {
	{ "www.example. A",
	    "NOERROR aa\n"
	    "= www.example. 60 A 192.0.2.4\n" },
	{ "wWw.eXample. A +rd",
	    "NOERROR aa rd\n"
	    "= wWw.eXample. 60 A 192.0.2.4\n" },
	{ "www.example. A +cd +rd",
	    "NOERROR aa rd\n"
	    "= www.example. 60 A 192.0.2.4\n" },
	{ "www.example. AAAA",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "www.example. AAAA +do",
	    "NOERROR aa edns do\n"
	    EXAMPLE_SOA },
	{ "www.example. A +edns",
	    "NOERROR aa edns\n"
	    "= www.example. 60 A 192.0.2.4\n" },
	{ "nothere.example. A",
	    "NXDOMAIN aa\n"
	    EXAMPLE_SOA },
	{ "example. SOA",
	    "NOERROR aa\n"
	    "= example. 3600 SOA ns1.example. host.example. 7 3600 900 86400 300\n" },
	{ "example. NS",
	    "NOERROR aa\n"
	    "= example. 3600 NS ns.other.\n"
	    "= example. 3600 NS ns1.example.\n"
	    "+ ns1.example. 3600 A 192.0.2.1\n"
	    "+ ns1.example. 3600 AAAA 2001:db8::1\n" },
	{ "example. MX",
	    "NOERROR aa\n"
	    "= example. 3600 MX 10 mail.example.\n"
	    "= example. 3600 MX 20 mail.sub.example.\n"
	    "= example. 3600 MX 30 mx.chain.test.\n"
	    "+ mail.example. 600 A 192.0.2.2\n"
	    "+ mail.example. 600 A 192.0.2.3\n"
	    "+ mx.chain.test. 3600 AAAA 2001:db8:1::1\n" },
	{ "example. DS",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "mail.example. ANY",
	    "NOERROR aa\n"
	    "= mail.example. 600 A 192.0.2.2\n"
	    "= mail.example. 600 A 192.0.2.3\n" },
	{ "nap.example. NAPTR",
	    "NOERROR aa\n"
	    "= nap.example. 3600 NAPTR 1 1 \"s\" \"SIP+D2U\" \"\" _sip._udp.examp"
	    "le.\n" },
	{ "null.example. MX",
	    "NOERROR aa\n"
	    "= null.example. 3600 MX 0 .\n" },
	{ "b.c.ent.example. TXT",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "ent.example. A",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "x.ent.example. A",
	    "NXDOMAIN aa\n"
	    EXAMPLE_SOA },
	{ "a.b.c.ent.example. TXT",
	    "NOERROR aa\n"
	    "= a.b.c.ent.example. 3600 TXT \"deep\"\n" },
	{ "z.a.b.c.ent.example. TXT",
	    "NXDOMAIN aa\n"
	    EXAMPLE_SOA },
	{ "foo.wild.example. MX",
	    "NOERROR aa\n"
	    "= foo.wild.example. 3600 MX 10 host1.example.\n"
	    "+ host1.example. 3600 A 192.0.2.5\n" },
	{ "foo.wild.example. A",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "foo.wild.example. ANY",
	    "NOERROR aa\n"
	    "= foo.wild.example. 3600 MX 10 host1.example.\n"
	    "+ host1.example. 3600 A 192.0.2.5\n" },
	{ "foo.bar.wild.example. TXT",
	    "NOERROR aa\n"
	    "= foo.bar.wild.example. 3600 TXT \"this is a wildcard\"\n" },
	{ "wild.example. TXT",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "host.wild.example. TXT",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "x.host.wild.example. TXT",
	    "NXDOMAIN aa\n"
	    EXAMPLE_SOA },
	{ "sub.*.wild.example. MX",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "sub.*.wild.example. TXT",
	    "NOERROR aa\n"
	    "= sub.*.wild.example. 3600 TXT \"this is not a wildcard\"\n" },
	{ "ghost.*.wild.example. MX",
	    "NXDOMAIN aa\n"
	    EXAMPLE_SOA },
	{ "*.wild.example. TXT",
	    "NOERROR aa\n"
	    "= *.wild.example. 3600 TXT \"this is a wildcard\"\n" },
	{ "FOO.WILD.example. TXT",
	    "NOERROR aa\n"
	    "= FOO.WILD.example. 3600 TXT \"this is a wildcard\"\n" },
	{ "_telnet._tcp.host1.example. SRV",
	    "NXDOMAIN aa\n"
	    EXAMPLE_SOA },
	{ "_tcp.host2.example. SRV",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "foo.alias.example. A",
	    "NOERROR aa\n"
	    "= foo.alias.example. 3600 CNAME www.example.\n"
	    "= www.example. 60 A 192.0.2.4\n" },
	{ "foo.alias.example. CNAME",
	    "NOERROR aa\n"
	    "= foo.alias.example. 3600 CNAME www.example.\n" },
	{ "foo.alias.example. MX",
	    "NOERROR aa\n"
	    "= foo.alias.example. 3600 CNAME www.example.\n"
	    EXAMPLE_SOA },
	{ "*.alias.example. A",
	    "NOERROR aa\n"
	    "= *.alias.example. 3600 CNAME www.example.\n"
	    "= www.example. 60 A 192.0.2.4\n" },
	{ "ent2.example. A",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "deep.ent2.example. A",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "x.deep.ent2.example. A",
	    "NOERROR aa\n"
	    "= x.deep.ent2.example. 3600 A 192.0.2.7\n" },
	{ "sub.example. NS",
	    "NOERROR\n"
	    REFERRAL },
	{ "x.sub.example. A",
	    "NOERROR\n"
	    REFERRAL },
	{ "sub.example. DS",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "x.away.example. A",
	    "NOERROR\n"
	    "@ away.example. 3600 NS ns.away.example.\n"
	    "+ ns.away.example. 3600 A 192.0.2.11\n" },
	{ "x.dsub.example. A",
	    "NOERROR\n"
	    "@ dsub.example. 3600 NS ns.other.\n" },
	{ "x.dsub.example. A +do",
	    "NOERROR edns do\n"
	    "@ dsub.example. 3600 NS ns.other.\n"
	    "@ dsub.example. 3600 DS 1 13 2 0000000000000000000000000000000000000"
	    "000000000000000000000000000\n" },
	{ "dsub.example. DS",
	    "NOERROR aa\n"
	    "= dsub.example. 3600 DS 1 13 2 0000000000000000000000000000000000000"
	    "000000000000000000000000000\n" },
	{ "tosub.example. A",
	    "NOERROR aa\n"
	    "= tosub.example. 3600 CNAME x.sub.example.\n"
	    REFERRAL },
	{ "out.example. A",
	    "NOERROR aa\n"
	    "= out.example. 3600 CNAME far.other.\n" },
	{ "out.example. CNAME",
	    "NOERROR aa\n"
	    "= out.example. 3600 CNAME far.other.\n" },
	{ "out.example. ANY",
	    "NOERROR aa\n"
	    "= out.example. 3600 CNAME far.other.\n" },
	{ "a.chain.test. A",
	    "NOERROR aa\n"
	    "= a.chain.test. 100 CNAME b.chain.test.\n"
	    "= b.chain.test. 200 CNAME c.chain.test.\n"
	    "= c.chain.test. 300 A 198.51.100.2\n" },
	{ "a.chain.test. AAAA",
	    "NOERROR aa\n"
	    "= a.chain.test. 100 CNAME b.chain.test.\n"
	    "= b.chain.test. 200 CNAME c.chain.test.\n"
	    CHAIN_SOA },
	{ "a.chain.test. CNAME",
	    "NOERROR aa\n"
	    "= a.chain.test. 100 CNAME b.chain.test.\n" },
	{ "a.chain.test. ANY",
	    "NOERROR aa\n"
	    "= a.chain.test. 100 CNAME b.chain.test.\n" },
	{ "loop1.chain.test. A",
	    "NOERROR aa\n"
	    "= loop1.chain.test. 3600 CNAME loop2.chain.test.\n"
	    "= loop2.chain.test. 3600 CNAME loop1.chain.test.\n" },
	{ "self.chain.test. A",
	    "NOERROR aa\n"
	    "= self.chain.test. 3600 CNAME self.chain.test.\n" },
	{ "none.chain.test. A",
	    "NXDOMAIN aa\n"
	    "= none.chain.test. 3600 CNAME missing.chain.test.\n"
	    CHAIN_SOA },
	{ "nodata.chain.test. AAAA",
	    "NOERROR aa\n"
	    "= nodata.chain.test. 3600 CNAME ns.chain.test.\n"
	    CHAIN_SOA },
	{ "cross.chain.test. A",
	    "NOERROR aa\n"
	    "= cross.chain.test. 3600 CNAME www.example.\n"
	    "= www.example. 60 A 192.0.2.4\n" },
	{ "cross.chain.test. MX",
	    "NOERROR aa\n"
	    "= cross.chain.test. 3600 CNAME www.example.\n"
	    EXAMPLE_SOA },
	{ "crossnone.chain.test. A",
	    "NXDOMAIN aa\n"
	    "= crossnone.chain.test. 3600 CNAME nothere.example.\n"
	    EXAMPLE_SOA },
	{ "closed.chain.test. A",
	    "NOERROR aa\n"
	    "= closed.chain.test. 3600 CNAME x.closed.test.\n" },
	{ "broken.chain.test. A",
	    "NOERROR aa\n"
	    "= broken.chain.test. 3600 CNAME x.broken.test.\n" },
	{ "child.chain.test. A",
	    "NOERROR aa\n"
	    "= child.chain.test. 3600 CNAME host.inner.chain.test.\n"
	    "= host.inner.chain.test. 3600 A 198.51.100.10\n" },
	{ "up.inner.chain.test. A",
	    "NOERROR aa\n"
	    "= up.inner.chain.test. 3600 CNAME c.chain.test.\n"
	    "= c.chain.test. 300 A 198.51.100.2\n" },
	{ "n1.chain.test. A",
	    "NOERROR aa\n"
	    "= n1.chain.test. 3600 CNAME n2.chain.test.\n"
	    "= n2.chain.test. 3600 CNAME n3.chain.test.\n"
	    "= n3.chain.test. 3600 CNAME n4.chain.test.\n"
	    "= n4.chain.test. 3600 CNAME n5.chain.test.\n"
	    "= n5.chain.test. 3600 CNAME n6.chain.test.\n"
	    "= n6.chain.test. 3600 CNAME n7.chain.test.\n"
	    "= n7.chain.test. 3600 CNAME n8.chain.test.\n"
	    "= n8.chain.test. 3600 CNAME n9.chain.test.\n"
	    "= n9.chain.test. 3600 CNAME n10.chain.test.\n"
	    "= n10.chain.test. 3600 CNAME n11.chain.test.\n"
	    "= n11.chain.test. 3600 CNAME n12.chain.test.\n"
	    "= n12.chain.test. 3600 CNAME n13.chain.test.\n"
	    "= n13.chain.test. 3600 CNAME n14.chain.test.\n"
	    "= n14.chain.test. 3600 CNAME n15.chain.test.\n"
	    "= n15.chain.test. 3600 CNAME n16.chain.test.\n"
	    "= n16.chain.test. 3600 CNAME n17.chain.test.\n"
	    "= n17.chain.test. 3600 CNAME n18.chain.test.\n" },
	{ "x.d.chain.test. A",
	    "NOERROR aa\n"
	    "= d.chain.test. 500 DNAME t.chain.test.\n"
	    "= x.d.chain.test. 500 CNAME x.t.chain.test.\n"
	    "= x.t.chain.test. 3600 A 198.51.100.3\n" },
	{ "X.D.chain.test. A",
	    "NOERROR aa\n"
	    "= D.chain.test. 500 DNAME t.chain.test.\n"
	    "= X.D.chain.test. 500 CNAME X.t.chain.test.\n"
	    "= X.t.chain.test. 3600 A 198.51.100.3\n" },
	{ "d.chain.test. DNAME",
	    "NOERROR aa\n"
	    "= d.chain.test. 500 DNAME t.chain.test.\n" },
	{ "d.chain.test. TXT",
	    "NOERROR aa\n"
	    "= d.chain.test. 500 TXT \"at the DNAME\"\n" },
	{ "d.chain.test. A",
	    "NOERROR aa\n"
	    CHAIN_SOA },
	{ "x.d.chain.test. DNAME",
	    "NOERROR aa\n"
	    "= d.chain.test. 500 DNAME t.chain.test.\n"
	    "= x.d.chain.test. 500 CNAME x.t.chain.test.\n"
	    CHAIN_SOA },
	{ "x.d.chain.test. CNAME",
	    "NOERROR aa\n"
	    "= d.chain.test. 500 DNAME t.chain.test.\n"
	    "= x.d.chain.test. 500 CNAME x.t.chain.test.\n" },
	{ "x.d.chain.test. ANY",
	    "NOERROR aa\n"
	    "= d.chain.test. 500 DNAME t.chain.test.\n"
	    "= x.d.chain.test. 500 CNAME x.t.chain.test.\n" },
	{ "y.d.chain.test. A",
	    "NOERROR aa\n"
	    "= d.chain.test. 500 DNAME t.chain.test.\n"
	    "= y.d.chain.test. 500 CNAME y.t.chain.test.\n"
	    "= y.t.chain.test. 3600 CNAME x.d.chain.test.\n"
	    "= x.d.chain.test. 500 CNAME x.t.chain.test.\n"
	    "= x.t.chain.test. 3600 A 198.51.100.3\n" },
	{ "x.dd.chain.test. A",
	    "NOERROR aa\n"
	    "= dd.chain.test. 500 DNAME d.chain.test.\n"
	    "= x.dd.chain.test. 500 CNAME x.d.chain.test.\n"
	    "= d.chain.test. 500 DNAME t.chain.test.\n"
	    "= x.d.chain.test. 500 CNAME x.t.chain.test.\n"
	    "= x.t.chain.test. 3600 A 198.51.100.3\n" },
	{ "z.d.chain.test. A",
	    "NXDOMAIN aa\n"
	    "= d.chain.test. 500 DNAME t.chain.test.\n"
	    "= z.d.chain.test. 500 CNAME z.t.chain.test.\n"
	    CHAIN_SOA },
	{ "x.dloop.chain.test. A",
	    "NOERROR aa\n"
	    "= dloop.chain.test. 500 DNAME e.dloop.chain.test.\n"
	    "= x.dloop.chain.test. 500 CNAME x.e.dloop.chain.test.\n"
	    "= x.e.dloop.chain.test. 500 CNAME x.e.e.dloop.chain.test.\n"
	    "= x.e.e.dloop.chain.test. 500 CNAME x.e.e.e.dloop.chain.test.\n"
	    "= x.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.dloop.chain.test.\n"
	    "= x.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e.dloop.chain.test"
	    ".\n"
	    "= x.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e.e.dloop.chain."
	    "test.\n"
	    "= x.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e.e.e.dloop.ch"
	    "ain.test.\n"
	    "= x.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e.e.e.e.dloo"
	    "p.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e.e.e.e.e."
	    "dloop.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e.e.e.e."
	    "e.e.dloop.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e.e.e."
	    "e.e.e.e.dloop.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e.e."
	    "e.e.e.e.e.e.dloop.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e.e."
	    "e.e.e.e.e.e.e.e.dloop.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e.e."
	    "e.e.e.e.e.e.e.e.e.e.dloop.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e.e."
	    "e.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e.e."
	    "e.e.e.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test.\n"
	    "= x.e.e.e.e.e.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test. 500 CNAME x.e."
	    "e.e.e.e.e.e.e.e.e.e.e.e.e.e.e.e.dloop.chain.test.\n" },
	{ "x.dout.chain.test. A",
	    "NOERROR aa\n"
	    "= dout.chain.test. 500 DNAME out.other.\n"
	    "= x.dout.chain.test. 500 CNAME x.out.other.\n" },
	{ "x.long.chain.test. A",
	    "NXDOMAIN aa tc\n" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.long.chain.test. A",
	    "YXDOMAIN aa\n"
	    "= long.chain.test. 500 DNAME lllllllllllllllllllllllllllllllllllllll"
	    "llllllllllllllllllllllll.lllllllllllllllllllllllllllllllllllllllllll"
	    "llllllllllllllllllll.lllllllllllllllllllllllllllllllllllllllllllllll"
	    "llllllllllllllll.mmmmmmmmmmmmmmmmmmmm.chain.test.\n" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa.long.chain.test. A",
	    "NOERROR aa tc\n" },
	{ "inner.chain.test. DS",
	    "NOERROR aa\n"
	    "= inner.chain.test. 3600 DS 5 13 2 000000000000000000000000000000000"
	    "0000000000000000000000000000000\n" },
	{ "inner.chain.test. DS +do",
	    "NOERROR aa edns do\n"
	    "= inner.chain.test. 3600 DS 5 13 2 000000000000000000000000000000000"
	    "0000000000000000000000000000000\n" },
	/* the parent's, whatever has become of the child */
	{ "shut.chain.test. DS",
	    "NOERROR aa\n"
	    "= shut.chain.test. 3600 DS 6 13 2 000000000000000000000000000000000"
	    "0000000000000000000000000000000\n" },
	{ "shut.chain.test. NS", "REFUSED\n" },
	{ "inner.chain.test. NS",
	    "NOERROR aa\n"
	    "= inner.chain.test. 3600 NS ns.inner.chain.test.\n"
	    "+ ns.inner.chain.test. 3600 A 198.51.100.9\n" },
	{ "chain.test. DS",
	    "NOERROR aa\n"
	    CHAIN_SOA },
	{ "www.dn.test. A",
	    "NOERROR aa\n"
	    "= dn.test. 3600 DNAME example.\n"
	    "= www.dn.test. 3600 CNAME www.example.\n"
	    "= www.example. 60 A 192.0.2.4\n" },
	{ "dn.test. A",
	    "NOERROR aa\n"
	    "@ dn.test. 60 SOA ns.example. host.example. 1 3600 900 86400 60\n" },
	{ "dn.test. DNAME",
	    "NOERROR aa\n"
	    "= dn.test. 3600 DNAME example.\n" },
	{ "nothere.dn.test. A",
	    "NXDOMAIN aa\n"
	    "= dn.test. 3600 DNAME example.\n"
	    "= nothere.dn.test. 3600 CNAME nothere.example.\n"
	    EXAMPLE_SOA },
	{ "x.closed.test. A",
	    "REFUSED\n" },
	{ "x.closed.test. A +edns",
	    "REFUSED edns ede=18\n" },
	{ "x.broken.test. A",
	    "SERVFAIL\n" },
	{ "x.broken.test. A +edns",
	    "SERVFAIL edns ede=24\n" },
	{ "other. A",
	    "REFUSED\n" },
	{ "other. A +edns",
	    "REFUSED edns ede=20\n" },
	{ ". NS",
	    "REFUSED\n" },
	{ "www.example. A +ch",
	    "REFUSED\n" },
	{ "www.example. A +hs",
	    "REFUSED\n" },
	{ "www.example. OPT",
	    "FORMERR\n" },
	{ "www.example. TSIG",
	    "FORMERR\n" },
	{ "www.example. TKEY",
	    "NOTIMP\n" },
	{ "www.example. MAILB",
	    "NOTIMP\n" },
	{ "www.example. MAILA",
	    "NOTIMP\n" },
	{ "www.example. TYPE0",
	    "NOERROR aa\n"
	    EXAMPLE_SOA },
	{ "other. AXFR +tcp",
	    "NOTAUTH\n" },
	{ "version.bind. TXT +ch",
	    "REFUSED\n" },
};

static const struct served_case root_cases[] = {
	{ ". NS",
	    "NOERROR aa\n"
	    "= . 518400 NS a.root-servers.net.\n"
	    "= . 518400 NS b.root-servers.net.\n"
	    "+ a.root-servers.net. 518400 A 198.41.0.4\n"
	    "+ b.root-servers.net. 518400 A 199.9.14.201\n" },
	{ ". SOA",
	    "NOERROR aa\n"
	    "= . 86400 SOA a.root-servers.net. nstld.example. 2024 1800 900 60480"
	    "0 86400\n" },
	{ ". DS",
	    "NOERROR aa\n"
	    ROOT_SOA },
	{ ". ANY",
	    "NOERROR aa\n"
	    "= . 518400 NS a.root-servers.net.\n"
	    "= . 518400 NS b.root-servers.net.\n"
	    "+ a.root-servers.net. 518400 A 198.41.0.4\n"
	    "+ b.root-servers.net. 518400 A 199.9.14.201\n" },
	{ "nothere. A",
	    "NXDOMAIN aa\n"
	    ROOT_SOA },
	{ "www.net. A",
	    "NOERROR\n"
	    "@ net. 172800 NS a.gtld.net.\n"
	    "+ a.gtld.net. 172800 A 192.5.6.30\n" },
	{ "net. DS",
	    "NOERROR aa\n"
	    ROOT_SOA },
	{ "net. NS",
	    "NOERROR\n"
	    "@ net. 172800 NS a.gtld.net.\n"
	    "+ a.gtld.net. 172800 A 192.5.6.30\n" },
	{ "test. NS",
	    "NOERROR aa\n"
	    "= test. 900 NS ns.test.\n"
	    "+ ns.test. 900 A 192.0.2.53\n" },
	{ "test. DS",
	    "NOERROR aa\n"
	    ROOT_SOA },
	{ "site.test. A",
	    "NOERROR\n"
	    "@ site.test. 900 NS ns.site.test.\n"
	    "@ site.test. 900 NS ns2.sib.test.\n"
	    "+ ns.site.test. 900 A 203.0.113.1\n"
	    "+ ns2.sib.test. 900 A 203.0.113.2\n" },
	{ "x.site.test. AAAA",
	    "NOERROR\n"
	    "@ site.test. 900 NS ns.site.test.\n"
	    "@ site.test. 900 NS ns2.sib.test.\n"
	    "+ ns.site.test. 900 A 203.0.113.1\n"
	    "+ ns2.sib.test. 900 A 203.0.113.2\n" },
	{ "site.test. DS",
	    "NOERROR aa\n"
	    TEST_SOA },
	{ "sib.test. NS",
	    "NOERROR\n"
	    "@ sib.test. 900 NS ns2.sib.test.\n"
	    "+ ns2.sib.test. 900 A 203.0.113.2\n" },
	{ "deep.test. A",
	    "NOERROR aa\n"
	    TEST_SOA },
	{ "x.deep.test. A",
	    "NXDOMAIN aa\n"
	    TEST_SOA },
	{ "far.deep.test. DS",
	    "NOERROR aa\n"
	    TEST_SOA },
	{ "far.deep.test. A",
	    "NOERROR aa\n"
	    "@ far.deep.test. 30 SOA ns.test. host.test. 1 1800 900 604800 30\n" },
	{ "far.deep.test. SOA",
	    "NOERROR aa\n"
	    "= far.deep.test. 300 SOA ns.test. host.test. 1 1800 900 604800 30\n" },
	{ "far.deep.test. NS",
	    "NOERROR aa\n"
	    "= far.deep.test. 300 NS ns.test.\n"
	    "+ ns.test. 900 A 192.0.2.53\n" },
	{ "deep.deep.site.test. DS",
	    "NOERROR aa\n"
	    "@ deep.deep.site.test. 30 SOA ns.test. host.test. 1 1800 900 604800 "
	    "30\n" },
};
/* clang-format on */

#endif
