# super.sh: tftpd as super-servers run it; what inetd.t, xinetd.t and systemd.t
# have in common. Hosts: s, the server, and c, its client, on one wire.
# shellcheck shell=sh disable=SC2016,SC2317

super_v4=192.0.2.1 super_v6=2001:db8::1

super_begin() {
	lab_need_uids
	lab_host s c
	lab_bridge lan
	lab_link s eth0 lan $super_v4/24 $super_v6/64
	lab_link c eth0 lan 192.0.2.2/24 2001:db8::2/64
	seq 100000 >"$LAB_DIR/boot"
	lab_in s mkdir -p /srv/tftp
	lab_in s cp "$LAB_DIR/boot" /srv/tftp/boot
	lab_in s sh -c 'echo "idle_timeout = 2s" >/etc/basenet/tftpd.conf
	    echo "tftp 69/udp" >/etc/services
	    echo "udp 17 UDP" >/etc/protocols'
}

# super_program NAME: where this super-server is, in $program.
super_program() {
	program=$PEERS/usr/sbin/$1
	[ -x "$program" ] || program=$(command -v "$1") || {
		fail "$1 is installed"
		done_testing
	}
}

# sample FILE: a sample of etc/ for the programs of this build.
sample() {
	sed "s|/usr/local/sbin|$O/sbin|g" "$SRC/etc/$1"
}

# get CLIENT HOST: the boot file, by this client, and it is whole.
get() {
	got=$LAB_DIR/got.$1
	rm -f "$got"
	case $1 in
	curl)	lab_in c curl -s -m 20 -o "$got" "tftp://${2}/boot" ;;
	hpa)	lab_in c timeout 20 tftp -m binary "$2" -c get boot "$got" ;;
	atftp)	lab_in c timeout 20 atftp --get -r boot -l "$got" "$2" ;;
	busybox)
		lab_in c timeout 20 busybox tftp -g -r boot -l "$got" "$2" ;;
	esac
	cmp "$got" "$LAB_DIR/boot"
}

count() {
	lab_in s sh -c 'n=0; for p in /proc/[0-9]*; do
		read -r name <"$p/comm" && [ "$name" = tftpd ] &&
		    ! grep -q "^State:.Z" "$p/status" && n=$((n + 1))
	    done 2>/dev/null; echo $n'
}

none() {
	[ "$(count)" -eq 0 ]
}

# Clients one after the other, then at once, then again after it has ended.
super_serves() {
	is "nothing runs before it is asked" "$(count)" 0
	ok "IPv4: curl" get curl $super_v4
	is "one process took the socket" "$(count)" 1
	for client in hpa atftp busybox; do
		ok "IPv4: $client" get $client $super_v4
	done
	is "it is still one" "$(count)" 1
	ok "IPv6: curl" get curl "[$super_v6]"
	ok "IPv6: tftp-hpa" get hpa $super_v6
	jobs=
	for client in curl hpa atftp busybox; do
		get $client $super_v4 >"$LAB_DIR/said.$client" 2>&1 &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		ok "at once" wait "$job"
	done
}

super_idle() {
	ok "it ends by itself" lab_until 15 none
	ok "and is started again" get curl $super_v4
	is "no files of its own in /run" \
	    "$(lab_in s ls /run/basenet 2>/dev/null)" ''
	ok "it ends again" lab_until 15 none
}
