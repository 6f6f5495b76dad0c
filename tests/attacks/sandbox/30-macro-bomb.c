// Attack: macros that expand exponentially
// Row: 30
// Status: CompileError
// Category: Heavy
// Outcome: the compiler runs into its memory or time limit
#define A(x) x x x x x x x x x x
#define B(x) A(A(x)) A(A(x))
#define C(x) B(B(x)) B(B(x))
#define D(x) C(C(x)) C(C(x))
int main(void) { D(D(;)) return 0; }
