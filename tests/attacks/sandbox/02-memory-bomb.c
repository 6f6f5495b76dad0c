// Attack: allocate and touch memory, spread over children
// Row: 2
// Status: MemoryLimit
// Limits: memory=64
// Outcome: the sum over all processes counts; ended at the memory limit
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void) {
    fork(); fork(); fork();
    for (;;) { char *p = malloc(1 << 20); if (p) memset(p, 1, 1 << 20); }
}
