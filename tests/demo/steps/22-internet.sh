# A little internet: root, top-level domains and another site, the same program
# each time; each answers as its role says.
# title: internet: root, TLDs, a site
# shellcheck shell=sh disable=SC2154,SC2016 # that shell's
play() {
	lab_in "$1" sh -c 'cp "$1"/*.zone /etc/basenet &&
	    cp "$1/$2.conf" /etc/basenet/dnsd.conf &&
	    echo dnsd_enable=YES >/etc/basenet/rc.conf' \
	    sh "$SRC/tests/demo/internet" "$1"
	lab_in "$1" "$O/sbin/basenet" install-users >/dev/null
	lab_in "$1" "$O/sbin/basenet" start >&2
}
ask() {
	on_server dig +norecurse +time=2 "$@"
}
play root
play tld
play other
# A referral has no AA; it names servers, and the addresses that lead there.
ask @203.0.113.1 www.example.net A >"$LAB_DIR/root"
! grep -q 'flags: qr aa' "$LAB_DIR/root"
grep -q '^net\.	.*NS	a\.tld\.$' "$LAB_DIR/root"
grep -q '^a\.tld\.	.*A	203\.0\.113\.2$' "$LAB_DIR/root"
echo 'root: net. is at a.tld., 203.0.113.2'
ask @203.0.113.2 www.example.net A >"$LAB_DIR/tld"
! grep -q 'flags: qr aa' "$LAB_DIR/tld"
grep -q '^ns\.example\.net\.	.*A	203\.0\.113\.20$' "$LAB_DIR/tld"
echo 'tld: example.net. is at ns.example.net.'
ask @203.0.113.20 www.example.net A >"$LAB_DIR/other"
grep -q 'flags: qr aa' "$LAB_DIR/other"
echo "other: www.example.net. $(ask @203.0.113.20 +short www.example.net A)"
ask @203.0.113.2 www.example.org A >"$LAB_DIR/tld"
grep -q "^ns\.example\.org\.	.*A	$server4\$" "$LAB_DIR/tld"
ask @203.0.113.1 www.nowhere A | grep -q 'status: NXDOMAIN'
echo 'root: www.nowhere. does not exist'
