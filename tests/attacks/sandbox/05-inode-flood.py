# Attack: a million empty files: inodes are kernel memory that no file system size limits
# Row: 5
# Status: MemoryLimit TimeLimit
# Limits: memory=64 wall=15 cpu=10
# Category: Heavy
# Outcome: the kernel memory counts for the run
import os
for i in range(1_000_000): os.close(os.open(f'/tmp/{i}', os.O_CREAT))
print('BREACH: a million files')
