# Attack: a FIFO that nobody writes and a device where a server might read a result back and wait for ever
# Row: 26
# Status: Success
# Outcome: devices cannot be made, and nothing of the box is opened from outside, so the run ends like any other
import os, stat
os.unlink('/box/main.py')
os.mkfifo('/box/main.py')
os.mkfifo('/box/a')
os.mkfifo('/tmp/.artifact.tar')
for path, mode, device in (('/box/zero', stat.S_IFCHR, os.makedev(1, 5)), ('/box/disk', stat.S_IFBLK, os.makedev(254, 0))):
    try:
        os.mknod(path, mode | 0o666, device)
        print('BREACH:', path)
    except OSError:
        pass
print('contained')
