# Attack: find the server's secrets in environments and command lines
# Row: 15
# Status: Success
# Outcome: environments hold only what the box sets; command lines show no host path
import os
for p in [d for d in os.listdir('/proc') if d.isdigit()] + ['self']:
    for f in ('environ', 'cmdline'):
        try: text = open(f'/proc/{p}/{f}', 'rb').read()
        except OSError: continue
        for sign in (b'SECRET', b'PASSWORD', b'MYSQL', b'CANARY', b'/root', b'/home', b'dotnet', b'codechill', b'/work'):
            if sign in text: print('BREACH:', p, f, sign)
        if f == 'environ':
            for name in (v.split(b'=')[0] for v in text.split(b'\0') if v):
                if name not in (b'PATH', b'HOME', b'TMPDIR', b'LANG', b'PWD', b'LC_CTYPE'): print('BREACH:', p, 'has', name)
print('contained')
