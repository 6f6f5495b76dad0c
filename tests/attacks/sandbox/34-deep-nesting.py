# Attack: a parser's stack: a hundred thousand brackets
# Row: 34
# Status: RuntimeError MemoryLimit
# Generate: python3 -c "print('(' * 100000 + ')' * 100000)"
# Outcome: the parser fails, nothing else
GENERATED
