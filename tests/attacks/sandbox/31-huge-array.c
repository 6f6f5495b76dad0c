// Attack: a program whose image is a gigabyte
// Row: 31
// Status: CompileError
// Outcome: the file size or memory limit of the compile step
char big[1 << 30] = { 1 };
int main(void) { return big[5]; }
