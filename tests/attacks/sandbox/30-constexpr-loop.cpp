// Attack: computation without end at compile time
// Row: 30
// Status: CompileError
// Outcome: the compiler's own limit, or the compile step's, ends it
constexpr long spin() { long n = 0; while (true) n++; return n; }
constexpr long x = spin();
int main() {}
