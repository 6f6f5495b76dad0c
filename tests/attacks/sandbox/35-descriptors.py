# Attack: use what the server left open
# Row: 35
# Status: Success
# Outcome: three pipes and nothing else
import os
for fd in range(3, 4096):
    try: os.fstat(fd); print('BREACH: descriptor', fd, os.readlink(f'/proc/self/fd/{fd}'))
    except OSError: pass
for fd in (0, 1, 2):
    if not os.readlink(f'/proc/self/fd/{fd}').startswith('pipe:'): print('BREACH: not a pipe', fd)
try:
    os.close(os.open('/proc/self/fd/0', os.O_WRONLY))
except OSError: pass
print('contained')
