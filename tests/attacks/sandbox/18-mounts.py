# Attack: change the file system tree: mount, unmount, pivot, chroot, the new mount calls
# Row: 18
# Status: Success
# Outcome: EPERM
import ctypes, errno, os, platform
libc = ctypes.CDLL(None, use_errno=True)
x = platform.machine() == 'x86_64'
calls = dict(mount=165 if x else 40, umount2=166 if x else 39, pivot_root=155 if x else 41, chroot=161 if x else 51, open_tree=428, move_mount=429, fsopen=430, fsconfig=431, fsmount=432, fspick=433, mount_setattr=442)
for name, number in calls.items():
    r = libc.syscall(number, b'tmpfs', b'/tmp', b'tmpfs', 0, 0, 0)
    if r != -1 or ctypes.get_errno() != errno.EPERM: print('BREACH:', name, r, ctypes.get_errno())
print('contained')
