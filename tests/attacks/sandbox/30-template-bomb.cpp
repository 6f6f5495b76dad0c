// Attack: templates whose number doubles with every level
// Row: 30
// Status: CompileError
// Category: Heavy
// Outcome: ended by the compile step's limits
template <int N, long P> struct T { static constexpr long v = T<N - 1, P * 2>::v + T<N - 1, P * 2 + 1>::v; };
template <long P> struct T<0, P> { static constexpr long v = P; };
int main() { return T<40, 1>::v; }
