# Attack: compute in short-lived children, each below any per-process limit
# Row: 7
# Status: TimeLimit
# Limits: cpu=2 wall=30
# Outcome: the processor time of dead children counts
import os, time
while True:
    pid = os.fork()
    if pid == 0:
        while time.process_time() < 0.2: pass
        os._exit(0)
    os.waitpid(pid, 0)
