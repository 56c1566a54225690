# The server as a fresh host: the files of etc/, users, directories, start.
# title: server: basenet start
# shellcheck shell=sh
for f in rc.conf site.conf tftpd.conf; do
	on_server cp "$SRC/etc/$f" /etc/basenet
done
basenet install-users >/dev/null
basenet check >/dev/null
basenet start
