// Attack: read the environment of the process that started the compile box
// Row: 29
// Status: CompileError Success
// Outcome: an empty file
const char *secret =
#include "/proc/1/environ"
    "";
#include <stdio.h>
int main(void) { puts(secret[0] ? "BREACH: the environment was not empty" : "contained"); }
