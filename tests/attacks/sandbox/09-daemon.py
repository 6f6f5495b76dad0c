# Attack: a daemon (double fork, new session, all signals ignored) that holds standard output open
# Row: 9
# Status: Success
# Limits: processes=64
# MaxWall: 40
# Outcome: the run ends when its main program ends, the daemon dies with it
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for s in range(1, 65):
            try: signal.signal(s, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: time.sleep(1)
    os._exit(0)
os.wait()
print('contained')
