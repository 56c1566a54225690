#!/bin/sh
# The life of a daemon, driven in a host of its own: its run files, its
# configuration and its system log are nobody else's.
# shellcheck disable=SC1091
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids

lab_host h
lab_in h env "TESTD=$O/tests/unit/common/testd" "$O/tests/unit/common/drive_daemon"
