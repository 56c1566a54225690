# The relay between the machine's network and the server's, from its sample.
# title: relay: basenet start
# shellcheck shell=sh disable=SC2154
lab_in relay cp "$SRC/etc/dhcrelay.conf" /etc/basenet
lab_in relay sh -c 'echo dhcrelay_enable=YES >/etc/basenet/rc.conf'
lab_in relay "$O/sbin/basenet" install-users >/dev/null
lab_in relay "$O/sbin/basenet" start
# Meanwhile another machine looks for a server where there is none; see
# 19-linklocal.sh.
lab_bg lost "$O/sbin/dhcpc" -d eth0 >"$LAB_DIR/lost.log" 2>&1
