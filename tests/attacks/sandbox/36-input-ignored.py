# Attack: ten megabytes of input that are never read; input closed early
# Row: 36
# Status: Success
# Stdin: 10000000
# MaxWall: 40
# Outcome: the server neither waits nor fails
import os
os.close(0)
print('contained')
