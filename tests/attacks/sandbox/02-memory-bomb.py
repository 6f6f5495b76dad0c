# Attack: allocate and touch memory without end
# Row: 2
# Status: MemoryLimit
# Limits: memory=64
# Outcome: ended at the memory limit, reported as such
a = []
while True: a.append(bytearray(1 << 20))
