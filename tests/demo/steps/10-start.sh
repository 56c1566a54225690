# The server as a fresh host: the files of etc/, keys that dhcpd and the second
# DNS server sign with, users, directories, start.
# title: server: basenet start
# shellcheck shell=sh
for f in rc.conf site.conf dhcpd.conf dhcpd.hosts tftpd.conf dnsd.conf; do
	on_server cp "$SRC/etc/$f" /etc/basenet
done
for key in dhcpd transfer; do
	on_server "$O/sbin/dnsd-keygen" -o "/etc/basenet/$key.key" "$key"
done
# What signs is commented out in the samples: the keys were not there.
on_server sed -i -e '/^#key /s/^#//' -e '/^zone /,/^}/s/^#//' \
    /etc/basenet/dnsd.conf
on_server sed -i -e '/^#ddns {/,/^#}/s/^#//' /etc/basenet/dhcpd.conf
# Who serves addresses or zones says so himself.
on_server sh -c 'printf "%s_enable=YES\n" dhcpd dnsd \
    >/etc/basenet/rc.conf.local'
basenet install-users >/dev/null
on_server cp "$SRC/etc/example.org.zone" "$SRC/etc/192.0.2.zone" \
    "$SRC/etc/198.51.100.zone" /var/lib/basenet/dnsd
on_server chown -R _dnsd /var/lib/basenet/dnsd
basenet check >/dev/null
basenet start
