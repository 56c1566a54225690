# The site's zones, asked as a client asks.
# title: client: names of the site
# shellcheck shell=sh disable=SC2154
need dig bind9-dnsutils
ask() {
	on_client dig "@$server4" +norecurse +short +time=2 "$@"
}
[ "$(ask server.example.org A)" = "$server4" ]
[ "$(ask server.example.org AAAA)" = "$server6" ]
[ "$(ask www.example.org CNAME)" = server.example.org. ]
[ "$(ask example.org MX)" = '10 mail.example.org.' ]
[ "$(ask _imaps._tcp.example.org SRV)" = '0 1 993 mail.example.org.' ]
[ "$(ask -x "$server4")" = server.example.org. ]
[ "$(ask "@$server6" www.example.org A | tail -n 1)" = "$server4" ]
[ "$(ask +tcp example.org NS | wc -l)" -eq 2 ]
echo "www.example.org $(ask www.example.org A | tail -n 1)"
echo "example.org MX $(ask example.org MX)"
echo "$server4 $(ask -x "$server4")"
