# tap.sh: what a test in shell prints (TAP), one line per check and, where one
# fails, what was there.
#
# plan N              so many checks follow; at the start, or
# done_testing        at the end: as many as were made. Exits 1 if one failed.
# ok WHAT CMD...      the command succeeds
# nok WHAT CMD...     the command fails
# is WHAT GOT WANT    the texts are equal
# isnt WHAT GOT OTHER they are not
# like WHAT TEXT ERE  a line of the text matches
# unlike WHAT TEXT ERE
# same WHAT FILE FILE the files hold the same bytes
# pass WHAT / fail WHAT
# diag TEXT...        a remark; diag_file FILE: the last lines of a file
# Commands of ok and nok print into the test's remarks.
# shellcheck shell=sh

tap_count=0 tap_failed=0

plan() {
	echo "1..$1"
	tap_plan=$1
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

diag_file() {
	diag "$1:"
	tail -n 40 "$1" | sed 's/^/#   /'
}

pass() {
	tap_count=$((tap_count + 1))
	printf 'ok %s - %s\n' "$tap_count" "$1"
}

fail() {
	tap_count=$((tap_count + 1)) tap_failed=$((tap_failed + 1))
	printf 'not ok %s - %s\n' "$tap_count" "$1"
}

# The output is kept in a file so that the command runs in this very shell:
# functions may set variables.
_tap_run() {
	_tap_out=$(mktemp)
	_tap_status=0
	"$@" >"$_tap_out" 2>&1 || _tap_status=$?
	_tap_text=$(cat "$_tap_out")
	rm -f "$_tap_out"
}

_tap_told() {
	diag "status $_tap_status of: $*"
	[ -z "$_tap_text" ] || diag "$_tap_text"
}

ok() {
	_tap_what=$1
	shift
	_tap_run "$@"
	[ "$_tap_status" -ne 0 ] || {
		pass "$_tap_what"
		return
	}
	fail "$_tap_what"
	_tap_told "$@"
}

nok() {
	_tap_what=$1
	shift
	_tap_run "$@"
	[ "$_tap_status" -eq 0 ] || {
		pass "$_tap_what"
		return
	}
	fail "$_tap_what"
	_tap_told "$@"
}

is() {
	[ "$2" != "$3" ] || {
		pass "$1"
		return
	}
	fail "$1"
	diag "got:  $2"
	diag "want: $3"
}

isnt() {
	[ "$2" = "$3" ] || {
		pass "$1"
		return
	}
	fail "$1"
	diag "got what it must not be: $2"
}

like() {
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		pass "$1"
		return
	fi
	fail "$1"
	diag "got: $2"
	diag "no line matches: $3"
}

unlike() {
	if ! printf '%s\n' "$2" | grep -Eq -e "$3"; then
		pass "$1"
		return
	fi
	fail "$1"
	diag "got: $2"
	diag "a line matches: $3"
}

same() {
	_tap_run cmp "$2" "$3"
	[ "$_tap_status" -ne 0 ] || {
		pass "$1"
		return
	}
	fail "$1"
	_tap_told cmp "$2" "$3"
}

done_testing() {
	[ -n "${tap_plan:-}" ] || echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ] || exit 1
	exit 0
}
