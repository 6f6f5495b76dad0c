# Attack: become root: set ids, run set-user-id programs, make devices, gain capabilities
# Row: 20
# Status: Success
# Outcome: refused, or without gain
import os, stat, subprocess, ctypes
def refused(what, f):
    try: f(); print('BREACH:', what)
    except OSError: pass
refused('setuid', lambda: os.setuid(0))
refused('setgid', lambda: os.setgid(0))
refused('setgroups', lambda: os.setgroups([0]))
refused('chown', lambda: os.chown('/box', 0, 0))
refused('mknod', lambda: os.mknod('/tmp/null', 0o666 | stat.S_IFCHR, os.makedev(1, 3)))
refused('setuid bit on own copy runs as other', lambda: os.chown('/tmp', 0, 0))
for program in ('/usr/bin/su', '/usr/bin/mount', '/usr/bin/passwd', '/usr/bin/newgrp'):
    if os.path.exists(program):
        r = subprocess.run([program, '-c', 'id -u'], capture_output=True, stdin=subprocess.DEVNULL, text=True)
        if r.stdout.strip() == '0': print('BREACH:', program)
status = open('/proc/self/status').read()
for line in ('CapPrm:\t0000000000000000', 'CapEff:\t0000000000000000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1'):
    if line not in status: print('BREACH:', line)
print('contained')
