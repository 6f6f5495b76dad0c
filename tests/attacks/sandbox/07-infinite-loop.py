# Attack: compute for ever
# Row: 7
# Status: TimeLimit
# Limits: cpu=1 wall=20
# Outcome: ended by the processor time limit
while True: pass
