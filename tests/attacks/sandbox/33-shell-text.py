# Attack: $(touch /box/y) `touch /box/y`; touch /box/y ' " && touch /box/y | touch /box/y > /box/y
# Row: 33
# Status: Success
# Outcome: neither the source nor its input is ever text of a shell
import os, sys
hostile = "'; touch /box/y; $(touch /box/y) `touch /box/y`"
sys.stdin.read()
print('BREACH: a shell has read it' if os.path.exists('/box/y') or os.path.exists('/tmp/y') else 'contained')
