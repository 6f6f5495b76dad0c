// Attack: fork bomb that never waits and ignores refusals
// Row: 1
// Status: TimeLimit
// Limits: wall=3 cpu=3 processes=32
// Outcome: the kernel refuses forks beyond the process limit, the time limit ends the run, no process is left
#include <unistd.h>
int main(void) {
    for (;;) fork();
}
