# init.sh: the first process of a lab (`lab CMD...`) and of each host in it
# (`host NAME DIR`), started by lab.sh in new namespaces. It mounts what is to
# be private and stays: when it ends or is killed, the kernel ends every
# process of its namespaces, and the mounts and interfaces go with them.
# shellcheck shell=sh
set -eu

users='root:0 daemon:1 alice:1000 bob:1001 _dhcpd:901 _dnsd:902 _httpd:903
_nfsd:904 _ftpd:905 _tftpd:906 _smtpd:907 _pop3d:908 _imapd:909 _snmpd:910
_dhcrelay:911 _dhcpc:912 nobody:65534'
groups='daemon:1: adm:4: tty:5: users:100:alice,bob tftp:2000:alice
nogroup:65534:'

# The process id of this shell as another /proc shows it.
pid_in() {
	read -r pid _ <"$LAB_DIR/$1/self/stat"
	echo "$pid"
}

# What is mounted below a shared mount is shared, too, and would be seen by
# the machine.
stay_private() {
	case " $LAB_UNSHARE " in
	*" unchanged "*) ;;
	*) return 0 ;;
	esac
	awk -v dir="$LAB_DIR" \
	    '$5 == dir && / shared:/ { found = 1 } END { exit found }' \
	    /proc/self/mountinfo || {
		umount -n "$LAB_DIR"
		echo "lab: this root directory is no mount point, and mounts" \
		    "below it are shared: mount it on itself (mount --bind)" >&2
		exit 1
	}
}

# A tree in a home directory that is its owner's alone is reached by every
# user of the lab through the lab's own directory.
reachable() {
	export LAB_TREE="$SRC" LAB_OUT="$O"
	case $PEERS in
	"$O"/*) PEERS=$LAB_DIR/.out${PEERS#"$O"} ;;
	"$SRC"/*) PEERS=$LAB_DIR/.src${PEERS#"$SRC"} ;;
	esac
	SRC=$LAB_DIR/.src O=$LAB_DIR/.out
}

# The script and the hosts see the machine's /proc (.machine) and the lab's
# (.proc) below the lab's directory: whatever opens "self" there learns its
# own id in those eyes. The source tree is kept at hand, too (.src, .out),
# for hosts may cover the place where it is.
lab() {
	mount -n -t tmpfs -o mode=755 lab "$LAB_DIR"
	stay_private
	mkdir -p "$LAB_DIR/.machine" "$LAB_DIR/.proc" "$LAB_DIR/.src" \
	    "$LAB_DIR/.out" "$LAB_DIR/.hosts" "$O"
	mount -n --rbind "$SRC" "$LAB_DIR/.src"
	mount -n --rbind "$O" "$LAB_DIR/.out"
	mount -n --rbind /proc "$LAB_DIR/.machine"
	mount -n -t proc proc /proc
	mount -n --bind /proc "$LAB_DIR/.proc"
	reachable
	ip link set lo up
	# The wire carries frames and has no addresses of its own.
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	hostname lab
	status=0
	"$@" || status=$?
	exit "$status"
}

accounts() {
	for u in $users; do
		n=${u%:*} id=${u#*:} home=/nonexistent shell=/usr/sbin/nologin
		case $n in
		root) home=/root shell=/bin/sh ;;
		alice | bob) home=/home/$n shell=/bin/sh ;;
		esac
		gid=$id
		[ "$id" -lt 1000 ] || gid=100
		[ "$n" != nobody ] || gid=65534
		echo "$n:x:$id:$gid:$n:$home:$shell" >>"$1/passwd"
		echo "$n:*:19000:0:99999:7:::" >>"$1/shadow"
		case $n in
		root | _*) echo "$n:x:$id:" >>"$1/group" ;;
		esac
	done
	for g in $groups; do
		echo "${g%%:*}:x:${g#*:}" >>"$1/group"
	done
	sed 's/:x:.*/:*::/' "$1/group" >"$1/gshadow"
	chmod 600 "$1/shadow" "$1/gshadow"
}

names() {
	echo "$name" >"$1/hostname"
	printf '%s\n' '127.0.0.1 localhost' '::1 localhost ip6-localhost' \
	    >"$1/hosts"
	printf '%s: files\n' passwd group shadow services protocols rpc \
	    >"$1/nsswitch.conf"
	echo 'hosts: files dns' >>"$1/nsswitch.conf"
	: >"$1/resolv.conf"
}

# Put a private layer over a directory of the machine.
layer() {
	mkdir -p "$dir/work$1"
	mount -n -t overlay -o \
	    "lowerdir=$1,upperdir=$dir$1,workdir=$dir/work$1" \
	    lab "$1" 2>/dev/null
}

# Or a copy: of /etc for an ordinary user, who could not change what belongs
# to root there, and where overlayfs cannot be had (the root of a container
# may be one of one already). /var begins empty then.
cover() {
	if [ "$LAB_USER" = 0 ] || [ "$1" != /etc ]; then
		layer "$1" && return
	fi
	mkdir "$dir/copy"
	[ "$1" != /etc ] || cp -a /etc/. "$dir/copy" 2>/dev/null || :
	cp -a "$dir$1/." "$dir/copy"
	rm -rf "${dir:?}$1"
	mv "$dir/copy" "$dir$1"
	mount -n --bind "$dir$1" "$1"
}

# The usual devices and nothing else: no socket of a system logger.
devices() {
	empty "$dir/dev"
	mkdir "$dir/dev/shm" "$dir/dev/pts"
	for n in null zero full random urandom tty; do
		: >"$dir/dev/$n"
		mount -n --bind "/dev/$n" "$dir/dev/$n"
	done
	mount -n --rbind /dev/pts "$dir/dev/pts"
	ln -s pts/ptmx "$dir/dev/ptmx"
	ln -s /proc/self/fd "$dir/dev/fd"
	for n in 0:stdin 1:stdout 2:stderr; do
		ln -s "/proc/self/fd/${n%:*}" "$dir/dev/${n#*:}"
	done
	chmod 1777 "$dir/dev/shm"
	mount -n --move "$dir/dev" /dev
}

empty() {
	mkdir -p "$1"
	mount -n -t tmpfs -o mode=755 lab "$1"
}

# What hosts cover may be where the tree is.
tree() {
	[ -e "$LAB_TREE/tests/lab/init.sh" ] || {
		mkdir -p "$LAB_TREE"
		mount -n --rbind "$LAB_DIR/.src" "$LAB_TREE"
	}
	[ -e "$LAB_OUT" ] || {
		mkdir -p "$LAB_OUT"
		mount -n --rbind "$LAB_DIR/.out" "$LAB_OUT"
	}
}

host() {
	name=$1 dir=$2
	cd /
	mkdir -p "$dir/etc" "$dir/var/lib" "$dir/var/log" "$dir/var/spool" \
	    "$dir/var/cache" "$dir/var/tmp"
	ln -s /run "$dir/var/run"
	accounts "$dir/etc"
	names "$dir/etc"
	cover /etc
	cover /var
	for d in /run /srv /etc/basenet /var/lib/basenet /var/log/basenet \
	    /var/spool/basenet; do
		empty "$d"
	done
	mkdir -m 1777 /run/lock
	tree
	devices
	hostname "$name"
	ip link set lo up
	pid_in .proc >"$dir/pid.new"
	pid_in .machine >"$dir/machine-pid"
	mount -n -t proc proc /proc
	# An address must work at once, not after a second's detection of
	# duplicates.
	for c in all default; do
		echo 0 >"/proc/sys/net/ipv6/conf/$c/accept_dad"
	done
	mv "$dir/pid.new" "$dir/pid"
	# A shell that waits reaps the orphans it is given.
	while :; do
		sleep 2147483647 &
		wait
	done
}

mode=$1
shift
"$mode" "$@"
