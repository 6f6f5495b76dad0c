# Attack: links from the box to the host, where a server might follow them when it collects results or cleans up
# Row: 26
# Status: Success
# Outcome: nothing on the host is read or removed: the server never opens a path of the box
import os
os.unlink('/box/main.py')
os.symlink('/etc/shadow', '/box/main.py')
os.symlink('/etc/shadow', '/box/a')
os.symlink('/', '/box/out')
os.symlink('/proc/1/root', '/tmp/root')
os.mkfifo('/box/app.dll')
try: os.link('/usr/bin/python3', '/box/hard'); print('BREACH: hard link')
except OSError: pass
print('contained')
