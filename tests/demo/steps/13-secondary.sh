# Another server follows: it gets the zones by transfer, signed with a key that
# both have.
# title: second: follows
# shellcheck shell=sh disable=SC2154
lab_in second cp "$SRC/tests/demo/second/dnsd.conf" /etc/basenet
on_server cat /etc/basenet/transfer.key |
    lab_in second sh -c 'umask 077; cat >/etc/basenet/transfer.key'
lab_in second sh -c 'echo dnsd_enable=YES >/etc/basenet/rc.conf'
lab_in second "$O/sbin/basenet" install-users >/dev/null
lab_in second "$O/sbin/basenet" start
follows() {
	[ "$(on_client dig @"$second4" +norecurse +short +time=1 +tries=1 \
	    example.org SOA)" = \
	    "$(on_client dig @"$server4" +norecurse +short example.org SOA)" ]
}
lab_until 10 follows
echo "example.org serial $(on_client dig @"$second4" +norecurse +short \
    example.org SOA | cut -d' ' -f3)"
