# Attack: fill every writable place, and look for more of them
# Row: 3
# Status: Success
# Limits: memory=512 wall=20
# Outcome: /box, /tmp and /dev/shm end at their sizes, nothing else is writable
import os
caps = {'/box': 64, '/tmp': 128, '/dev/shm': 16}
for place, cap in caps.items():
    n = 0
    try:
        while n < 300:
            fd = os.open(f'{place}/fill{n}', os.O_CREAT | os.O_WRONLY)
            os.write(fd, b'x' * (1 << 20)); os.close(fd); n += 1
    except OSError: pass
    if n > cap: print('BREACH:', place, n)
    for name in os.listdir(place): os.unlink(f'{place}/{name}')
for root, dirs, files in os.walk('/'):
    if root.startswith(('/proc', '/box', '/tmp', '/dev/shm')): dirs.clear(); continue
    try: open(root + '/.w', 'w').close(); print('BREACH: writable', root)
    except OSError: pass
    if root.count('/') > 2: dirs.clear()
print('contained')
