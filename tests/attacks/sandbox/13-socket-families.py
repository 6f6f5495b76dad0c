# Attack: vsock (reaches the hypervisor), netlink, packet, crypto, bluetooth, raw and every other family
# Row: 13
# Status: Success
# Outcome: only unix, IPv4 and IPv6 stream and datagram sockets exist
import socket, ctypes
libc = ctypes.CDLL(None)
for family in range(64):
    for kind in (1, 2, 3, 5):
        fd = libc.socket(family, kind, 0)
        if fd >= 0 and (family not in (1, 2, 10) or kind == 3 and family != 1): print('BREACH: family', family, kind)
        if fd >= 0: libc.close(fd)
for protocol in (1, 6, 17, 255):
    if libc.socket(2, 3, protocol) >= 0: print('BREACH: raw', protocol)
print('contained')
