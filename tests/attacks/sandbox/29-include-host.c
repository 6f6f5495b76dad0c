// Attack: read the host's files at compile time
// Row: 29
// Status: CompileError
// Says: No such file or directory
// Outcome: not found
#include "/etc/passwd"
#include "/root/.bashrc"
int main(void) {}
