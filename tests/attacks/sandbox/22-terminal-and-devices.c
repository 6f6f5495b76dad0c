// Attack: type into the terminal of the server (TIOCSTI, TIOCLINUX), open devices
// Row: 22
// Status: Success
// Outcome: EPERM, ENOENT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
int main(void) {
    char c = 'x';
    for (int fd = 0; fd < 3; fd++) {
        if (ioctl(fd, 0x5412, &c) == 0 || errno != EPERM) puts("BREACH: TIOCSTI");
        if (ioctl(fd, 0x541C, &c) == 0 || errno != EPERM) puts("BREACH: TIOCLINUX");
    }
    const char *devices[] = { "/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/vda", "/dev/sda", "/dev/tty0", "/dev/console", "/dev/loop0", "/dev/vsock", "/dev/uinput", "/dev/port" };
    for (unsigned i = 0; i < sizeof devices / sizeof *devices; i++)
        if (open(devices[i], O_RDONLY) >= 0) printf("BREACH: %s\n", devices[i]);
    int tty = open("/dev/tty", O_RDWR);
    if (tty >= 0) puts("BREACH: a controlling terminal");
    puts("contained");
}
