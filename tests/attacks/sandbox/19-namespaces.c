// Attack: new user and other namespaces by every way there is: capabilities inside would open the kernel's larger half
// Row: 19
// Status: Success
// Outcome: EPERM, for clone3 ENOSYS
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static int child(void *p) { (void)p; return 0; }
static char stack[65536];
int main(void) {
    int flags[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80 };
    for (int i = 0; i < 8; i++) {
        if (unshare(flags[i]) == 0) printf("BREACH: unshare %x\n", flags[i]);
        if (flags[i] != 0x80 && clone(child, stack + sizeof stack, flags[i] | SIGCHLD, 0) > 0) printf("BREACH: clone %x\n", flags[i]);
    }
    struct { unsigned long long v[11]; } args;
    memset(&args, 0, sizeof args);
    args.v[0] = CLONE_NEWUSER;
    args.v[4] = SIGCHLD;
    if (syscall(435, &args, sizeof args) != -1 || errno != ENOSYS) puts("BREACH: clone3");
    int fd = open("/proc/1/ns/net", O_RDONLY);
    if (fd >= 0 && setns(fd, 0) == 0) puts("BREACH: setns");
    if (system("bwrap --ro-bind / / true 2>/dev/null") == 0) puts("BREACH: nested bubblewrap");
    if (system("unshare -U true 2>/dev/null") == 0) puts("BREACH: unshare tool");
    puts("contained");
}
