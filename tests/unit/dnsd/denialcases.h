/*
 * denialcases: what is answered out of signed zones, as the examples of RFC
 * 4035 and RFC 5155, appendices B, have it, and the same as other servers give.
 */
#ifndef DENIALCASES_H
#define DENIALCASES_H

#include "served.h"
#include "signedzones.h"

/* clang-format off */
#define NSEC_SOA \
	"@ example. 3600 SOA ns1.example. bugs.x.w.example. 1081539377 3600 3" \
	"00 3600000 3600\n" \
	"@ example. 3600 RRSIG SOA\n"
#define NSEC3_SOA \
	"@ example. 3600 SOA ns1.example. bugs.x.w.example. 1 3600 300 360000" \
	"0 3600\n" \
	"@ example. 3600 RRSIG SOA\n"
#define SIG_SOA \
	"@ sig. 300 SOA ns.sig. host.sig. 1 7200 900 86400 300\n" \
	"@ sig. 300 RRSIG SOA\n"
#define OPTOUT_APEX \
	"@ 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. 3600 NSEC3 1 1 12 AABBCC" \
	"DD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG DNSKEY NSEC3PARA" \
	"M\n" \
	"@ 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. 3600 RRSIG NSEC3\n"
#define OPTOUT_35M \
	"@ 35mthgpgcu1qg68fab165klnsnk3dpvl.example. 3600 NSEC3 1 1 12 AABBCC" \
	"DD B4UM86EGHHDS6NEA196SMVMLO4ORS995 NS DS RRSIG\n" \
	"@ 35mthgpgcu1qg68fab165klnsnk3dpvl.example. 3600 RRSIG NSEC3\n"

static const struct served_zone nsec_zones[] = {
	{ "example.", rfc4035_zone, false },
};

static const struct served_zone nsec3_zones[] = {
	{ "example.", rfc5155_zone, false },
};

static const struct served_zone nsecm_zones[] = {
	{ "sig.", nsec_zone, false },
};

static const struct served_zone optout_zones[] = {
	{ "sig.", optout_zone, false },
};

static const struct served_case nsec_cases[] = {
	{ "x.w.example. MX +do",
	    "NOERROR aa edns do\n"
	    "= x.w.example. 3600 MX 1 xx.example.\n"
	    "= x.w.example. 3600 RRSIG MX\n"
	    "+ xx.example. 3600 A 192.0.2.10\n"
	    "+ xx.example. 3600 RRSIG A\n"
	    "+ xx.example. 3600 AAAA 2001:db8::f00:baaa\n"
	    "+ xx.example. 3600 RRSIG AAAA\n" },
	{ "ml.example. A +do",
	    "NXDOMAIN aa edns do\n"
	    NSEC_SOA
	    "@ b.example. 3600 NSEC ns1.example. NS RRSIG NSEC\n"
	    "@ b.example. 3600 RRSIG NSEC\n"
	    "@ example. 3600 NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY\n"
	    "@ example. 3600 RRSIG NSEC\n" },
	{ "ns1.example. MX +do",
	    "NOERROR aa edns do\n"
	    NSEC_SOA
	    "@ ns1.example. 3600 NSEC ns2.example. A RRSIG NSEC\n"
	    "@ ns1.example. 3600 RRSIG NSEC\n" },
	{ "mc.a.example. MX +do",
	    "NOERROR edns do\n"
	    "@ a.example. 3600 NS ns1.a.example.\n"
	    "@ a.example. 3600 NS ns2.a.example.\n"
	    "@ a.example. 3600 DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD36"
	    "36B\n"
	    "@ a.example. 3600 RRSIG DS\n"
	    "+ ns1.a.example. 3600 A 192.0.2.5\n"
	    "+ ns2.a.example. 3600 A 192.0.2.6\n" },
	{ "mc.b.example. MX +do",
	    "NOERROR edns do\n"
	    "@ b.example. 3600 NS ns1.b.example.\n"
	    "@ b.example. 3600 NS ns2.b.example.\n"
	    "@ b.example. 3600 NSEC ns1.example. NS RRSIG NSEC\n"
	    "@ b.example. 3600 RRSIG NSEC\n"
	    "+ ns1.b.example. 3600 A 192.0.2.7\n"
	    "+ ns2.b.example. 3600 A 192.0.2.8\n" },
	{ "a.z.w.example. MX +do",
	    "NOERROR aa edns do\n"
	    "= a.z.w.example. 3600 MX 1 ai.example.\n"
	    "= a.z.w.example. 3600 RRSIG MX\n"
	    "@ x.y.w.example. 3600 NSEC xx.example. MX RRSIG NSEC\n"
	    "@ x.y.w.example. 3600 RRSIG NSEC\n"
	    "+ ai.example. 3600 A 192.0.2.9\n"
	    "+ ai.example. 3600 RRSIG A\n"
	    "+ ai.example. 3600 AAAA 2001:db8::f00:baa9\n"
	    "+ ai.example. 3600 RRSIG AAAA\n" },
	{ "a.z.w.example. AAAA +do",
	    "NOERROR aa edns do\n"
	    NSEC_SOA
	    "@ x.y.w.example. 3600 NSEC xx.example. MX RRSIG NSEC\n"
	    "@ x.y.w.example. 3600 RRSIG NSEC\n"
	    "@ *.w.example. 3600 NSEC x.w.example. MX RRSIG NSEC\n"
	    "@ *.w.example. 3600 RRSIG NSEC\n" },
	{ "example. DS +do",
	    "NOERROR aa edns do\n"
	    NSEC_SOA
	    "@ example. 3600 NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY\n"
	    "@ example. 3600 RRSIG NSEC\n" },
	{ "y.w.example. A +do",
	    "NOERROR aa edns do\n"
	    NSEC_SOA
	    "@ x.w.example. 3600 NSEC x.y.w.example. MX RRSIG NSEC\n"
	    "@ x.w.example. 3600 RRSIG NSEC\n" },
	{ "a.example. DS +do",
	    "NOERROR aa edns do\n"
	    "= a.example. 3600 DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD36"
	    "36B\n"
	    "= a.example. 3600 RRSIG DS\n" },
	{ "b.example. DS +do",
	    "NOERROR aa edns do\n"
	    NSEC_SOA
	    "@ b.example. 3600 NSEC ns1.example. NS RRSIG NSEC\n"
	    "@ b.example. 3600 RRSIG NSEC\n" },
	{ "a.example. NS +do",
	    "NOERROR edns do\n"
	    "@ a.example. 3600 NS ns1.a.example.\n"
	    "@ a.example. 3600 NS ns2.a.example.\n"
	    "@ a.example. 3600 DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD36"
	    "36B\n"
	    "@ a.example. 3600 RRSIG DS\n"
	    "+ ns1.a.example. 3600 A 192.0.2.5\n"
	    "+ ns2.a.example. 3600 A 192.0.2.6\n" },
	{ "a.example. NSEC +do",
	    "NOERROR edns do\n"
	    "@ a.example. 3600 NS ns1.a.example.\n"
	    "@ a.example. 3600 NS ns2.a.example.\n"
	    "@ a.example. 3600 DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD36"
	    "36B\n"
	    "@ a.example. 3600 RRSIG DS\n"
	    "+ ns1.a.example. 3600 A 192.0.2.5\n"
	    "+ ns2.a.example. 3600 A 192.0.2.6\n" },
	{ "example. DNSKEY +do",
	    "NOERROR aa edns do\n"
	    "= example. 3600 DNSKEY 256 3 5 AQAB\n"
	    "= example. 3600 DNSKEY 257 3 5 AQAB\n"
	    "= example. 3600 RRSIG DNSKEY\n"
	    "= example. 3600 RRSIG DNSKEY\n" },
	{ "example. ANY +do",
	    "NOERROR aa edns do\n"
	    "= example. 3600 NS ns1.example.\n"
	    "= example. 3600 NS ns2.example.\n"
	    "= example. 3600 RRSIG NS\n"
	    "+ ns1.example. 3600 A 192.0.2.1\n"
	    "+ ns1.example. 3600 RRSIG A\n"
	    "+ ns2.example. 3600 A 192.0.2.2\n"
	    "+ ns2.example. 3600 RRSIG A\n" },
	{ "example. ANY",
	    "NOERROR aa\n"
	    "= example. 3600 NS ns1.example.\n"
	    "= example. 3600 NS ns2.example.\n"
	    "+ ns1.example. 3600 A 192.0.2.1\n"
	    "+ ns2.example. 3600 A 192.0.2.2\n" },
	{ "x.w.example. RRSIG",
	    "NOERROR aa\n"
	    "= x.w.example. 3600 RRSIG MX\n"
	    "= x.w.example. 3600 RRSIG NSEC\n" },
	{ "ns1.example. NSEC",
	    "NOERROR aa\n"
	    "= ns1.example. 3600 NSEC ns2.example. A RRSIG NSEC\n" },
	{ "zz.example. A +do",
	    "NXDOMAIN aa edns do\n"
	    NSEC_SOA
	    "@ xx.example. 3600 NSEC example. A HINFO AAAA RRSIG NSEC\n"
	    "@ xx.example. 3600 RRSIG NSEC\n"
	    "@ example. 3600 NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY\n"
	    "@ example. 3600 RRSIG NSEC\n" },
};

static const struct served_case nsec3_cases[] = {
	{ "a.c.x.w.example. A +do",
	    "NXDOMAIN aa edns do\n"
	    NSEC3_SOA
	    "@ b4um86eghhds6nea196smvmlo4ors995.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD GJEQE526PLBF1G8MKLP59ENFD789NJGI MX RRSIG\n"
	    "@ b4um86eghhds6nea196smvmlo4ors995.example. 3600 RRSIG NSEC3\n"
	    OPTOUT_APEX
	    OPTOUT_35M },
	{ "ns1.example. MX +do",
	    "NOERROR aa edns do\n"
	    NSEC3_SOA
	    "@ 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S A RRSIG\n"
	    "@ 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 RRSIG NSEC3\n" },
	{ "y.w.example. A +do",
	    "NOERROR aa edns do\n"
	    NSEC3_SOA
	    "@ ji6neoaepv8b5o6k4ev33abha8ht9fgc.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD K8UDEMVP1J2F7EG6JEBPS17VP3N8I58H\n"
	    "@ ji6neoaepv8b5o6k4ev33abha8ht9fgc.example. 3600 RRSIG NSEC3\n" },
	{ "mc.c.example. MX +do",
	    "NOERROR edns do\n"
	    "@ c.example. 3600 NS ns1.c.example.\n"
	    "@ c.example. 3600 NS ns2.c.example.\n"
	    OPTOUT_APEX
	    OPTOUT_35M
	    "+ ns1.c.example. 3600 A 192.0.2.7\n"
	    "+ ns2.c.example. 3600 A 192.0.2.8\n" },
	{ "a.z.w.example. MX +do",
	    "NOERROR aa edns do\n"
	    "= a.z.w.example. 3600 MX 1 ai.example.\n"
	    "= a.z.w.example. 3600 RRSIG MX\n"
	    "@ q04jkcevqvmu85r014c7dkba38o0ji5r.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN A RRSIG\n"
	    "@ q04jkcevqvmu85r014c7dkba38o0ji5r.example. 3600 RRSIG NSEC3\n"
	    "+ ai.example. 3600 A 192.0.2.9\n"
	    "+ ai.example. 3600 RRSIG A\n"
	    "+ ai.example. 3600 AAAA 2001:db8::f00:baa9\n"
	    "+ ai.example. 3600 RRSIG AAAA\n" },
	{ "a.z.w.example. AAAA +do",
	    "NOERROR aa edns do\n"
	    NSEC3_SOA
	    "@ k8udemvp1j2f7eg6jebps17vp3n8i58h.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD KOHAR7MBB8DC2CE8A9QVL8HON4K53UHI\n"
	    "@ k8udemvp1j2f7eg6jebps17vp3n8i58h.example. 3600 RRSIG NSEC3\n"
	    "@ q04jkcevqvmu85r014c7dkba38o0ji5r.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN A RRSIG\n"
	    "@ q04jkcevqvmu85r014c7dkba38o0ji5r.example. 3600 RRSIG NSEC3\n"
	    "@ r53bq7cc2uvmubfu5ocmm6pers9tk9en.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD T644EBQK9BIBCNA874GIVR6JOJ62MLHV MX RRSIG\n"
	    "@ r53bq7cc2uvmubfu5ocmm6pers9tk9en.example. 3600 RRSIG NSEC3\n" },
	{ "example. DS +do",
	    "NOERROR aa edns do\n"
	    NSEC3_SOA
	    OPTOUT_APEX },
	{ "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. A +do",
	    "NOERROR aa edns do\n"
	    "= 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 A 192.0.2.127\n"
	    "= 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 RRSIG A\n" },
	{ "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. NSEC3 +do",
	    "NOERROR aa edns do\n"
	    "= 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S A RRSIG\n"
	    "= 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 RRSIG NSEC3\n" },
	{ "b4um86eghhds6nea196smvmlo4ors995.example. A +do",
	    "NXDOMAIN aa edns do\n"
	    NSEC3_SOA
	    OPTOUT_APEX
	    "@ gjeqe526plbf1g8mklp59enfd789njgi.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD JI6NEOAEPV8B5O6K4EV33ABHA8HT9FGC A HINFO AAAA RRSIG\n"
	    "@ gjeqe526plbf1g8mklp59enfd789njgi.example. 3600 RRSIG NSEC3\n" },
	{ "b4um86eghhds6nea196smvmlo4ors995.example. NSEC3",
	    "NXDOMAIN aa\n"
	    "@ example. 3600 SOA ns1.example. bugs.x.w.example. 1 3600 300 360000"
	    "0 3600\n" },
	{ "c.example. DS +do",
	    "NOERROR aa edns do\n"
	    NSEC3_SOA
	    OPTOUT_APEX
	    OPTOUT_35M },
	{ "x.c.example. DS +do",
	    "NOERROR edns do\n"
	    "@ c.example. 3600 NS ns1.c.example.\n"
	    "@ c.example. 3600 NS ns2.c.example.\n"
	    OPTOUT_APEX
	    OPTOUT_35M
	    "+ ns1.c.example. 3600 A 192.0.2.7\n"
	    "+ ns2.c.example. 3600 A 192.0.2.8\n" },
	{ "a.example. DS +do",
	    "NOERROR aa edns do\n"
	    "= a.example. 3600 DS 58470 5 1 3079F1593EBAD6DC121E202A8B766A6A48372"
	    "06C\n"
	    "= a.example. 3600 RRSIG DS\n" },
	{ "mc.a.example. A +do",
	    "NOERROR edns do\n"
	    "@ a.example. 3600 NS ns1.a.example.\n"
	    "@ a.example. 3600 NS ns2.a.example.\n"
	    "@ a.example. 3600 DS 58470 5 1 3079F1593EBAD6DC121E202A8B766A6A48372"
	    "06C\n"
	    "@ a.example. 3600 RRSIG DS\n"
	    "+ ns1.a.example. 3600 A 192.0.2.5\n"
	    "+ ns2.a.example. 3600 A 192.0.2.6\n" },
	{ "example. NSEC3PARAM +do",
	    "NOERROR aa edns do\n"
	    "= example. 3600 NSEC3PARAM 1 0 12 AABBCCDD\n"
	    "= example. 3600 RRSIG NSEC3PARAM\n" },
	{ "w.example. A +do",
	    "NOERROR aa edns do\n"
	    NSEC3_SOA
	    "@ k8udemvp1j2f7eg6jebps17vp3n8i58h.example. 3600 NSEC3 1 1 12 AABBCC"
	    "DD KOHAR7MBB8DC2CE8A9QVL8HON4K53UHI\n"
	    "@ k8udemvp1j2f7eg6jebps17vp3n8i58h.example. 3600 RRSIG NSEC3\n" },
};

static const struct served_case nsecm_cases[] = {
	{ "ns.sig. AAAA +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ ns.sig. 300 NSEC un.sig. A RRSIG NSEC\n"
	    "@ ns.sig. 300 RRSIG NSEC\n" },
	{ "nope.sig. A +do",
	    "NXDOMAIN aa edns do\n"
	    SIG_SOA
	    "@ *.w.ent.sig. 300 NSEC ns.sig. TXT RRSIG NSEC\n"
	    "@ *.w.ent.sig. 300 RRSIG NSEC\n"
	    "@ sig. 300 NSEC alun.sig. NS SOA RRSIG NSEC DNSKEY\n"
	    "@ sig. 300 RRSIG NSEC\n" },
	{ "x.cw.sig. A +do",
	    "NOERROR aa edns do\n"
	    "= x.cw.sig. 3600 CNAME www.sig.\n"
	    "= x.cw.sig. 3600 RRSIG CNAME\n"
	    "= www.sig. 60 A 192.0.2.4\n"
	    "= www.sig. 60 RRSIG A\n"
	    "@ *.cw.sig. 300 NSEC dn.sig. CNAME RRSIG NSEC\n"
	    "@ *.cw.sig. 300 RRSIG NSEC\n" },
	{ "x.cc.sig. A +do",
	    "NOERROR aa edns do\n"
	    "= x.cc.sig. 3600 CNAME x.cw.sig.\n"
	    "= x.cc.sig. 3600 RRSIG CNAME\n"
	    "= x.cw.sig. 3600 CNAME www.sig.\n"
	    "= x.cw.sig. 3600 RRSIG CNAME\n"
	    "= www.sig. 60 A 192.0.2.4\n"
	    "= www.sig. 60 RRSIG A\n"
	    "@ *.cc.sig. 300 NSEC *.cn.sig. CNAME RRSIG NSEC\n"
	    "@ *.cc.sig. 300 RRSIG NSEC\n"
	    "@ *.cw.sig. 300 NSEC dn.sig. CNAME RRSIG NSEC\n"
	    "@ *.cw.sig. 300 RRSIG NSEC\n" },
	{ "x.cn.sig. A +do",
	    "NXDOMAIN aa edns do\n"
	    "= x.cn.sig. 3600 CNAME nothere.sig.\n"
	    "= x.cn.sig. 3600 RRSIG CNAME\n"
	    SIG_SOA
	    "@ *.cn.sig. 300 NSEC *.cw.sig. CNAME RRSIG NSEC\n"
	    "@ *.cn.sig. 300 RRSIG NSEC\n"
	    "@ *.w.ent.sig. 300 NSEC ns.sig. TXT RRSIG NSEC\n"
	    "@ *.w.ent.sig. 300 RRSIG NSEC\n"
	    "@ sig. 300 NSEC alun.sig. NS SOA RRSIG NSEC DNSKEY\n"
	    "@ sig. 300 RRSIG NSEC\n" },
	{ "x.cw.sig. MX +do",
	    "NOERROR aa edns do\n"
	    "= x.cw.sig. 3600 CNAME www.sig.\n"
	    "= x.cw.sig. 3600 RRSIG CNAME\n"
	    SIG_SOA
	    "@ *.cw.sig. 300 NSEC dn.sig. CNAME RRSIG NSEC\n"
	    "@ *.cw.sig. 300 RRSIG NSEC\n"
	    "@ www.sig. 300 NSEC sig. A RRSIG NSEC\n"
	    "@ www.sig. 300 RRSIG NSEC\n" },
	{ "x.cw.sig. CNAME +do",
	    "NOERROR aa edns do\n"
	    "= x.cw.sig. 3600 CNAME www.sig.\n"
	    "= x.cw.sig. 3600 RRSIG CNAME\n"
	    "@ *.cw.sig. 300 NSEC dn.sig. CNAME RRSIG NSEC\n"
	    "@ *.cw.sig. 300 RRSIG NSEC\n" },
	{ "cw.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ *.cn.sig. 300 NSEC *.cw.sig. CNAME RRSIG NSEC\n"
	    "@ *.cn.sig. 300 RRSIG NSEC\n" },
	{ "ent.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ un.empty.sig. 300 NSEC *.w.ent.sig. NS RRSIG NSEC\n"
	    "@ un.empty.sig. 300 RRSIG NSEC\n" },
	{ "x.w.ent.sig. TXT +do",
	    "NOERROR aa edns do\n"
	    "= x.w.ent.sig. 3600 TXT \"w\"\n"
	    "= x.w.ent.sig. 3600 RRSIG TXT\n"
	    "@ *.w.ent.sig. 300 NSEC ns.sig. TXT RRSIG NSEC\n"
	    "@ *.w.ent.sig. 300 RRSIG NSEC\n" },
	{ "x.w.ent.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ *.w.ent.sig. 300 NSEC ns.sig. TXT RRSIG NSEC\n"
	    "@ *.w.ent.sig. 300 RRSIG NSEC\n" },
	{ "a.e.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ sub.*.e.sig. 300 NSEC un.empty.sig. TXT RRSIG NSEC\n"
	    "@ sub.*.e.sig. 300 RRSIG NSEC\n"
	    "@ dn.sig. 300 NSEC sub.*.e.sig. DNAME RRSIG NSEC\n"
	    "@ dn.sig. 300 RRSIG NSEC\n" },
	{ "*.e.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ dn.sig. 300 NSEC sub.*.e.sig. DNAME RRSIG NSEC\n"
	    "@ dn.sig. 300 RRSIG NSEC\n" },
	{ "y.*.e.sig. A +do",
	    "NXDOMAIN aa edns do\n"
	    SIG_SOA
	    "@ sub.*.e.sig. 300 NSEC un.empty.sig. TXT RRSIG NSEC\n"
	    "@ sub.*.e.sig. 300 RRSIG NSEC\n"
	    "@ dn.sig. 300 NSEC sub.*.e.sig. DNAME RRSIG NSEC\n"
	    "@ dn.sig. 300 RRSIG NSEC\n" },
	{ "x.dn.sig. TXT +do",
	    "NOERROR aa edns do\n"
	    "= dn.sig. 3600 DNAME w.ent.sig.\n"
	    "= dn.sig. 3600 RRSIG DNAME\n"
	    "= x.dn.sig. 3600 CNAME x.w.ent.sig.\n"
	    "= x.w.ent.sig. 3600 TXT \"w\"\n"
	    "= x.w.ent.sig. 3600 RRSIG TXT\n"
	    "@ *.w.ent.sig. 300 NSEC ns.sig. TXT RRSIG NSEC\n"
	    "@ *.w.ent.sig. 300 RRSIG NSEC\n" },
	{ "x.dn.sig. A +do",
	    "NOERROR aa edns do\n"
	    "= dn.sig. 3600 DNAME w.ent.sig.\n"
	    "= dn.sig. 3600 RRSIG DNAME\n"
	    "= x.dn.sig. 3600 CNAME x.w.ent.sig.\n"
	    SIG_SOA
	    "@ *.w.ent.sig. 300 NSEC ns.sig. TXT RRSIG NSEC\n"
	    "@ *.w.ent.sig. 300 RRSIG NSEC\n" },
	{ "x.un.sig. A +do",
	    "NOERROR edns do\n"
	    "@ un.sig. 3600 NS ns.un.sig.\n"
	    "@ un.sig. 300 NSEC www.sig. NS RRSIG NSEC\n"
	    "@ un.sig. 300 RRSIG NSEC\n"
	    "+ ns.un.sig. 3600 A 192.0.2.7\n" },
	{ "un.sig. DS +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ un.sig. 300 NSEC www.sig. NS RRSIG NSEC\n"
	    "@ un.sig. 300 RRSIG NSEC\n" },
	{ "empty.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ sub.*.e.sig. 300 NSEC un.empty.sig. TXT RRSIG NSEC\n"
	    "@ sub.*.e.sig. 300 RRSIG NSEC\n" },
	{ "x.empty.sig. A +do",
	    "NXDOMAIN aa edns do\n"
	    SIG_SOA
	    "@ un.empty.sig. 300 NSEC *.w.ent.sig. NS RRSIG NSEC\n"
	    "@ un.empty.sig. 300 RRSIG NSEC\n"
	    "@ sub.*.e.sig. 300 NSEC un.empty.sig. TXT RRSIG NSEC\n"
	    "@ sub.*.e.sig. 300 RRSIG NSEC\n" },
	{ "un.empty.sig. DS +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ un.empty.sig. 300 NSEC *.w.ent.sig. NS RRSIG NSEC\n"
	    "@ un.empty.sig. 300 RRSIG NSEC\n" },
	{ "un.empty.sig. A +do",
	    "NOERROR edns do\n"
	    "@ un.empty.sig. 3600 NS ns.sig.\n"
	    "@ un.empty.sig. 300 NSEC *.w.ent.sig. NS RRSIG NSEC\n"
	    "@ un.empty.sig. 300 RRSIG NSEC\n"
	    "+ ns.sig. 3600 A 192.0.2.1\n"
	    "+ ns.sig. 3600 RRSIG A\n" },
	{ "alun.sig. A +do",
	    "NOERROR aa edns do\n"
	    "= alun.sig. 3600 CNAME x.un.sig.\n"
	    "= alun.sig. 3600 RRSIG CNAME\n"
	    "@ un.sig. 3600 NS ns.un.sig.\n"
	    "@ un.sig. 300 NSEC www.sig. NS RRSIG NSEC\n"
	    "@ un.sig. 300 RRSIG NSEC\n"
	    "+ ns.un.sig. 3600 A 192.0.2.7\n" },
	{ "sig. NSEC3PARAM",
	    "NOERROR aa\n"
	    "@ sig. 300 SOA ns.sig. host.sig. 1 7200 900 86400 300\n" },
	{ "www.sig. RRSIG",
	    "NOERROR aa\n"
	    "= www.sig. 60 RRSIG A\n"
	    "= www.sig. 300 RRSIG NSEC\n" },
	{ "www.sig. NSEC",
	    "NOERROR aa\n"
	    "= www.sig. 300 NSEC sig. A RRSIG NSEC\n" },
	{ "alun.sig. NSEC",
	    "NOERROR aa\n"
	    "= alun.sig. 300 NSEC *.cc.sig. CNAME RRSIG NSEC\n" },
	{ "alun.sig. RRSIG",
	    "NOERROR aa\n"
	    "= alun.sig. 3600 RRSIG CNAME\n"
	    "= alun.sig. 300 RRSIG NSEC\n" },
};

static const struct served_case optout_cases[] = {
	{ "ns.sig. AAAA +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ s6h9m2phqmoja0im5eanssnavh597ch8.sig. 300 NSEC3 1 1 1 AB 1MJP888T0"
	    "LISU7JLQJN697ES42793IM0 A RRSIG\n"
	    "@ s6h9m2phqmoja0im5eanssnavh597ch8.sig. 300 RRSIG NSEC3\n" },
	{ "nope.sig. A +do",
	    "NXDOMAIN aa edns do\n"
	    SIG_SOA
	    "@ 2ajo2v9medjbno346dca4f51u29gvqop.sig. 300 NSEC3 1 1 1 AB 313GN749S"
	    "PFP44A3176MSPHN5RI2ODGK NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	    "@ 2ajo2v9medjbno346dca4f51u29gvqop.sig. 300 RRSIG NSEC3\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 NSEC3 1 1 1 AB S28FETSDI"
	    "L3DG2AGKONT34DDQUUKMB2O\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 RRSIG NSEC3\n" },
	{ "x.cw.sig. A +do",
	    "NOERROR aa edns do\n"
	    "= x.cw.sig. 3600 CNAME www.sig.\n"
	    "= x.cw.sig. 3600 RRSIG CNAME\n"
	    "= www.sig. 60 A 192.0.2.4\n"
	    "= www.sig. 60 RRSIG A\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 NSEC3 1 1 1 AB S28FETSDI"
	    "L3DG2AGKONT34DDQUUKMB2O\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 RRSIG NSEC3\n" },
	{ "x.cc.sig. A +do",
	    "NOERROR aa edns do\n"
	    "= x.cc.sig. 3600 CNAME x.cw.sig.\n"
	    "= x.cc.sig. 3600 RRSIG CNAME\n"
	    "= x.cw.sig. 3600 CNAME www.sig.\n"
	    "= x.cw.sig. 3600 RRSIG CNAME\n"
	    "= www.sig. 60 A 192.0.2.4\n"
	    "= www.sig. 60 RRSIG A\n"
	    "@ hkkn4nuvk632t8dei1hhr9thcm33rq3u.sig. 300 NSEC3 1 1 1 AB KRDFA0QH3"
	    "O2O1V2CQP4VJQGIUMLBO8PM\n"
	    "@ hkkn4nuvk632t8dei1hhr9thcm33rq3u.sig. 300 RRSIG NSEC3\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 NSEC3 1 1 1 AB S28FETSDI"
	    "L3DG2AGKONT34DDQUUKMB2O\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 RRSIG NSEC3\n" },
	{ "x.cn.sig. A +do",
	    "NXDOMAIN aa edns do\n"
	    "= x.cn.sig. 3600 CNAME nothere.sig.\n"
	    "= x.cn.sig. 3600 RRSIG CNAME\n"
	    SIG_SOA
	    "@ 6426b4f65uoj6ru8choskhf4n39eofnb.sig. 300 NSEC3 1 1 1 AB 6NN18D20N"
	    "3J2A24N51QGGULTE4S0S8UF A RRSIG\n"
	    "@ 6426b4f65uoj6ru8choskhf4n39eofnb.sig. 300 RRSIG NSEC3\n"
	    "@ 2ajo2v9medjbno346dca4f51u29gvqop.sig. 300 NSEC3 1 1 1 AB 313GN749S"
	    "PFP44A3176MSPHN5RI2ODGK NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	    "@ 2ajo2v9medjbno346dca4f51u29gvqop.sig. 300 RRSIG NSEC3\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 NSEC3 1 1 1 AB S28FETSDI"
	    "L3DG2AGKONT34DDQUUKMB2O\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 RRSIG NSEC3\n" },
	{ "x.cw.sig. MX +do",
	    "NOERROR aa edns do\n"
	    "= x.cw.sig. 3600 CNAME www.sig.\n"
	    "= x.cw.sig. 3600 RRSIG CNAME\n"
	    SIG_SOA
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 NSEC3 1 1 1 AB S28FETSDI"
	    "L3DG2AGKONT34DDQUUKMB2O\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 RRSIG NSEC3\n"
	    "@ 6426b4f65uoj6ru8choskhf4n39eofnb.sig. 300 NSEC3 1 1 1 AB 6NN18D20N"
	    "3J2A24N51QGGULTE4S0S8UF A RRSIG\n"
	    "@ 6426b4f65uoj6ru8choskhf4n39eofnb.sig. 300 RRSIG NSEC3\n" },
	{ "x.cw.sig. CNAME +do",
	    "NOERROR aa edns do\n"
	    "= x.cw.sig. 3600 CNAME www.sig.\n"
	    "= x.cw.sig. 3600 RRSIG CNAME\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 NSEC3 1 1 1 AB S28FETSDI"
	    "L3DG2AGKONT34DDQUUKMB2O\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 RRSIG NSEC3\n" },
	{ "cw.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ 1mjp888t0lisu7jlqjn697es42793im0.sig. 300 NSEC3 1 1 1 AB 2AJO2V9ME"
	    "DJBNO346DCA4F51U29GVQOP\n"
	    "@ 1mjp888t0lisu7jlqjn697es42793im0.sig. 300 RRSIG NSEC3\n" },
	{ "ent.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ d2m8c24k700b4m4bgfndf8t8lv24pcjf.sig. 300 NSEC3 1 1 1 AB EC8FRCFRL"
	    "K7734OOIOG0QPOF4FLV6PA6\n"
	    "@ d2m8c24k700b4m4bgfndf8t8lv24pcjf.sig. 300 RRSIG NSEC3\n" },
	{ "x.w.ent.sig. TXT +do",
	    "NOERROR aa edns do\n"
	    "= x.w.ent.sig. 3600 TXT \"w\"\n"
	    "= x.w.ent.sig. 3600 RRSIG TXT\n"
	    "@ 3u8ihk9l1vs4nr6sqf7732onguf671p2.sig. 300 NSEC3 1 1 1 AB 6426B4F65"
	    "UOJ6RU8CHOSKHF4N39EOFNB\n"
	    "@ 3u8ihk9l1vs4nr6sqf7732onguf671p2.sig. 300 RRSIG NSEC3\n" },
	{ "x.w.ent.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ 3u8ihk9l1vs4nr6sqf7732onguf671p2.sig. 300 NSEC3 1 1 1 AB 6426B4F65"
	    "UOJ6RU8CHOSKHF4N39EOFNB\n"
	    "@ 3u8ihk9l1vs4nr6sqf7732onguf671p2.sig. 300 RRSIG NSEC3\n"
	    "@ 6nn18d20n3j2a24n51qggulte4s0s8uf.sig. 300 NSEC3 1 1 1 AB 6UB5FLD2C"
	    "AKLFRAES05UUFKTV457TPUT TXT RRSIG\n"
	    "@ 6nn18d20n3j2a24n51qggulte4s0s8uf.sig. 300 RRSIG NSEC3\n" },
	{ "a.e.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ 9266htuop71uk7dd9po8djmri4cb92v9.sig. 300 NSEC3 1 1 1 AB D2M8C24K7"
	    "00B4M4BGFNDF8T8LV24PCJF\n"
	    "@ 9266htuop71uk7dd9po8djmri4cb92v9.sig. 300 RRSIG NSEC3\n"
	    "@ hkkn4nuvk632t8dei1hhr9thcm33rq3u.sig. 300 NSEC3 1 1 1 AB KRDFA0QH3"
	    "O2O1V2CQP4VJQGIUMLBO8PM\n"
	    "@ hkkn4nuvk632t8dei1hhr9thcm33rq3u.sig. 300 RRSIG NSEC3\n"
	    "@ ec8frcfrlk7734ooiog0qpof4flv6pa6.sig. 300 NSEC3 1 1 1 AB HKKN4NUVK"
	    "632T8DEI1HHR9THCM33RQ3U\n"
	    "@ ec8frcfrlk7734ooiog0qpof4flv6pa6.sig. 300 RRSIG NSEC3\n" },
	{ "*.e.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ ec8frcfrlk7734ooiog0qpof4flv6pa6.sig. 300 NSEC3 1 1 1 AB HKKN4NUVK"
	    "632T8DEI1HHR9THCM33RQ3U\n"
	    "@ ec8frcfrlk7734ooiog0qpof4flv6pa6.sig. 300 RRSIG NSEC3\n" },
	{ "y.*.e.sig. A +do",
	    "NXDOMAIN aa edns do\n"
	    SIG_SOA
	    "@ ec8frcfrlk7734ooiog0qpof4flv6pa6.sig. 300 NSEC3 1 1 1 AB HKKN4NUVK"
	    "632T8DEI1HHR9THCM33RQ3U\n"
	    "@ ec8frcfrlk7734ooiog0qpof4flv6pa6.sig. 300 RRSIG NSEC3\n"
	    "@ 2ajo2v9medjbno346dca4f51u29gvqop.sig. 300 NSEC3 1 1 1 AB 313GN749S"
	    "PFP44A3176MSPHN5RI2ODGK NS SOA RRSIG DNSKEY NSEC3PARAM\n"
	    "@ 2ajo2v9medjbno346dca4f51u29gvqop.sig. 300 RRSIG NSEC3\n" },
	{ "x.dn.sig. TXT +do",
	    "NOERROR aa edns do\n"
	    "= dn.sig. 3600 DNAME w.ent.sig.\n"
	    "= dn.sig. 3600 RRSIG DNAME\n"
	    "= x.dn.sig. 3600 CNAME x.w.ent.sig.\n"
	    "= x.w.ent.sig. 3600 TXT \"w\"\n"
	    "= x.w.ent.sig. 3600 RRSIG TXT\n"
	    "@ 3u8ihk9l1vs4nr6sqf7732onguf671p2.sig. 300 NSEC3 1 1 1 AB 6426B4F65"
	    "UOJ6RU8CHOSKHF4N39EOFNB\n"
	    "@ 3u8ihk9l1vs4nr6sqf7732onguf671p2.sig. 300 RRSIG NSEC3\n" },
	{ "x.dn.sig. A +do",
	    "NOERROR aa edns do\n"
	    "= dn.sig. 3600 DNAME w.ent.sig.\n"
	    "= dn.sig. 3600 RRSIG DNAME\n"
	    "= x.dn.sig. 3600 CNAME x.w.ent.sig.\n"
	    SIG_SOA
	    "@ 3u8ihk9l1vs4nr6sqf7732onguf671p2.sig. 300 NSEC3 1 1 1 AB 6426B4F65"
	    "UOJ6RU8CHOSKHF4N39EOFNB\n"
	    "@ 3u8ihk9l1vs4nr6sqf7732onguf671p2.sig. 300 RRSIG NSEC3\n"
	    "@ 6nn18d20n3j2a24n51qggulte4s0s8uf.sig. 300 NSEC3 1 1 1 AB 6UB5FLD2C"
	    "AKLFRAES05UUFKTV457TPUT TXT RRSIG\n"
	    "@ 6nn18d20n3j2a24n51qggulte4s0s8uf.sig. 300 RRSIG NSEC3\n" },
	{ "x.un.sig. A +do",
	    "NOERROR edns do\n"
	    "@ un.sig. 3600 NS ns.un.sig.\n"
	    "@ mdn4lgtndkq42p3e54kjgh77qmn82td3.sig. 300 NSEC3 1 1 1 AB NVIVVP4LC"
	    "2MGOAV96M3OOTCJD1KDGMSL NS\n"
	    "@ mdn4lgtndkq42p3e54kjgh77qmn82td3.sig. 300 RRSIG NSEC3\n"
	    "+ ns.un.sig. 3600 A 192.0.2.7\n" },
	{ "un.sig. DS +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ mdn4lgtndkq42p3e54kjgh77qmn82td3.sig. 300 NSEC3 1 1 1 AB NVIVVP4LC"
	    "2MGOAV96M3OOTCJD1KDGMSL NS\n"
	    "@ mdn4lgtndkq42p3e54kjgh77qmn82td3.sig. 300 RRSIG NSEC3\n" },
	{ "empty.sig. A +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ o5u0j21jek3n9msap2p5068057375ksi.sig. 300 NSEC3 1 1 1 AB P389K0PS9"
	    "FKHJ46RPNSTR0O3D4N1E7MD\n"
	    "@ o5u0j21jek3n9msap2p5068057375ksi.sig. 300 RRSIG NSEC3\n" },
	{ "x.empty.sig. A +do",
	    "NXDOMAIN aa edns do\n"
	    SIG_SOA
	    "@ o5u0j21jek3n9msap2p5068057375ksi.sig. 300 NSEC3 1 1 1 AB P389K0PS9"
	    "FKHJ46RPNSTR0O3D4N1E7MD\n"
	    "@ o5u0j21jek3n9msap2p5068057375ksi.sig. 300 RRSIG NSEC3\n"
	    "@ hkkn4nuvk632t8dei1hhr9thcm33rq3u.sig. 300 NSEC3 1 1 1 AB KRDFA0QH3"
	    "O2O1V2CQP4VJQGIUMLBO8PM\n"
	    "@ hkkn4nuvk632t8dei1hhr9thcm33rq3u.sig. 300 RRSIG NSEC3\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 NSEC3 1 1 1 AB S28FETSDI"
	    "L3DG2AGKONT34DDQUUKMB2O\n"
	    "@ p389k0ps9fkhj46rpnstr0o3d4n1e7md.sig. 300 RRSIG NSEC3\n" },
	{ "un.empty.sig. DS +do",
	    "NOERROR aa edns do\n"
	    SIG_SOA
	    "@ 313gn749spfp44a3176msphn5ri2odgk.sig. 300 NSEC3 1 1 1 AB 363NT1B0N"
	    "VL3V140UPS0GH802P5LJTGV NS\n"
	    "@ 313gn749spfp44a3176msphn5ri2odgk.sig. 300 RRSIG NSEC3\n" },
	{ "un.empty.sig. A +do",
	    "NOERROR edns do\n"
	    "@ un.empty.sig. 3600 NS ns.sig.\n"
	    "@ 313gn749spfp44a3176msphn5ri2odgk.sig. 300 NSEC3 1 1 1 AB 363NT1B0N"
	    "VL3V140UPS0GH802P5LJTGV NS\n"
	    "@ 313gn749spfp44a3176msphn5ri2odgk.sig. 300 RRSIG NSEC3\n"
	    "+ ns.sig. 3600 A 192.0.2.1\n"
	    "+ ns.sig. 3600 RRSIG A\n" },
	{ "alun.sig. A +do",
	    "NOERROR aa edns do\n"
	    "= alun.sig. 3600 CNAME x.un.sig.\n"
	    "= alun.sig. 3600 RRSIG CNAME\n"
	    "@ un.sig. 3600 NS ns.un.sig.\n"
	    "@ mdn4lgtndkq42p3e54kjgh77qmn82td3.sig. 300 NSEC3 1 1 1 AB NVIVVP4LC"
	    "2MGOAV96M3OOTCJD1KDGMSL NS\n"
	    "@ mdn4lgtndkq42p3e54kjgh77qmn82td3.sig. 300 RRSIG NSEC3\n"
	    "+ ns.un.sig. 3600 A 192.0.2.7\n" },
	{ "sig. NSEC3PARAM",
	    "NOERROR aa\n"
	    "= sig. 3600 NSEC3PARAM 1 0 1 AB\n" },
	{ "www.sig. RRSIG",
	    "NOERROR aa\n"
	    "= www.sig. 60 RRSIG A\n" },
	{ "www.sig. NSEC",
	    "NOERROR aa\n"
	    "@ sig. 300 SOA ns.sig. host.sig. 1 7200 900 86400 300\n" },
	{ "alun.sig. NSEC",
	    "NOERROR aa\n"
	    "@ sig. 300 SOA ns.sig. host.sig. 1 7200 900 86400 300\n" },
	{ "alun.sig. RRSIG",
	    "NOERROR aa\n"
	    "= alun.sig. 3600 RRSIG CNAME\n" },
};
/* clang-format on */

#endif
