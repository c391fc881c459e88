#!/bin/busybox sh
# PID 1 of the small guest of test/qemu.
#
# The second serial port (ttyS1) is a command channel: one line is one shell command; the answer is its output
# and then a line `<<rc>>STATUS`. A line `<<ready>> UPTIME` comes first.
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox --install -s /bin
export PATH=/bin:/sbin
for module in $(cat /etc/modules); do modprobe "$module"; done
ip link set lo up

cat >/bin/command-loop <<'X'
#!/bin/sh
stty -F "$1" raw -echo
exec <"$1" >"$1" 2>&1
echo "<<ready>> $(cut -d' ' -f1 /proc/uptime)"
while IFS= read -r line; do
  ( eval "$line" ) 2>&1 </dev/null
  echo "<<rc>>$?"
done
X
chmod 755 /bin/command-loop

# The power button powers off, unless /tmp/nopower exists. One input event: 16 bytes of time, type 1, code 116.
power_button() {
  while :; do
    dd if="$1" bs=24 count=1 2>/dev/null | hexdump -v -e '24/1 "%02x" "\n"' | grep -q '^.\{32\}01007400' &&
      { [ -e /tmp/nopower ] || poweroff -f; }
  done
}
for input in /dev/input/event*; do
  [ -e "$input" ] && power_button "$input" &
done

while :; do
  if [ -c /dev/ttyS1 ]; then command-loop /dev/ttyS1; else sleep 1; fi
done
