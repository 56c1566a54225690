# The end, which leaves nothing behind.
# title: server: basenet stop
# after: stop
# shellcheck shell=sh
basenet stop
# The map of addresses outlives the server: who looks things up may do so.
! on_server ls /run/basenet | grep -qvx dhcpd
