// Attack: read the environment of the process that started the compile box
// Row: 29
// Status: CompileError Success
// Outcome: an empty file
const char *secret =
#include "/proc/1/environ"
    "";
int main(void) {}
