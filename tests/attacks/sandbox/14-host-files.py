# Attack: read the host's accounts, keys, configuration, homes, logs, disks
# Row: 14
# Status: Success
# Outcome: none of the paths exists
import os
for path in ('/etc/passwd', '/etc/shadow', '/etc/group', '/etc/hosts', '/etc/resolv.conf', '/etc/hostname', '/etc/ssl/private', '/etc/ssh', '/root', '/home', '/var', '/run', '/srv', '/mnt', '/media',
             '/opt/codechill', '/sys', '/boot', '/host', '/app', '/work', '/workspace', '/.dockerenv', '/dev/sda', '/dev/vda', '/dev/mem', '/dev/kmsg', '/dev/kvm', '/dev/fuse', '/dev/net/tun'):
    try: os.lstat(path); print('BREACH:', path)
    except OSError: pass
print(sorted(os.listdir('/')), sorted(os.listdir('/etc')))
print('contained')
