# Attack: do nothing for ever
# Row: 8
# Status: TimeLimit
# Limits: wall=1
# Outcome: ended by the wall time limit
import time
time.sleep(1000)
