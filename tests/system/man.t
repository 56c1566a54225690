#!/bin/sh
# The pages: without a complaint of mandoc's, telling what the programs know,
# and with examples that the programs take.
# shellcheck disable=SC2317 # functions are called by ok
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"

man=$SRC/man
daemons='tftpd dhcpd dhcrelay dnsd'

# Nothing is said, not even that mandoc cannot read the page.
lint() {
	out=$(mandoc -T lint -W warning "$1" 2>&1)
	printf '%s\n' "$out"
	[ -z "$out" ]
}

# Pages of ours that one of ours refers to: NAME.SECTION.
references() {
	names=$(find "$man" -type f | sed 's/.*\///; s/\.[0-9]$//')
	sed -n 's/^\.[PIX][a-z]* *.*Xr \([^ ]*\) \([0-9]\).*/\1 \2/p
	    s/^\.Xr \([^ ]*\) \([0-9]\).*/\1 \2/p' "$man"/man*/* | sort -u |
	while read -r name section; do
		printf '%s\n' "$names" | grep -qxF "$name" || continue
		echo "$name.$section"
	done
}

# tells PAGE WORD: a command, key or option that a list of the page explains.
tells() {
	grep -Eq "^\.It (Cm|Ic|Va|Li|Fl)( .*[ ,|])? ?$2( |\$)" "$man/$1"
}

# The words of the usage that basenet prints, [one]start among them.
basenet_verbs() {
	"$O/sbin/basenet" 2>&1 | sed -n 's/^.* basenet \([^ ]*\).*/\1/p' |
	tr '|' '\n' | sed 's/^\[one\]\(.*\)/\1 one\1/' | tr ' ' '\n'
}

# The letters of the usage that a daemon prints.
options() {
	"$O/sbin/$1" -h 2>&1 | sed -n 's/^usage: [^ ]* //p' |
	grep -o '\[-[A-Za-z]*' | tr -d '[-' | grep -o .
}

# example PAGE NUMBER: the text of the nth display behind EXAMPLES.
example() {
	awk -v want="$2" '
		/^\.Sh / { on = /EXAMPLES/ }
		on && /^\.Ed/ { shown = 0 }
		shown && n == want { gsub(/\\e/, "\\"); print }
		on && /^\.Bd/ { shown = 1; n++ }' "$man/$1"
}

# The directories that a configuration names, made in the host.
make_roots() {
	grep -o '"/srv/[^"%]*' "$1" | tr -d '"' | while read -r d; do
		lab_in h mkdir -p "$d"
	done
}

# examples PAGE LEAST [PROGRAM]: at least so many.
examples() {
	n=1 x=$LAB_DIR/example file=/etc/basenet/$(basename "$1" .5)
	while example "$1" "$n" >"$x" && [ -s "$x" ]; do
		make_roots "$x"
		lab_in h cp "$x" "$file"
		ok "$1: example $n" lab_in h "$O/sbin/${3:-tftpd}" -n
		n=$((n + 1))
	done
	lab_in h rm -f "$file"
	ok "$1: there were examples" test "$n" -gt "$2"
}

# running DAEMON: what it knows while it runs. Needs a user for it.
running() {
	ok "$1 starts" lab_in h "$O/sbin/$1"
	verb='' counter=''
	for verb in $(lab_in h "$O/sbin/basenet" ctl "$1" help |
	    sed 's/[ :].*//'); do
		ok "basenet.7 or $1.8 tells the verb $verb" \
		    either "$verb" man7/basenet.7 "man8/$1.8"
	done
	for counter in $(lab_in h "$O/sbin/basenet" stats "$1" |
	    sed -n "s/^$1\.\([a-z_]*\.[a-z_]*\) .*/\1/p"); do
		ok "$1.8 tells the counter $counter" \
		    tells "man8/$1.8" "$counter"
	done
	ok "$1: there were verbs and counters" test "$verb" -a "$counter"
	lab_in h "$O/sbin/basenet" stop "$1" >/dev/null
}

# either WORD PAGE...
either() {
	word=$1
	shift
	for page; do
		tells "$page" "$word" && return
	done
	return 1
}

for page in "$man"/man*/*; do
	ok "lint of ${page##*/}" lint "$page"
done
for page in $(references); do
	ok "$page is there" test -e "$man/man${page##*.}/$page"
done
for program in "$O"/sbin/*; do
	ok "${program##*/} has a page" test -e "$man/man8/${program##*/}.8"
done
for verb in $(basenet_verbs); do
	ok "basenet.8 tells $verb" tells man8/basenet.8 "$verb"
done
for daemon in $daemons; do
	for letter in $(options "$daemon"); do
		ok "$daemon.8 tells -$letter" tells "man8/$daemon.8" "$letter"
		ok "basenet.7 tells -$letter" tells man7/basenet.7 "$letter"
	done
done
lab_host h
lab_in h mkdir -p /srv/tftp
examples man5/tftpd.conf.5 5
examples man5/site.conf.5 1
lab_in h sh -c 'echo "key \"k\" { algorithm hmac-sha256;" \
    "secret \"c2VjcmV0\"; };" >/etc/basenet/dhcpd.key'
examples man5/dhcpd.conf.5 3 dhcpd
examples man5/dhcrelay.conf.5 4 dhcrelay
for key in dhcpd transfer; do
	lab_in h rm -f "/etc/basenet/$key.key"
	lab_in h sh -c "umask 077; echo 'key \"$key\" { algorithm hmac-sha256;
	    secret \"c2VjcmV0\"; };' >/etc/basenet/$key.key"
done
example man5/dnsd.zones.5 1 | lab_in h sh -c 'cat >/etc/basenet/dnsd.zones'
examples man5/dnsd.conf.5 5 dnsd
lab_in h rm /etc/basenet/dhcpd.key
if [ "$LAB_UIDS" = one ]; then
	pass "verbs and counters # SKIP more than one user id is needed"
else
	for daemon in $daemons; do
		running "$daemon"
	done
fi
done_testing
