// Attack: let the compiler read a file without end
// Row: 28
// Status: CompileError
// Category: Heavy
// Outcome: the compile step's own limits end it
#include "/dev/zero"
int main(void) {}
