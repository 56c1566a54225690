# What the server counted meanwhile.
# title: server: basenet stats
# shellcheck shell=sh
basenet stats tftpd >"$LAB_DIR/stats"
for counter in requests.read transfers.ok bytes.sent; do
	value=$(awk -v c="tftpd.$counter" '$1 == c { print $2 }' \
	    "$LAB_DIR/stats")
	[ "${value:-0}" -gt 0 ]
	echo "$counter $(thousands "$value")"
done
