// Attack: allocate outside the JavaScript heap, which the runtime's own limit does not see
// Row: 2
// Status: MemoryLimit
// Limits: memory=128
// Outcome: ended at the memory limit, reported as such
const all = [];
for (;;) all.push(Buffer.alloc(1 << 20, 1));
