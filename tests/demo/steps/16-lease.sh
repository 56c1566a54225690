# A machine that knows nothing gets its address through the relay, and what it
# is to boot. What the client told its script is kept for the next step.
# title: machine: lease by DHCP
# shellcheck shell=sh disable=SC2154
cat >"$LAB_DIR/script" <<-EOT
	#!/bin/sh
	env >"$LAB_DIR/dhcp.\$1"
	exec "$O/libexec/basenet/dhcpc-script" "\$@"
EOT
chmod 755 "$LAB_DIR/script"
on_machine timeout 60 "$O/sbin/dhcpc" -s "$LAB_DIR/script" -n \
    -h machine eth0 >&2
address=$(on_machine ip -4 -o addr show dev eth0 |
    sed -n 's|.*inet \([^ /]*\)/.*|\1|p')
echo "$address by way of $relay4"
on_machine ping -q -c 1 -W 5 "$server4" >&2
basenet ctl dhcpd leases "$address" >"$LAB_DIR/lease"
grep -qw "$address" "$LAB_DIR/lease"
echo "    reaches $server4"
