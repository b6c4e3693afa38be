#!/bin/sh
# Asks all running guests of Innkeeper on this machine to stop, at the same time, and waits a minute and a half for them.
# What runs then is left to systemd, which kills it. Guests that are not ours are left alone.
connections='lxc:///system qemu:///system'
patience=90

ours() {
  for uri in $connections; do
    for uuid in $(virsh -q -c "$uri" list --uuid --state-running 2>/dev/null); do
      virsh -q -c "$uri" metadata "$uuid" urn:innkeeper:workload:1 >/dev/null 2>&1 && echo "$uri $uuid"
    done
  done
}

guests=$(ours)
echo "$guests" | while read -r uri uuid; do
  test -n "$uuid" || continue
  echo "asking $(virsh -q -c "$uri" domname "$uuid") to stop"
  virsh -q -c "$uri" shutdown "$uuid" || true
done

waited=0
while test "$waited" -lt "$patience" && test -n "$(ours)"; do
  sleep 1
  waited=$((waited + 1))
done
ours | while read -r uri uuid; do echo "$(virsh -q -c "$uri" domname "$uuid") did not stop in $patience s"; done
