# On a wire where nobody serves, a machine takes an address of its own. It was
# started with the relay, since it asks for some seconds first.
# title: lost: no server, link-local
# shellcheck shell=sh disable=SC2154
linklocal() {
	lab_in lost ip -4 -o addr show dev eth0 |
	    sed -n 's|.*inet \(169\.254\.[^ /]*\)/.*|\1|p'
}
found() {
	[ -n "$(linklocal)" ]
}
lab_until 60 found
linklocal
