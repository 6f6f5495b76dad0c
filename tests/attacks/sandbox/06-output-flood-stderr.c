// Attack: invalid UTF-8 without end on standard error
// Row: 6
// Status: OutputLimit
// Limits: output=1 wall=20 cpu=15
// Outcome: cut at the limit; bytes that are no text become U+FFFD
#include <string.h>
#include <unistd.h>
int main(void) {
    static char b[65536];
    memset(b, 0xff, sizeof b);
    for (;;) if (write(2, b, sizeof b) < 0) return 1;
}
