# Attack: change the compiler, libraries and caches for whoever runs next
# Row: 24
# Status: Success
# Outcome: read-only file system
import os
for path in ('/usr/bin/gcc', '/usr/bin/python3', '/usr/bin/node', '/usr/lib/os-release', '/etc/ld.so.cache', '/usr/include/stdio.h', '/usr/lib/x86_64-linux-gnu/libc.so.6'):
    for f in (lambda: os.close(os.open(path, os.O_WRONLY)), lambda: os.unlink(path), lambda: os.rename('/box/main.py', path), lambda: os.chmod(path, 0o777)):
        try: f(); print('BREACH:', path)
        except OSError: pass
for path in ('/usr', '/usr/bin', '/usr/lib', '/usr/local/lib', '/etc', '/opt', '/'):
    try: os.close(os.open(path + '/poison', os.O_CREAT | os.O_WRONLY)); print('BREACH:', path)
    except OSError: pass
print('contained')
