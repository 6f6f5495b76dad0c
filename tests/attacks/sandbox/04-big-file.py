# Attack: one file larger than allowed, also a sparse one
# Row: 4
# Status: Success
# Limits: memory=512 file=20
# Outcome: EFBIG at the file size limit
import os, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    fd = os.open('/tmp/big', os.O_CREAT | os.O_WRONLY)
    for n in range(40): os.write(fd, b'x' * (1 << 20))
    print('BREACH: wrote 40 MiB')
except OSError as e: print(e.strerror)
try: os.truncate('/tmp/big', 1 << 40); print('BREACH: sparse')
except OSError as e: print(e.strerror)
print('contained')
