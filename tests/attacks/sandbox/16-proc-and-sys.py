# Attack: kernel switches, other roots and control groups through /proc and /sys
# Row: 16
# Status: Success
# Outcome: denied or absent
import os
def refused(what, f):
    try: f(); print('BREACH:', what)
    except OSError: pass
refused('core_pattern', lambda: os.write(os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY), b'|/tmp/x'))
refused('sysrq', lambda: os.write(os.open('/proc/sysrq-trigger', os.O_WRONLY), b'b'))
refused('kcore', lambda: os.read(os.open('/proc/kcore', os.O_RDONLY), 16) or (_ for _ in ()).throw(OSError()))
refused('modprobe', lambda: os.write(os.open('/proc/sys/kernel/modprobe', os.O_WRONLY), b'/tmp/x'))
refused('ns_last_pid', lambda: os.write(os.open('/proc/sys/kernel/ns_last_pid', os.O_WRONLY), b'9'))
refused('uid_map', lambda: os.write(os.open('/proc/self/uid_map', os.O_WRONLY), b'0 0 1'))
refused('root of init', lambda: os.listdir('/proc/1/root/root'))
refused('cwd of init', lambda: os.listdir('/proc/1/cwd/home'))
refused('cgroup', lambda: os.listdir('/sys/fs/cgroup'))
for line in open('/proc/self/cgroup'):
    if 'codechill' in line and '/..' not in line: print('note:', line.strip())
print('contained')
