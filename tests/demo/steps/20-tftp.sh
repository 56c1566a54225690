# A boot file, as a machine's firmware fetches it, over both families.
# title: client: boot file by TFTP
# shellcheck shell=sh disable=SC2154
need tftp tftp-hpa
head -c 4194304 /dev/urandom >"$LAB_DIR/boot.img"
on_server cp "$LAB_DIR/boot.img" /srv/tftp
for address in "$server4" "$server6"; do
	begun=$(now)
	on_client timeout 60 tftp "$address" -m binary \
	    -c get boot.img "$LAB_DIR/got.img" >&2
	ms=$(($(now) - begun))
	cmp "$LAB_DIR/boot.img" "$LAB_DIR/got.img" >&2
	bytes=$(wc -c <"$LAB_DIR/got.img")
	rm "$LAB_DIR/got.img"
	echo "$(thousands "$bytes") bytes in $ms ms, as sent"
	echo "    by $address"
done
