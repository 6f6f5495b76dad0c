# Attack: kill init, the parent, and everything that may be signalled
# Row: 10
# Status: RuntimeError Success
# Outcome: init of the box is not touched, nothing outside is visible, only the run itself can die
import os
for s in (15, 9, 19): os.kill(1, s)
seen = [p for p in os.listdir('/proc') if p.isdigit()]
if len(seen) > 3: print('BREACH: visible processes', seen)
print('contained', flush=True)
os.kill(-1, 9)
