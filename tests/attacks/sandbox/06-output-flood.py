# Attack: standard output without end and without line breaks
# Row: 6
# Status: OutputLimit
# Limits: output=1 wall=20 cpu=15
# Outcome: cut at the limit, marked, ended at once
import os
while True: os.write(1, b'x' * 65536)
