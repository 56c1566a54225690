# It boots what DHCP named, from where DHCP said.
# title: machine: boots as DHCP says
# shellcheck shell=sh disable=SC2154
need tftp tftp-hpa
siaddr=$(sed -n 's/^siaddr=//p' "$LAB_DIR/dhcp.bound")
file=$(sed -n 's/^boot_file=//p' "$LAB_DIR/dhcp.bound")
[ -n "$siaddr" ]
head -c 1048576 /dev/urandom >"$LAB_DIR/boot.img"
on_server cp "$LAB_DIR/boot.img" "/srv/tftp/$file"
on_machine timeout 60 tftp "$siaddr" -m binary \
    -c get "$file" "$LAB_DIR/got.img" >&2
cmp "$LAB_DIR/boot.img" "$LAB_DIR/got.img" >&2
bytes=$(wc -c <"$LAB_DIR/got.img")
rm "$LAB_DIR/got.img"
echo "$file from $siaddr,"
echo "    $(thousands "$bytes") bytes"
