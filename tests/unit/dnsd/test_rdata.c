/*
 * rdata: every type as text and on the wire, both ways; messages, order,
 * names.
 */
#include <stdlib.h>
#include <string.h>

#include "dname.h"
#include "rdatapart.h"
#include "tap.h"
#include "zonefile.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define T10 "0123456789"
#define T50 T10 T10 T10 T10 T10
#define T250 T50 T50 T50 T50 T50

/* Records of example., with what BIND makes of the same text. */
struct row {
	const char *type, *text;
	const char *hex;
	const char *back; /* how we write it; NULL: as it is read */
};

/* clang-format off */
static const struct row rows[] = {
	{ "SOA",
	    "ns1 hostmaster 1 3600 900 604800 300",
	    "036e7331076578616d706c65000a686f73746d617374657207657861"
	    "6d706c65000000000100000e100000038400093a800000012c",
	    "ns1.example. hostmaster.example. 1 3600 900 604800 300" },
	{ "NS", "ns1", "036e7331076578616d706c6500", "ns1.example." },
	{ "A", "192.0.2.1", "c0000201", NULL },
	{ "AAAA", "2001:db8::1", "20010db8000000000000000000000001", NULL },
	{ "WKS", "192.0.2.1 6 25 80", "c0000201060000004000000000000080", NULL },
	{ "PTR", "foo.bar.", "03666f6f0362617200", NULL },
	{ "HINFO",
	    "\"PC \\\"x\\\"\" Unix",
	    "0650432022782204556e6978",
	    "\"PC \\\"x\\\"\" \"Unix\"" },
	{ "MINFO",
	    "a b.c.",
	    "0161076578616d706c65000162016300",
	    "a.example. b.c." },
	{ "MX",
	    "10 mail",
	    "000a046d61696c076578616d706c6500",
	    "10 mail.example." },
	{ "TXT",
	    "\"hello world\" foo \"\\\"q\\\" \\\\ \\001\\255\" \"\"",
	    "0b68656c6c6f20776f726c6403666f6f08227122205c2001ff00",
	    "\"hello world\" \"foo\" \"\\\"q\\\" \\\\ \\001\\255\" \"\"" },
	{ "RP",
	    "a.b txt.c.",
	    "01610162076578616d706c650003747874016300",
	    "a.b.example. txt.c." },
	{ "AFSDB", "1 afs", "000103616673076578616d706c6500", "1 afs.example." },
	{ "X25",
	    "311061700956",
	    "0c333131303631373030393536",
	    "\"311061700956\"" },
	{ "ISDN",
	    "150862028003217 004",
	    "0f31353038363230323830303332313703303034",
	    "\"150862028003217\" \"004\"" },
	{ "ISDN",
	    "150862028003217",
	    "0f313530383632303238303033323137",
	    "\"150862028003217\"" },
	{ "RT",
	    "10 relay",
	    "000a0572656c6179076578616d706c6500",
	    "10 relay.example." },
	{ "NSAP",
	    "0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00",
	    "47000580005a0000000001e133ffffff00016100",
	    "0x47000580005A0000000001E133FFFFFF00016100" },
	{ "NSAP-PTR", "foo", "03666f6f076578616d706c6500", "foo.example." },
	{ "KEY",
	    "512 255 1 AQMFD5raczCJHViKtLYhWGz8hMY9UGRuniJDBzC7w0aR",
	    "0200ff010103050f9ada7330891d588ab4b621586cfc84c63d50646e"
	    "9e22430730bbc34691",
	    NULL },
	{ "PX",
	    "10 a b",
	    "000a0161076578616d706c65000162076578616d706c6500",
	    "10 a.example. b.example." },
	{ "GPOS",
	    "-32.6882 116.8652 10.0",
	    "082d33322e36383832083131362e383635320431302e30",
	    "\"-32.6882\" \"116.8652\" \"10.0\"" },
	{ "LOC",
	    "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
	    "000016138b3cf018810cbce0009895b8",
	    "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000.00m 10.00m" },
	{ "LOC",
	    "42 21 54 N 71 06 18 W -24m 30m",
	    "0033161389172dd070be15f000988d20",
	    "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m" },
	{ "LOC",
	    "32 S 116 E 10m",
	    "001216137922300098e4120000989a68",
	    "32 0 0.000 S 116 0 0.000 E 10.00m 1.00m 10000.00m 10.00m" },
	{ "SRV",
	    "0 5 5060 sip",
	    "0000000513c403736970076578616d706c6500",
	    "0 5 5060 sip.example." },
	{ "NAPTR",
	    "100 50 \"s\" \"http+I2L+I2C+I2R\" \"!^(.*)$!\\\\1!\" _http._tcp",
	    "00640032017310687474702b49324c2b4932432b4932520b215e282e"
	    "2a2924215c3121055f68747470045f746370076578616d706c6500",
	    "100 50 \"s\" \"http+I2L+I2C+I2R\" \"!^(.*)$!\\\\1!\" _http._tcp."
	    "example." },
	{ "KX", "5 kx", "0005026b78076578616d706c6500", "5 kx.example." },
	{ "CERT", "PGP 0 0 dGVzdA==", "000300000074657374", "3 0 0 dGVzdA==" },
	{ "CERT",
	    "65534 65535 RSASHA256 AQ==",
	    "fffeffff0801",
	    "65534 65535 8 AQ==" },
	{ "DNAME",
	    "other.example.net.",
	    "056f74686572076578616d706c65036e657400",
	    NULL },
	{ "APL",
	    "1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32 1:0.0.0.0/0",
	    "00011503c0a82000011c83c0a8260002200420010db800010000",
	    NULL },
	{ "DS",
	    "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
	    "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
	    NULL },
	{ "SSHFP",
	    "2 1 123456789ABCDEF67890123456789ABCDEF67890",
	    "0201123456789abcdef67890123456789abcdef67890",
	    NULL },
	{ "IPSECKEY",
	    "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BS"
	    "Gvgqt4AQ==",
	    "0a0102c0000226010351537986ed35533b6064478eeeb27b5bd74dae"
	    "149b6e81ba3a0521af82ab7801",
	    NULL },
	{ "IPSECKEY",
	    "10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
	    "0a0002010351537986ed35533b6064478eeeb27b5bd74dae149b6e81"
	    "ba3a0521af82ab7801",
	    NULL },
	{ "IPSECKEY",
	    "10 3 2 mygateway.example.com. AQNRU3mG7TVTO2BkR47usntb10"
	    "2uFJtugbo6BSGvgqt4AQ==",
	    "0a0302096d7967617465776179076578616d706c6503636f6d000103"
	    "51537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af"
	    "82ab7801",
	    NULL },
	{ "IPSECKEY",
	    "10 2 2 2001:db8:0:8002::2000:1 AQNRU3mG7TVTO2BkR47usntb1"
	    "02uFJtugbo6BSGvgqt4AQ==",
	    "0a020220010db8000080020000000020000001010351537986ed3553"
	    "3b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801",
	    NULL },
	{ "RRSIG",
	    "A 5 3 86400 20030322173103 20030220173103 2642 example.c"
	    "om. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMe"
	    "DPKijVCHX3DDKdfb+v6o B9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3"
	    "tGNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkG J5D6fwFm8nN+6pBzeD"
	    "QfsS3Ap3o=",
	    "00010503000151803e7c9dd73e5510d70a52076578616d706c650363"
	    "6f6d00a090755ba58d1affa576f4375831b4310920e481218d18a9f1"
	    "64eb3d81afd3b875d3c75428631e0cf2a28d50875f70c329d7dbfafe"
	    "a807dc1fba1dc34c95d401f23f334ce63bfcf3f1b5b44739e5f0eded"
	    "18d6b33f040a911376d173d757a9f0c1fa1798941bb0b36b2df90627"
	    "90fa7f0166f2737eea907378341fb12dc0a77a",
	    "A 5 3 86400 20030322173103 20030220173103 2642 example.c"
	    "om. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMe"
	    "DPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3t"
	    "GNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQf"
	    "sS3Ap3o=" },
	{ "NSEC",
	    "host.example.com. A MX RRSIG NSEC TYPE1234",
	    "04686f7374076578616d706c6503636f6d000006400100000003041b"
	    "000000000000000000000000000000000000000000000000000020",
	    NULL },
	{ "DNSKEY",
	    "256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmv"
	    "HjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmM"
	    "Hfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLi"
	    "jfUppn1UaNvv4w==",
	    "010003050103d22a6ca77f35b893206fd35e4c506d8378843709b97e"
	    "041647e1bff43d8d64c649af1e371973c9e891fce3df519a8c840a63"
	    "ee42a6d2ebddbb97035d215aa4e417b1fa45fa11a9741ea2098c1dfa"
	    "5fb5feb332fd4bc8152089aef36ba644cce2413b3b72be18cbef8da2"
	    "53f4e93d2103866d9234a2e28df529a67d5468dbefe3",
	    NULL },
	{ "DHCID",
	    "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
	    "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17c"
	    "db95000da48c40",
	    NULL },
	{ "NSEC3",
	    "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSK"
	    "EY NS SOA NSEC3PARAM RRSIG",
	    "0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425"
	    "e27b000722010000000290",
	    "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA "
	    "MX RRSIG DNSKEY NSEC3PARAM" },
	{ "NSEC3",
	    "1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr",
	    "010000000014174eb2409fe28bcb4887a1836f957f0a8425e27b",
	    "1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR" },
	{ "NSEC3PARAM",
	    "1 0 12 aabbccdd",
	    "0100000c04aabbccdd",
	    "1 0 12 AABBCCDD" },
	{ "NSEC3PARAM", "1 0 0 -", "0100000000", NULL },
	{ "TLSA",
	    "3 1 1 0d6fce3c9d7c1e6d3a0b1c2d3e4f5061728394a5b6c7d8e9fa"
	    "0b1c2d3e4f5061",
	    "0301010d6fce3c9d7c1e6d3a0b1c2d3e4f5061728394a5b6c7d8e9fa"
	    "0b1c2d3e4f5061",
	    "3 1 1 0D6FCE3C9D7C1E6D3A0B1C2D3E4F5061728394A5B6C7D8E9FA"
	    "0B1C2D3E4F5061" },
	{ "SMIMEA", "3 0 0 aabb", "030000aabb", "3 0 0 AABB" },
	{ "HIP",
	    "2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzx"
	    "Ts9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87U"
	    "OoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwz"
	    "G7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D rvs.example."
	    "com. rvs2",
	    "10020084200100107b1a74df365639cc39f1d57803010001b771ca13"
	    "6e4aeb5ce44333c53b3d2c13c22243851fc708bcce29f7e2eb5787b5"
	    "f56ccad34f8223acc10904ddb56b2ec4a6d6232f3b50ea094f0914b3"
	    "b941bbe529af582c36bbadefdaf2adaf9b4911906f5b2522603c6152"
	    "72b880ec8fb930cc6ee39c444daa75b1678f005a4b2499d1da5433f8"
	    "05c7a5ad3237acc5dd5c5e4303727673076578616d706c6503636f6d"
	    "000472767332076578616d706c6500",
	    "2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzx"
	    "Ts9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87U"
	    "OoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwz"
	    "G7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D rvs.example."
	    "com. rvs2.example." },
	{ "NINFO", "\"zone status\"", "0b7a6f6e6520737461747573", NULL },
	{ "RKEY", "0 255 1 aGVsbG8=", "0000ff0168656c6c6f", NULL },
	{ "TALINK",
	    "a b",
	    "0161076578616d706c65000162076578616d706c6500",
	    "a.example. b.example." },
	{ "CDS",
	    "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
	    "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
	    NULL },
	{ "CDNSKEY", "0 3 0 AA==", "0000030000", NULL },
	{ "OPENPGPKEY", "aGVsbG8gd29ybGQ=", "68656c6c6f20776f726c64", NULL },
	{ "CSYNC", "66 3 A NS AAAA", "000000420003000460000008", NULL },
	{ "ZONEMD",
	    "2018031500 1 1 616C6C6F776564206275742069676E6F7265642E"
	    "20616C6C6F77656420627574206100112233445566778899AABBCCDD",
	    "7848b78c0101616c6c6f776564206275742069676e6f7265642e"
	    "20616c6c6f77656420627574206100112233445566778899aabbccdd",
	    NULL },
	{ "SVCB",
	    "1 . port=53 alpn=\"h2,h3\" mandatory=port,alpn",
	    "000100000000040001000300010006026832026833000300020035",
	    "1 . mandatory=alpn,port alpn=\"h2,h3\" port=53" },
	{ "HTTPS",
	    "0 svc.example.net.",
	    "000003737663076578616d706c65036e657400",
	    NULL },
	{ "SVCB",
	    "16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alp"
	    "n ipv4hint=192.0.2.1",
	    "001003666f6f076578616d706c65036f726700000000040001000400"
	    "0100090268320568332d313900040004c0000201",
	    "16 foo.example.org. mandatory=alpn,ipv4hint alpn=\"h2,h3-"
	    "19\" ipv4hint=192.0.2.1" },
	{ "SVCB",
	    "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
	    "001003666f6f076578616d706c65036f7267000001000c08665c6f6f"
	    "2c626172026832",
	    NULL },
	{ "SVCB",
	    "1 foo.example.com. key667=\"hello\\210qoo\"",
	    "000103666f6f076578616d706c6503636f6d00029b000968656c6c6fd2716f6f",
	    NULL },
	{ "HTTPS",
	    "1 . alpn=h2 no-default-alpn ipv6hint=\"2001:db8::1,2001:d"
	    "b8::53:1\" ech=aGVsbG8= dohpath=\"/q{?dns}\"",
	    "00010000010003026832000200000005000568656c6c6f0006002020"
	    "010db800000000000000000000000120010db8000000000000000000"
	    "530001000700082f717b3f646e737d",
	    "1 . alpn=\"h2\" no-default-alpn ech=aGVsbG8= ipv6hint=2001"
	    ":db8::1,2001:db8::53:1 dohpath=\"/q{?dns}\"" },
	{ "SPF", "\"v=spf1 -all\"", "0b763d73706631202d616c6c", NULL },
	{ "NID",
	    "10 0014:4fff:ff20:ee64",
	    "000a00144fffff20ee64",
	    "10 0014:4fff:ff20:ee64" },
	{ "L32", "10 10.1.2.0", "000a0a010200", NULL },
	{ "L64",
	    "10 2001:0DB8:1140:1000",
	    "000a20010db811401000",
	    "10 2001:0db8:1140:1000" },
	{ "LP",
	    "10 l64-subnet1.example.com.",
	    "000a0b6c36342d7375626e657431076578616d706c6503636f6d00",
	    NULL },
	{ "EUI48", "00-00-5e-00-53-2a", "00005e00532a", NULL },
	{ "EUI64", "00-00-5e-ef-10-00-00-2a", "00005eef1000002a", NULL },
	{ "URI",
	    "10 1 \"ftp://ftp1.example.com/public\"",
	    "000a00016674703a2f2f667470312e6578616d706c652e636f6d2f70"
	    "75626c6963",
	    NULL },
	{ "CAA",
	    "0 issue \"letsencrypt.org; x=y\"",
	    "000569737375656c657473656e63727970742e6f72673b20783d79",
	    NULL },
	{ "CAA", "128 iodef \"\"", "8005696f646566", NULL },
	{ "AVC",
	    "\"app-name:WOLFGANG|app-class:OAM\"",
	    "1f6170702d6e616d653a574f4c4647414e477c6170702d636c6173733a4f414d",
	    NULL },
	{ "AMTRELAY", "10 0 1 203.0.113.15", "0a01cb00710f", NULL },
	{ "AMTRELAY", "10 1 0 .", "0a80", NULL },
	{ "AMTRELAY",
	    "128 1 3 amtrelays.example.com.",
	    "808309616d7472656c617973076578616d706c6503636f6d00",
	    NULL },
	{ "AMTRELAY",
	    "10 0 2 2001:db8::15",
	    "0a0220010db8000000000000000000000015",
	    NULL },
	{ "DLV",
	    "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
	    "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
	    NULL },
	{ "TYPE65280", "\\# 4 0a000001", "0a000001", "\\# 4 0A000001" },
	{ "A", "\\# 4 0A000001", "0a000001", "10.0.0.1" },
	{ "A", "\\# 4 0A000002", "0a000002", "10.0.0.2" },
	{ "AAAA", "::1", "00000000000000000000000000000001", NULL },
	{ "DOA",
	    "1234567890 1234567890 1 \"image/gif\" R0lGODlhKAAZAOMCAGZm"
	    "ZgBmmf///zOZzMz//5nM/zNmmWbM",
	    "499602d2499602d20109696d6167652f676966474946383961280019"
	    "00e30200666666006699ffffff3399ccccffff99ccff33669966cc",
	    NULL },
	{ "EID", "e32c6f78163a9348", "e32c6f78163a9348", "E32C6F78163A9348" },
	{ "NIMLOC", "32251a030067", "32251a030067", "32251A030067" },
	{ "SINK", "8 0 2 l4ik", "0800029788a4", NULL },
	{ "TA",
	    "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
	    "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
	    NULL },
	{ "MB", "foo", "03666f6f076578616d706c6500", "foo.example." },
	{ "MG", "foo", "03666f6f076578616d706c6500", "foo.example." },
	{ "MR", "foo", "03666f6f076578616d706c6500", "foo.example." },
	{ "MD", "foo", "03666f6f076578616d706c6500", "foo.example." },
	{ "A6",
	    "64 ::1 foo",
	    "40000000000000000103666f6f076578616d706c6500",
	    "64 ::1 foo.example." },
	{ "CNAME",
	    "foo\\.bar.\\065\\.b.",
	    "07666f6f2e62617203412e6200",
	    "foo\\.bar.A\\.b." },
	{ "SMIMEA", "3 0 0 aabb", "030000aabb", "3 0 0 AABB" },
	{ "SIG",
	    "A 1 3 3600 20000102030405 19961211100908 2143 foo.nil. M"
	    "xFcby9k/yvedMfQgKzhH5er0Mu/vILz45IkskceFGgiWCn/GxHhai6V",
	    "0001010300000e10386ec02532ae8844085f03666f6f036e696c0033"
	    "115c6f2f64ff2bde74c7d080ace11f97abd0cbbfbc82f3e39224b247"
	    "1e1468225829ff1b11e16a2e95",
	    NULL },
	/* other ways to write the same, and edges */
	{ "SOA",
	    "@ . 4294967295 1h30m 2d 3W 4294967295",
	    "076578616d706c650000ffffffff000015180002a300001baf80ffffffff",
	    "example. . 4294967295 5400 172800 1814400 4294967295" },
	{ "MX", "10 .", "000a00", NULL },
	{ "NS", "\\000\\.\\@x\\255.", "05002e4078ff00", NULL },
	{ "DS",
	    "60485 rsasha1 1 2bb183af5f225881 79a53b0a98631fad1a 29 2118",
	    "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
	    "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118" },
	{ "CDS", "0 0 0 00", "0000000000", NULL },
	{ "DNSKEY",
	    "257 3 ECDSAP256SHA256 AQ ID",
	    "0101030d010203",
	    "257 3 13 AQID" },
	{ "RRSIG",
	    "TYPE65280 13 1 60 1700000000 19700101000000 1 @ AQ==",
	    "ff000d010000003c6553f100000000000001076578616d706c650001",
	    "TYPE65280 13 1 60 20231114221320 19700101000000 1 example. AQ==" },
	{ "RRSIG",
	    "A 13 1 60 21060207062815 20240229235959 1 . AQ==",
	    "00010d010000003cffffffff65e11a7f00010001",
	    NULL },
	{ "NSEC", "a.", "016100", NULL },
	{ "NSEC",
	    "a. CAA A NSEC3PARAM TYPE65535 a",
	    "016100000740000000000010010140ff200000000000000000000000"
	    "000000000000000000000000000000000000000001",
	    "a. A NSEC3PARAM CAA TYPE65535" },
	{ "NXT", "a. A MX NXT", "01610040010002", NULL },
	{ "CSYNC", "1 0", "000000010000", NULL },
	{ "TXT",
	    "foo=\"bar baz\" x=y",
	    "04666f6f3d076261722062617a03783d79",
	    "\"foo=\" \"bar baz\" \"x=y\"" },
	{ "TXT",
	    "\"0123456789012345678901234567890123456789012345678901234"
	    "56789012345678901234567890123456789012345678901234567890"
	    "12345678901234567890123456789012345678901234567890123456"
	    "78901234567890123456789012345678901234567890123456789012"
	    "345678901234567890123456789abcde\"",
	    "ff303132333435363738393031323334353637383930313233343536"
	    "37383930313233343536373839303132333435363738393031323334"
	    "35363738393031323334353637383930313233343536373839303132"
	    "33343536373839303132333435363738393031323334353637383930"
	    "31323334353637383930313233343536373839303132333435363738"
	    "39303132333435363738393031323334353637383930313233343536"
	    "37383930313233343536373839303132333435363738393031323334"
	    "35363738393031323334353637383930313233343536373839303132"
	    "33343536373839303132333435363738393031323334353637383961"
	    "62636465",
	    NULL },
	{ "CERT", "PKIX 1 RSASHA256 AQID", "0001000108010203", "1 1 8 AQID" },
	{ "DSYNC", "CDS NOTIFY 5300 a.", "003b0114b4016100", "CDS 1 5300 a." },
	{ "WKS",
	    "10.0.0.1 tcp smtp 25 domain",
	    "0a0000010600000040000004",
	    "10.0.0.1 6 25 53" },
	{ "WKS", "10.0.0.1 17", "0a00000111", NULL },
	{ "APL", "", "", NULL },
	{ "A6", "0 2001:db8::1", "0020010db8000000000000000000000001", NULL },
	{ "A6", "128 a.", "80016100", NULL },
	{ "A6",
	    "60 2001:db8:0:ffff::1 a.",
	    "3c0f0000000000000001016100",
	    "60 ::f:0:0:0:1 a." },
	{ "HINFO", "a \"\"", "016100", "\"a\" \"\"" },
	{ "LOC",
	    "0 N 0 E 0",
	    "00121613800000008000000000989680",
	    "0 0 0.000 N 0 0 0.000 E 0.00m 1.00m 10000.00m 10.00m" },
	{ "LOC",
	    "90 S 180 W -100000m 90000000m 0.05m 1m",
	    "009950126cb0270059604e0000000000",
	    "90 0 0.000 S 180 0 0.000 W -100000.00m 90000000.00m 0.05m 1.00m" },
	{ "LOC",
	    "1 2 3.004 s 1 2 w 42849672.95m 0",
	    "000016137fc731047fc73cc0ffffffff",
	    "1 2 3.004 S 1 2 0.000 W 42849672.95m 0.00m 10000.00m 10.00m" },
	{ "SVCB", "0 a.", "0000016100", NULL },
	{ "SVCB",
	    "1 a. key65534 key1=\\002h2",
	    "00010161000001000403026832fffe0000",
	    "1 a. alpn=\"\\002h2\" key65534" },
	{ "HTTPS",
	    "1 . port=\"0\" ohttp",
	    "00010000030002000000080000",
	    "1 . port=0 ohttp" },
	{ "HTTPS",
	    "1 . alpn=\"a,b,c\\\\\\\\d\"",
	    "000100000100080161016203635c64",
	    NULL },
	{ "HTTPS", "1 . alpn=\"a\\\\,b\"", "0001000001000403612c62", NULL },
	{ "HTTPS",
	    "1 . mandatory=key4711,port key4711=x port=1",
	    "00010000000004000312670003000200011267000178",
	    "1 . mandatory=port,key4711 port=1 key4711=\"x\"" },
	{ "DOA", "1 2 3 \"\" -", "00000001000000020300", NULL },
	{ "KEY", "49152 3 0", "c0000300", NULL },
	{ "URI",
	    "1 2 \"012345678901234567890123456789012345678901234567890"
	    "12345678901234567890123456789012345678901234567890123456"
	    "78901234567890123456789012345678901234567890123456789012"
	    "34567890123456789012345678901234567890123456789012345678"
	    "90123456789012345678901234567890123456789012345678901234"
	    "5678901234567890123456789\"",
	    "00010002303132333435363738393031323334353637383930313233"
	    "34353637383930313233343536373839303132333435363738393031"
	    "32333435363738393031323334353637383930313233343536373839"
	    "30313233343536373839303132333435363738393031323334353637"
	    "38393031323334353637383930313233343536373839303132333435"
	    "36373839303132333435363738393031323334353637383930313233"
	    "34353637383930313233343536373839303132333435363738393031"
	    "32333435363738393031323334353637383930313233343536373839"
	    "30313233343536373839303132333435363738393031323334353637"
	    "38393031323334353637383930313233343536373839303132333435"
	    "363738393031323334353637383930313233343536373839",
	    NULL },
	{ "CAA", "0 issue \";\"", "000569737375653b", NULL },
	{ "CAA",
	    "0 issue ca.test",
	    "0005697373756563612e74657374",
	    "0 issue \"ca.test\"" },
	{ "NSAP", "0x4700", "4700", NULL },
	{ "NID",
	    "65535 1:2:3:ffff",
	    "ffff000100020003ffff",
	    "65535 0001:0002:0003:ffff" },
	{ "HIP", "1 AB AQ==", "01010001ab01", NULL },
	{ "TYPE65280", "\\# 0", "", NULL },
	{ "TYPE65280", "\\# 5 01 0203 04 05", "0102030405", "\\# 5 0102030405" },
	{ "NULL", "\\# 1 ff", "ff", "\\# 1 FF" },
	{ "LOC",
	    "\\# 16 00020000800000008000000000989680",
	    "00020000800000008000000000989680",
	    NULL },
	{ "APL", "\\# 6 0003080201ff", "0003080201ff", "\\# 6 0003080201FF" },
	{ "WKS", "\\# 6 0a0000010600", "0a0000010600", "\\# 6 0A0000010600" },
};

/* What is told of wrong text, and of text that no type takes. */
static const struct {
	const char *type, *text, *why;
} bad[] = {
	{ "A", "", "too few fields" },
	{ "A", "1.2.3", "\"1.2.3\" is no IPv4 address" },
	{ "A", "1.2.3.4.5", "\"1.2.3.4.5\" is no IPv4 address" },
	{ "A", "1.2.3.256", "\"1.2.3.256\" is no IPv4 address" },
	{ "A", "1.2.3.04", "\"1.2.3.04\" is no IPv4 address" },
	{ "A", "1.2.3.4 5", "too many fields, from \"5\" on" },
	{ "A", "\"1.2.3.4\"", "\"1.2.3.4\" is no IPv4 address" },
	{ "AAAA", "2001:db8::g", "\"2001:db8::g\" is no IPv6 address" },
	{ "AAAA", "1.2.3.4", "\"1.2.3.4\" is no IPv6 address" },
	{ "NS", "", "too few fields" },
	{ "NS", "a..b", "\"a..b\" is no name" },
	{ "NS", "\"a\"", "\"a\" is no name" },
	{ "MX", "a 10", "\"a\" is no number up to 65535" },
	{ "MX", "65536 a", "\"65536\" is no number up to 65535" },
	{ "MX", "-1 a", "\"-1\" is no number up to 65535" },
	{ "SOA", "a b 1 2 3 4", "too few fields" },
	{ "SOA", "a b 1 2 3 4 1x", "\"1x\" is no time" },
	{ "SOA", "a b 4294967296 2 3 4 5", "\"4294967296\" is no number up to 4294967295" },
	{ "TXT", "", "too few fields" },
	{ "TXT", T250 "abcdef", "a string above 255 bytes, or a wrong escape in it" },
	{ "TXT", "\\256", "a string above 255 bytes, or a wrong escape in it" },
	{ "HINFO", "a", "too few fields" },
	{ "DS", "1 2 1 abc", "the last byte is not whole" },
	{ "DS", "1 2 1", "too few fields" },
	{ "DS", "1 2 1 abcd", "2 bytes are no digest of this kind" },
	{ "DS", "1 2 9 xy", "\"xy\" is no hexadecimal number" },
	{ "DS", "1 RSA 9 ab", "\"RSA\" is no number up to 255" },
	{ "DNSKEY", "256 3 8 A", "the last byte is not whole" },
	{ "DNSKEY", "256 3 8 AQ", "base64 without its padding" },
	{ "DNSKEY", "256 3 8 AQ===", "base64 without its padding" },
	{ "DNSKEY", "256 3 8 AR==", "the last byte is not whole" },
	{ "DNSKEY", "256 3 8 AQ== AQ==", "\"AQ==\" is no base64" },
	{ "DNSKEY", "256 3 8 A_==", "\"A_==\" is no base64" },
	{ "DNSKEY", "256 3 8", "too few fields" },
	{ "RRSIG", "NONE 5 3 1 2 3 4 a AQ==", "\"NONE\" is no type" },
	{ "RRSIG", "A 5 3 1 20231301000000 3 4 a AQ==", "\"20231301000000\" is no date" },
	{ "RRSIG", "A 5 3 1 20230229000000 3 4 a AQ==", "\"20230229000000\" is no date" },
	{ "RRSIG", "A 5 3 1 19691231235959 3 4 a AQ==", "\"19691231235959\" is no date" },
	{ "RRSIG", "A 5 3 1 21060207062816 3 4 a AQ==", "\"21060207062816\" is no date" },
	{ "NSEC", "a. FOO", "\"FOO\" is no type" },
	{ "NXT", "a.", "no types" },
	{ "NXT", "a. CAA", "\"CAA\" is no type from 1 to 127" },
	{ "NSEC3", "1 0 0 - w000", "\"w000\" is no base32" },
	{ "NSEC3", "1 0 0 - 2", "the last byte is not whole" },
	{ "NSEC3", "1 0 0 -", "too few fields" },
	{ "NSEC3PARAM", "1 0 0", "too few fields" },
	{ "NSEC3PARAM", "1 0 0 a", "the last byte is not whole" },
	{ "LOC", "91 N 0 E 0", "more than 90 degrees" },
	{ "LOC", "181 N 0 E 0", "\"181\" is no part of a latitude or longitude" },
	{ "LOC", "1 60 N 0 E 0", "\"60\" is no part of a latitude or longitude" },
	{ "LOC", "1 1 60 N 0 E 0", "\"60\" is no part of a latitude or longitude" },
	{ "LOC", "1 1 1.0001 N 0 E 0", "\"1.0001\" is no part of a latitude or longitude" },
	{ "LOC", "1 1 1 1 N 0 E 0", "\"1\" is no part of a latitude or longitude" },
	{ "LOC", "1 1 1 E 0 N 0", "\"E\" is no part of a latitude or longitude" },
	{ "LOC", "1 N 0 E -100000.01m", "\"-100000.01m\" is no altitude" },
	{ "LOC", "1 N 0 E 42849672.96m", "\"42849672.96m\" is no altitude" },
	{ "LOC", "1 N 0 E 0 90000000.01", "\"90000000.01\" is no size in metres" },
	{ "LOC", "1 N 0 E", "too few fields" },
	{ "APL", "3:::/0", "\"3:::/0\" is no prefix" },
	{ "APL", "1:10.0.0.0/33", "\"1:10.0.0.0/33\" is no prefix" },
	{ "APL", "1:10.0.0.0", "\"1:10.0.0.0\" is no prefix" },
	{ "IPSECKEY", "1 4 2 . AQ==", "gateways have types from 0 to 3" },
	{ "IPSECKEY", "1 0 2 a AQ==", "\"a\" is no gateway of type 0, which is \".\"" },
	{ "AMTRELAY", "1 2 0 .", "the discovery bit is 0 or 1, the relay's type 0 to 3" },
	{ "HIP", "2 ab", "no identity tag, or no key" },
	{ "HIP", "2 ab aQ== a..", "\"a..\" is no name" },
	{ "HIP", "2 ab ab==", "the last byte is not whole" },
	{ "EUI48", "00-00-5e-00-53", "\"00-00-5e-00-53\" is no EUI address" },
	{ "EUI48", "00-00-5e-00-53-2", "\"00-00-5e-00-53-2\" is no EUI address" },
	{ "EUI64", "00:00:5e:00:53:2a:00:00", "\"00:00:5e:00:53:2a:00:00\" is no EUI address" },
	{ "NID", "1 1:2:3", "\"1:2:3\" is no locator" },
	{ "NID", "1 1:2:3:12345", "\"1:2:3:12345\" is no locator" },
	{ "NSAP", "4700", "\"4700\" is no NSAP address" },
	{ "NSAP", "0x470", "\"0x470\" is no NSAP address" },
	{ "URI", "1 2 \"\"", "an empty text" },
	{ "CAA", "0 a-b c", "\"a-b\" is no tag" },
	{ "CAA", "0 \"\" c", "\"\" is no tag" },
	{ "CAA", "0 issue", "too few fields" },
	{ "WKS", "1.2.3.4 tcp nosuch", "\"nosuch\" is no service" },
	{ "A6", "129 ::", "a prefix has 128 bits at most" },
	{ "ZONEMD", "1 1 1 ab", "1 bytes are no digest of this kind" },
	{ "SVCB", "1 . foo=1", "\"foo=1\" is no key and value" },
	{ "SVCB", "1 . key65535=1", "\"key65535=1\" is no key and value" },
	{ "SVCB", "1 . key01=1", "\"key01=1\" is no key and value" },
	{ "SVCB", "1 . port=65536", "\"port=65536\" is no valid parameter" },
	{ "SVCB", "1 . port", "\"port\" is no valid parameter" },
	{ "SVCB", "1 . alpn=", "\"alpn=\" is no valid parameter" },
	{ "SVCB", "1 . alpn=a,,b", "\"alpn=a,,b\" is no valid parameter" },
	{ "SVCB", "1 . alpn=a,", "\"alpn=a,\" is no valid parameter" },
	{ "SVCB", "1 . ipv4hint=1.2.3", "\"ipv4hint=1.2.3\" is no valid parameter" },
	{ "SVCB", "1 . ech=A", "\"ech=A\" is no valid parameter" },
	{ "SVCB", "1 . no-default-alpn=x alpn=h2", "\"no-default-alpn=x\" is no valid parameter" },
	{ "SVCB", "1 . port=1 alpn=h2 port=2", "\"port=2\" is no new key: it is there twice" },
	{ "SVCB", "1 . no-default-alpn", "mandatory keys that are not there or listed twice, or no-default-alpn without alpn" },
	{ "SVCB", "1 . mandatory=port", "mandatory keys that are not there or listed twice, or no-default-alpn without alpn" },
	{ "SVCB", "1 . mandatory=port,port port=1", "mandatory keys that are not there or listed twice, or no-default-alpn without alpn" },
	{ "SVCB", "1 . mandatory=mandatory", "mandatory keys that are not there or listed twice, or no-default-alpn without alpn" },
	{ "TYPE65280", "01", "of this type records are written as \\# LENGTH HEX" },
	{ "TYPE65280", "\\#", "too few fields" },
	{ "TYPE65280", "\\# 2 00", "1 bytes, where \\# says 2" },
	{ "TYPE65280", "\\# 1 0", "the last byte is not whole" },
	{ "A", "\\# 3 010203", "not valid for this type" },
	{ "NULL", "", "of this type records are written as \\# LENGTH HEX" },
};
/* clang-format on */

static uint8_t origin[] = "\7example";

static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned v;

	for (; *hex != '\0'; hex += 2) {
		ck_assert_int_eq(sscanf(hex, "%2x", &v), 1);
		out[n++] = (uint8_t)v;
	}
	return n;
}

/* A record's text, read as a master file's line. */
struct taken {
	unsigned records, errors;
	uint16_t type;
	uint8_t data[1024];
	size_t len;
	char what[ZONEFILE_WHAT];
};

static const char *
take(void *arg, const struct zonefile_rr *rr)
{
	struct taken *t = arg;

	t->records++;
	t->type = rr->type;
	t->len = rr->len;
	ck_assert_uint_le(rr->len, sizeof(t->data));
	memcpy(t->data, rr->data, rr->len);
	return NULL;
}

static void
take_error(void *arg, const char *file, int line, const char *what)
{
	struct taken *t = arg;

	ck_assert_str_eq(file, "text");
	ck_assert_int_eq(line, 1);
	t->errors++;
	snprintf(t->what, sizeof(t->what), "%s", what);
}

static void
read_line(struct taken *t, const char *type, const char *text)
{
	static const struct zonefile_calls calls = { take, take_error, NULL };
	char line[2048];
	int n = snprintf(line, sizeof(line), "x 60 %s %s", type, text);

	memset(t, 0, sizeof(*t));
	ck_assert_int_lt(n, (int)sizeof(line));
	ck_assert_uint_eq(
	    zonefile_read_text(line, (size_t)n, "text", origin, &calls, t),
	    t->errors);
}

START_TEST(test_row)
{
	const struct row *row = &rows[_i];
	const char *back = row->back == NULL ? row->text : row->back;
	uint8_t want[1024];
	struct taken t, again;
	uint16_t type;
	struct buf b;
	size_t len = unhex(row->hex, want);

	ck_assert(rtype_parse(row->type, strlen(row->type), &type));
	read_line(&t, row->type, row->text);
	ck_assert_msg(
	    t.records == 1, "%s %s: %s", row->type, row->text, t.what);
	ck_assert_uint_eq(t.type, type);
	ck_assert_msg(t.len == len && memcmp(t.data, want, len) == 0,
	    "%s %s: other bytes", row->type, row->text);
	ck_assert(rdata_valid(type, want, len));
	buf_init(&b, 4096);
	rdata_text(type, want, len, &b);
	buf_add(&b, "", 1);
	ck_assert_str_eq((char *)b.p, back);
	read_line(&again, row->type, (char *)b.p);
	ck_assert_uint_eq(again.len, len);
	ck_assert(memcmp(again.data, want, len) == 0);
	buf_free(&b);
}
END_TEST

/* Cut anywhere, it is another valid record at most; nothing is read beyond. */
START_TEST(test_cut)
{
	const struct row *row = &rows[_i];
	uint8_t want[1024], *cut, out[1024];
	struct rdata_name names[RDATA_NAMES];
	static uint8_t room[RDATA_MAX];
	uint16_t type;
	struct buf b;
	size_t i, len = unhex(row->hex, want);

	ck_assert(rtype_parse(row->type, strlen(row->type), &type));
	for (i = 0; i <= len; i++) {
		cut = malloc(i + (i == 0));
		ck_assert_ptr_nonnull(cut);
		memcpy(cut, want, i);
		struct dns_reader r = { .bytes = cut, .len = i };
		int n = rdata_read(&r, type, i, room);

		ck_assert_int_eq(n, rdata_valid(type, cut, i) ? (int)i : -1);
		ck_assert_int_eq(r.bad, n == -1);
		ck_assert(i < len || n == (int)len);
		rdata_names(type, cut, i, names);
		rdata_target(type, cut, i);
		memcpy(out, cut, i);
		ck_assert_int_eq(rdata_compare(type, cut, i, out, i), 0);
		ck_assert_int_eq(
		    rdata_compare(type, cut, i, want, len) < 0, i < len);
		buf_init(&b, 65536);
		rdata_text(type, cut, i, &b);
		ck_assert(!b.failed);
		buf_free(&b);
		free(cut);
	}
}
END_TEST

START_TEST(test_bad)
{
	struct taken t;
	char want[ZONEFILE_WHAT];

	read_line(&t, bad[_i].type, bad[_i].text);
	snprintf(want, sizeof(want), "%s: %s", bad[_i].type, bad[_i].why);
	ck_assert_uint_eq(t.records, 0);
	ck_assert_uint_eq(t.errors, 1);
	ck_assert_str_eq(t.what, want);
}
END_TEST

/* clang-format off */
#define LAB "\3lab\4test\0" /* at 12; "test." at 16 */
#define HEAD "\0\0\0\0\0\0\0\0\0\0\0\0" LAB
static const struct {
	const char *what;
	uint16_t type;
	const uint8_t *message; /* rdata behind HEAD */
	size_t len;
	const uint8_t *out; /* NULL: not valid */
	size_t outlen;
} messages[] = {
	{ "MX", TYPE_MX, BYTES(HEAD "\0\12\4mail\xc0\14"), BYTES("\0\12\4mail" LAB) },
	{ "case stays", TYPE_NS, BYTES(HEAD "\2Ns\xc0\20"), BYTES("\2Ns\4test\0") },
	{ "pointer alone", TYPE_CNAME, BYTES(HEAD "\xc0\14"), BYTES(LAB) },
	{ "SOA", TYPE_SOA, BYTES(HEAD "\2ns\xc0\14\4host\xc0\26" "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
	    BYTES("\2ns" LAB "\4host\2ns" LAB "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5") },
	{ "SRV", TYPE_SRV, BYTES(HEAD "\0\1\0\2\0\3\xc0\14"), BYTES("\0\1\0\2\0\3" LAB) },
	{ "RP", TYPE_RP, BYTES(HEAD "\xc0\14\xc0\20"), BYTES(LAB "\4test\0") },
	{ "NAPTR", TYPE_NAPTR, BYTES(HEAD "\0\1\0\2\1u\0\0\xc0\20"), BYTES("\0\1\0\2\1u\0\0\4test\0") },
	{ "DNAME is not compressed", TYPE_DNAME, BYTES(HEAD "\xc0\14"), NULL, 0 },
	{ "KX is not", TYPE_KX, BYTES(HEAD "\0\1\xc0\14"), NULL, 0 },
	{ "SVCB is not", TYPE_SVCB, BYTES(HEAD "\0\1\xc0\14"), NULL, 0 },
	{ "RRSIG is not", TYPE_RRSIG, BYTES(HEAD "\0\1\5\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc0\14x"), NULL, 0 },
	{ "pointer forwards", TYPE_NS, BYTES(HEAD "\xc0\30\0"), NULL, 0 },
	{ "pointer to itself", TYPE_NS, BYTES(HEAD "\xc0\26"), NULL, 0 },
	{ "a byte too many", TYPE_MX, BYTES(HEAD "\0\12\xc0\14x"), NULL, 0 },
	{ "A of 3", TYPE_A, BYTES(HEAD "\1\2\3"), NULL, 0 },
	{ "A of 5", TYPE_A, BYTES(HEAD "\1\2\3\4\5"), NULL, 0 },
	{ "TXT of none", TYPE_TXT, BYTES(HEAD), NULL, 0 },
	{ "TXT cut", TYPE_TXT, BYTES(HEAD "\3ab"), NULL, 0 },
	{ "unknown", 65280, BYTES(HEAD "\xc0\14"), BYTES("\xc0\14") },
	{ "unknown, empty", 65280, BYTES(HEAD), BYTES("") },
	{ "bitmap", TYPE_NSEC, BYTES(HEAD "\0\0\1\x40"), BYTES("\0\0\1\x40") },
	{ "bitmap of zeros", TYPE_NSEC, BYTES(HEAD "\0\0\1\0"), NULL, 0 },
	{ "bitmap of 33", TYPE_NSEC, BYTES(HEAD "\0\0\41" "abcdefghijklmnopqrstuvwxyz0123456"), NULL, 0 },
	{ "windows twice", TYPE_NSEC, BYTES(HEAD "\0\1\1\1\1\1\1"), NULL, 0 },
	{ "windows down", TYPE_NSEC, BYTES(HEAD "\0\2\1\1\1\1\1"), NULL, 0 },
	{ "keys down", TYPE_SVCB, BYTES(HEAD "\0\1\0\0\3\0\2\0\1\0\1\0\3\2h2"), NULL, 0 },
	{ "key twice", TYPE_SVCB, BYTES(HEAD "\0\1\0\0\3\0\2\0\1\0\3\0\2\0\1"), NULL, 0 },
	{ "value beyond", TYPE_SVCB, BYTES(HEAD "\0\1\0\0\x20\0\3ab"), NULL, 0 },
	{ "mandatory of 0", TYPE_SVCB, BYTES(HEAD "\0\1\0\0\0\0\0"), NULL, 0 },
	{ "mandatory that is not there", TYPE_SVCB, BYTES(HEAD "\0\1\0\0\0\0\2\0\3"), NULL, 0 },
	{ "mandatory", TYPE_SVCB, BYTES(HEAD "\0\1\0\0\0\0\2\0\3\0\3\0\2\0\1"), BYTES("\0\1\0\0\0\0\2\0\3\0\3\0\2\0\1") },
	{ "port of 1", TYPE_SVCB, BYTES(HEAD "\0\1\0\0\3\0\1\1"), NULL, 0 },
	{ "ipv4hint of 5", TYPE_SVCB, BYTES(HEAD "\0\1\0\0\4\0\5\1\2\3\4\5"), NULL, 0 },
	{ "APL address too long", TYPE_APL, BYTES(HEAD "\0\1\40\5\1\2\3\4\5"), NULL, 0 },
	{ "APL ends in zero", TYPE_APL, BYTES(HEAD "\0\1\40\2\1\0"), NULL, 0 },
	{ "HIP lengths beyond", TYPE_HIP, BYTES(HEAD "\2\1\0\2abc"), NULL, 0 },
	{ "LOC of version 1", TYPE_LOC, BYTES(HEAD "\1\22\26\23\x80\0\0\0\x80\0\0\0\0\x98\x96\x80"), NULL, 0 },
	{ "DS whose digest is cut", TYPE_DS, BYTES(HEAD "\0\1\5\2abc"), NULL, 0 },
	{ "CAA without a tag", TYPE_CAA, BYTES(HEAD "\0\0x"), NULL, 0 },
};
/* clang-format on */

START_TEST(test_message)
{
	size_t at = sizeof(HEAD) - 1, len = messages[_i].len;
	uint8_t *copy = malloc(len);
	struct dns_reader r = { .bytes = copy, .len = len, .pos = at };
	static uint8_t out[RDATA_MAX];
	int n;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, messages[_i].message, len);
	n = rdata_read(&r, messages[_i].type, len - at, out);
	free(copy);
	if (messages[_i].out == NULL) {
		ck_assert_msg(n == -1 && r.bad, "%s", messages[_i].what);
		return;
	}
	ck_assert_msg(n == (int)messages[_i].outlen, "%s", messages[_i].what);
	ck_assert_msg(memcmp(out, messages[_i].out, (size_t)n) == 0, "%s",
	    messages[_i].what);
	ck_assert(!r.bad && r.pos == len);
}
END_TEST

/* Rdata that is said to be longer than the message, and a bad reader. */
START_TEST(test_beyond)
{
	struct dns_reader r = { .bytes = (const uint8_t *)"\1\2\3\4",
		.len = 4 };
	static uint8_t out[RDATA_MAX];

	ck_assert_int_eq(rdata_read(&r, TYPE_NULL, 5, out), -1);
	ck_assert(r.bad);
	ck_assert_int_eq(rdata_read(&r, TYPE_A, 4, out), -1);
}
END_TEST

/* clang-format off */
static const struct {
	uint16_t type;
	const uint8_t *a;
	size_t alen;
	const uint8_t *b;
	size_t blen;
	int want;
} orders[] = {
	{ TYPE_A, BYTES("\1\2\3\4"), BYTES("\1\2\3\4"), 0 },
	{ TYPE_A, BYTES("\1\2\3\4"), BYTES("\x80\2\3\4"), -1 },
	{ TYPE_NS, BYTES("\1A\0"), BYTES("\1a\0"), 0 },
	{ TYPE_NS, BYTES("\1b\0"), BYTES("\2aa\0"), -1 },
	{ TYPE_MX, BYTES("\0\1\1b\0"), BYTES("\0\2\1A\0"), -1 },
	{ TYPE_MX, BYTES("\0\101\1b\0"), BYTES("\0\141\1B\0"), -1 },
	{ TYPE_TXT, BYTES("\1A"), BYTES("\1a"), -1 },
	{ TYPE_TXT, BYTES("\1a"), BYTES("\1a\1b"), -1 },
	{ TYPE_SOA, BYTES("\1A\0\1B\0\0\0\0\1aaaabbbbccccdddd"), BYTES("\1a\0\1b\0\0\0\0\1aaaabbbbccccdddd"), 0 },
	{ TYPE_SOA, BYTES("\1A\0\1B\0\0\0\0\1aaaabbbbccccdddd"), BYTES("\1a\0\1b\0\0\0\0\1aaaabbbbccccdddD"), 1 },
	{ TYPE_SRV, BYTES("\0\1\0\1\0\1\1X\0"), BYTES("\0\1\0\1\0\1\1x\0"), 0 },
	{ TYPE_DNAME, BYTES("\1X\0"), BYTES("\1x\0"), 0 },
	{ TYPE_RRSIG, BYTES("\0\1\5\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1X\0z"), BYTES("\0\1\5\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1x\0z"), 0 },
	{ TYPE_NAPTR, BYTES("\0\1\0\2\1u\0\0\1X\0"), BYTES("\0\1\0\2\1u\0\0\1x\0"), 0 },
	{ TYPE_NAPTR, BYTES("\0\1\0\2\1U\0\0\1x\0"), BYTES("\0\1\0\2\1u\0\0\1x\0"), -1 },
	/* RFC 6840 section 5.1, RFC 3597 section 7 */
	{ TYPE_NSEC, BYTES("\1X\0\0\1\x40"), BYTES("\1x\0\0\1\x40"), -1 },
	{ TYPE_SVCB, BYTES("\0\1\1X\0"), BYTES("\0\1\1x\0"), -1 },
	{ 65280, BYTES("X"), BYTES("x"), -1 },
	{ 65280, BYTES(""), BYTES("x"), -1 },
};
static const struct {
	uint16_t type;
	const uint8_t *data;
	size_t len;
	unsigned n;
	struct rdata_name names[RDATA_NAMES];
	int target; /* -1: none */
	bool compresses;
} named[] = {
	{ TYPE_A, BYTES("\1\2\3\4"), 0, { { 0 } }, -1, false },
	{ TYPE_NS, BYTES("\1a\0"), 1, { { 0, 3 } }, 0, true },
	{ TYPE_CNAME, BYTES("\1a\0"), 1, { { 0, 3 } }, -1, true },
	{ TYPE_PTR, BYTES("\1a\0"), 1, { { 0, 3 } }, -1, true },
	{ TYPE_SOA, BYTES("\1a\0\2bb\0\0\0\0\1aaaabbbbccccdddd"), 2, { { 0, 3 }, { 3, 4 } }, -1, true },
	{ TYPE_MX, BYTES("\0\1\1a\0"), 1, { { 2, 3 } }, 2, true },
	{ TYPE_RP, BYTES("\1a\0\0"), 2, { { 0, 3 }, { 3, 1 } }, -1, false },
	{ TYPE_AFSDB, BYTES("\0\1\1a\0"), 1, { { 2, 3 } }, 2, false },
	{ TYPE_SRV, BYTES("\0\1\0\1\0\1\1x\0"), 1, { { 6, 3 } }, 6, false },
	{ TYPE_NAPTR, BYTES("\0\1\0\2\1u\0\0\1X\0"), 1, { { 8, 3 } }, 8, false },
	{ TYPE_HTTPS, BYTES("\0\1\1X\0"), 1, { { 2, 3 } }, 2, false },
	{ TYPE_DNAME, BYTES("\1X\0"), 1, { { 0, 3 } }, -1, false },
	{ TYPE_TXT, BYTES("\1a"), 0, { { 0 } }, -1, false },
	{ 65280, BYTES("\1a\0"), 0, { { 0 } }, -1, false },
};
/* clang-format on */

START_TEST(test_order)
{
	int d = rdata_compare(orders[_i].type, orders[_i].a, orders[_i].alen,
	    orders[_i].b, orders[_i].blen);
	int e = rdata_compare(orders[_i].type, orders[_i].b, orders[_i].blen,
	    orders[_i].a, orders[_i].alen);

	ck_assert_int_eq((d > 0) - (d < 0), orders[_i].want);
	ck_assert_int_eq((e > 0) - (e < 0), -orders[_i].want);
}
END_TEST

START_TEST(test_names)
{
	struct rdata_name names[RDATA_NAMES];
	const uint8_t *data = named[_i].data, *target;
	unsigned i, n;

	n = rdata_names(named[_i].type, data, named[_i].len, names);
	ck_assert_uint_eq(n, named[_i].n);
	for (i = 0; i < n; i++) {
		ck_assert_uint_eq(names[i].at, named[_i].names[i].at);
		ck_assert_uint_eq(names[i].len, named[_i].names[i].len);
	}
	target = rdata_target(named[_i].type, data, named[_i].len);
	ck_assert_int_eq(
	    target == NULL ? -1 : (int)(target - data), named[_i].target);
	ck_assert_int_eq(
	    rdata_compresses(named[_i].type), named[_i].compresses);
}
END_TEST

/* A value that fills all of the rdata, and one byte more. */
START_TEST(test_longest)
{
	static uint8_t out[RDATA_MAX];
	static char text[2 * (RDATA_MAX + 1)];
	struct rdata_token t = { text, 2 * RDATA_MAX, false };
	char why[RDATA_WHY];

	memset(text, 'a', sizeof(text));
	ck_assert_int_eq(
	    rdata_parse(TYPE_EID, &t, 1, origin, out, why), RDATA_MAX);
	t.len += 2;
	ck_assert_int_eq(rdata_parse(TYPE_EID, &t, 1, origin, out, why), -1);
	ck_assert_str_eq(why, "more than 65535 bytes");
	t.quoted = true;
	t.len = RDATA_MAX;
	ck_assert_int_eq(rdata_parse(TYPE_TXT, &t, 1, origin, out, why), -1);
}
END_TEST

/* dnsd.zone(5) tells every type that has text of its own. */
START_TEST(test_page)
{
	static char page[65536];
	char path[4096], room[RTYPE_TEXT], line[32], word[32];
	const char *src = getenv("SRC"), *past;
	unsigned type;
	char *newline;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/man/man5/dnsd.zone.5",
	    src == NULL ? "." : src);
	ck_assert_msg((f = fopen(path, "r")) != NULL, "%s", path);
	n = fread(page, 1, sizeof(page) - 1, f);
	fclose(f);
	ck_assert(n > 0 && n < sizeof(page) - 1);
	ck_assert_ptr_nonnull(past = strstr(page, "\nOf the past"));
	for (newline = strchr(past + 1, '\n'); newline != NULL;
	     newline = strchr(newline, '\n'))
		*newline = ' ';
	for (type = 1; type < 65536; type++) {
		if (rdata_layout((uint16_t)type) == NULL)
			continue;
		snprintf(line, sizeof(line), "\n.It Cm %s ",
		    rtype_text((uint16_t)type, room));
		snprintf(word, sizeof(word), " %s",
		    rtype_text((uint16_t)type, room));
		ck_assert_msg(
		    strstr(page, line) != NULL || strstr(past, word) != NULL,
		    "%s is not told", word + 1);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rdata");
	TCase *t = tcase_create("rdata");

	tcase_add_loop_test(t, test_row, 0, COUNT(rows));
	tcase_add_loop_test(t, test_cut, 0, COUNT(rows));
	tcase_add_loop_test(t, test_bad, 0, COUNT(bad));
	tcase_add_loop_test(t, test_message, 0, COUNT(messages));
	tcase_add_test(t, test_beyond);
	tcase_add_loop_test(t, test_order, 0, COUNT(orders));
	tcase_add_loop_test(t, test_names, 0, COUNT(named));
	tcase_add_test(t, test_longest);
	tcase_add_test(t, test_page);
	suite_add_tcase(s, t);
	return tap_run(s);
}
