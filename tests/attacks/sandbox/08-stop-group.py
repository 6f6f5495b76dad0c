# Attack: stop every own process, so that no handler of ours could run
# Row: 8
# Status: TimeLimit
# Limits: wall=1
# Outcome: ended by the wall time limit
import os, signal
os.kill(0, signal.SIGSTOP)
