# Attack: leave a message for the next run in files, shared memory, message queues; and look for one
# Row: 25
# Status: Success
# Twice: yes
# Outcome: the second run finds nothing of the first
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.shmget(4711, 4096, 0) >= 0: print('BREACH: shared memory')
if libc.msgget(4711, 0) >= 0: print('BREACH: message queue')
if libc.semget(4711, 1, 0) >= 0: print('BREACH: semaphore')
for place in ('/tmp', '/dev/shm', '/box'):
    if os.path.exists(place + '/trace'): print('BREACH:', place)
    open(place + '/trace', 'w').write('x')
libc.shmget(4711, 4096, 0o1666); libc.msgget(4711, 0o1666); libc.semget(4711, 1, 0o1666)
print('contained')
