// Attack: a compiler that has a hundred megabytes to say
// Row: 32
// Status: CompileError
// Outcome: cut at the limit for compiler output
#define A(x) x x x x x x x x x x
#define B A(A(A(A(A(undeclared undeclared;)))))
#pragma GCC diagnostic error "-Wall"
int main(void) { B }
