# Attack: reach the host's loopback, private networks, the cloud's metadata service, a name server
# Row: 11
# Status: Success
# Limits: wall=20
# Outcome: no interface but an empty loopback; every connection is refused at once
import socket
for family, address in ((socket.AF_INET, ('127.0.0.1', 22)), (socket.AF_INET, ('127.0.0.1', 5000)), (socket.AF_INET, ('10.0.0.1', 80)), (socket.AF_INET, ('192.168.0.1', 80)),
                        (socket.AF_INET, ('172.17.0.1', 80)), (socket.AF_INET, ('169.254.169.254', 80)), (socket.AF_INET, ('1.1.1.1', 53)), (socket.AF_INET6, ('::1', 5000)), (socket.AF_INET6, ('fe80::1', 80))):
    s = socket.socket(family); s.settimeout(1)
    try: s.connect(address); print('BREACH: connected', address)
    except OSError: pass
    u = socket.socket(family, socket.SOCK_DGRAM)
    try:
        u.sendto(b'x', address)
        if address[0] not in ('127.0.0.1', '::1'): print('BREACH: sent', address)
    except OSError: pass
try: print('BREACH: resolved', socket.gethostbyname('example.com'))
except OSError: pass
if [l for l in open('/proc/net/dev') if ':' in l and 'lo:' not in l]: print('BREACH: interface')
print('contained')
