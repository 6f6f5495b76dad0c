# Attack: more processor, no death by memory, locked memory
# Row: 23
# Status: Success
# Outcome: refused
import ctypes, os, resource
libc = ctypes.CDLL(None)
def refused(what, f):
    try: f(); print('BREACH:', what)
    except (OSError, ValueError): pass
refused('nice', lambda: os.nice(-1))
refused('fifo', lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
refused('oom score', lambda: os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000'))
refused('file size', lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1)))
refused('cpu', lambda: resource.setrlimit(resource.RLIMIT_CPU, (-1, -1)))
if libc.mlockall(3) == 0: print('BREACH: mlockall')
print('contained')
