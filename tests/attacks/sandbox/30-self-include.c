// Attack: a source that includes itself, exponentially
// Row: 30
// Status: CompileError
// Outcome: ended by the compiler's own depth or the compile step's limits
#if __INCLUDE_LEVEL__ < 150
#include __FILE__
#include __FILE__
#endif
int main(void) {}
