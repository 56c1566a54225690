#!/bin/sh
# What a daemon takes over while it serves, its logs and its control socket,
# driven in a host of its own.
# shellcheck disable=SC1091
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SRC/tests/lab/lab.sh"
lab_begin "$@"
lab_need_uids

lab_host h
lab_in h env "TESTD=$O/tests/unit/common/testd" "$O/tests/unit/common/drive_reload"
