# The end, which leaves nothing behind.
# title: server: basenet stop
# after: stop
# shellcheck shell=sh
basenet stop
[ -z "$(on_server ls /run/basenet)" ]
