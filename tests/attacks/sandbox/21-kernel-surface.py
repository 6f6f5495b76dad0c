# Attack: keyrings, bpf, perf, userfaultfd, io_uring, kexec, modules, reboot, log, clock, the x32 call table
# Row: 21
# Status: Success
# Outcome: EPERM, for x32 ENOSYS
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
x = platform.machine() == 'x86_64'
calls = dict(keyctl=250 if x else 219, add_key=248 if x else 217, request_key=249 if x else 218, bpf=321 if x else 280, perf=298 if x else 241, userfaultfd=323 if x else 282, io_uring_setup=425, io_uring_enter=426,
             io_uring_register=427, kexec=246 if x else 104, init_module=175 if x else 105, finit_module=313 if x else 273, delete_module=176 if x else 106, reboot=169 if x else 142, syslog=103 if x else 116,
             settimeofday=164 if x else 170, clock_settime=227 if x else 112, acct=163 if x else 89, swapon=167 if x else 224, quotactl=179 if x else 60, memfd_secret=447, open_by_handle_at=304 if x else 265)
for name, number in calls.items():
    r = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    if r != -1 or ctypes.get_errno() != errno.EPERM: print('BREACH:', name, r, ctypes.get_errno())
if x and (libc.syscall(0x40000000 + 39) != -1 or ctypes.get_errno() != errno.ENOSYS): print('BREACH: x32')
print('contained')
