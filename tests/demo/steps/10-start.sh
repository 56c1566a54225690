# The server as a fresh host: the files of etc/, users, directories, start.
# title: server: basenet start
# shellcheck shell=sh
for f in rc.conf site.conf dhcpd.conf dhcpd.hosts tftpd.conf; do
	on_server cp "$SRC/etc/$f" /etc/basenet
done
# Who serves addresses says so himself.
on_server sh -c 'echo dhcpd_enable=YES >/etc/basenet/rc.conf.local'
basenet install-users >/dev/null
basenet check >/dev/null
basenet start
