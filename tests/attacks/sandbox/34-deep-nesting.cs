// Attack: the C# compiler's stack: a hundred thousand brackets
// Row: 34
// Status: CompileError
// Generate: int x = ((((…1…))));
// Outcome: the compiler fails in its box
GENERATED
