# Attack: read and write other processes' memory, take their descriptors
# Row: 17
# Status: Success
# Outcome: EPERM
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
import platform
calls = {'x86_64': dict(ptrace=101, vm_readv=310, vm_writev=311, kcmp=312, getfd=438, madvise=440), 'aarch64': dict(ptrace=117, vm_readv=270, vm_writev=271, kcmp=272, getfd=438, madvise=440)}[platform.machine()]
for name, number in calls.items():
    r = libc.syscall(number, 16, 1, 0, 0, 0, 0)
    if r != -1 or ctypes.get_errno() != errno.EPERM: print('BREACH:', name, r, ctypes.get_errno())
try: open('/proc/1/mem', 'rb').read(1); print('BREACH: mem of init')
except OSError: pass
print('contained')
