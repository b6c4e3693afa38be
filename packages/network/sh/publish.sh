# Has the kernel of this host lead published ports to guests. Words: the folder that says which, and the mark that tells
# our rules from others. Run by the control plane, and by libvirt's hook when a network was started.
set -eu
folder=$1
mark=$2
test -f "$folder/published.nft" || exit 0
nft -f "$folder/published.nft"

# libvirt refuses what comes from outside to a network behind NAT; what was led there on purpose is let in before its
# chains are asked. Its chains are made anew whenever it likes, the chain that asks them is not. One for each family.
backends=
for tables in iptables ip6tables; do
  if "$tables" -w -S LIBVIRT_FWI >/dev/null 2>&1; then backends="$backends $tables"; fi
done
for family in ip ip6; do
  if nft list chain "$family" libvirt_network forward >/dev/null 2>&1; then backends="$backends nft:$family"; fi
done

# The rules of the asking chain in their order: interface, mark or "-", handle.
rules() {
  case $1 in
    nft:*) nft -a list chain "${1#nft:}" libvirt_network forward | sed -n "s/^.*oifname \"\([^\"]*\)\" .*comment \"$mark\" # handle \([0-9]*\)\$/\1 $mark \2/p; t; s/^.*jump.*/- - -/p" ;;
    *) "$1" -w -S FORWARD | sed -n "s/^-A FORWARD -o \([^ ]*\) .*--comment $mark -j ACCEPT\$/\1 $mark -/p; t; s/^-A .*/- - -/p" ;;
  esac
}

let_in() {
  case $1 in
    nft:*) nft insert rule "${1#nft:}" libvirt_network forward oifname "$2" ct status dnat counter accept comment "\"$mark\"" ;;
    *) "$1" -w -I FORWARD -o "$2" -m conntrack --ctstate DNAT -m comment --comment "$mark" -j ACCEPT ;;
  esac
}

shut_out() {
  rules "$1" | while read -r bridge whose handle; do
    test "$bridge $whose" = "$2 $mark" || continue
    case $1 in
      nft:*) nft delete rule "${1#nft:}" libvirt_network forward handle "$handle" ;;
      *) "$1" -w -D FORWARD -o "$bridge" -m conntrack --ctstate DNAT -m comment --comment "$mark" -j ACCEPT ;;
    esac
  done
}

while read -r bridge; do
  test -d "/proc/sys/net/ipv4/conf/$bridge" || continue
  echo 1 >"/proc/sys/net/ipv4/conf/$bridge/route_localnet"
done <"$folder/bridges"

for backend in $backends; do
  for bridge in $(rules "$backend" | sed -n "s/ $mark .*//p"); do
    grep -qx -- "$bridge" "$folder/bridges" || shut_out "$backend" "$bridge"
  done
  while read -r bridge; do
    # Of use only before everything that is not ours.
    if rules "$backend" | sed '/^- /,$d' | grep -q "^$bridge "; then continue; fi
    shut_out "$backend" "$bridge"
    let_in "$backend" "$bridge"
  done <"$folder/bridges"
done
