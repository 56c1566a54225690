# The name of the machine that got a lease stands in DNS, both ways, and the
# other server has it, too: dhcpd's update, NOTIFY, IXFR.
# title: machine: has a name
# shellcheck shell=sh disable=SC2154
address=$(on_machine ip -4 -o addr show dev eth0 |
    sed -n 's|.*inet \([^ /]*\)/.*|\1|p')
named() {
	[ "$(on_client dig "@$1" +norecurse +short +time=1 +tries=1 \
	    machine.example.org A)" = "$address" ] &&
	    [ "$(on_client dig "@$1" +norecurse +short +time=1 +tries=1 \
		-x "$address")" = machine.example.org. ]
}
lab_until 5 named "$server4"
echo "machine.example.org $address"
lab_until 5 named "$second4"
echo "    and at $second4"
