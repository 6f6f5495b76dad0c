# Attack: threads without end
# Row: 1
# Status: ProcessLimit RuntimeError TimeLimit
# Limits: wall=4 processes=32
# Outcome: the thread beyond the limit is refused; the program fails with the refusal
import threading, time
n = 0
while True:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    n += 1
    if n > 40: print("BREACH: more threads than the limit", n)
