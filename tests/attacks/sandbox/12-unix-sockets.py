# Attack: the sockets of docker, dbus, X11, systemd, and every abstract socket of the host
# Row: 12
# Status: Success
# Outcome: not found; abstract names belong to the network namespace
import socket
for path in ('/var/run/docker.sock', '/run/docker.sock', '/run/dbus/system_bus_socket', '/tmp/.X11-unix/X0', '/run/systemd/private', '\0/tmp/.X11-unix/X0', '\0/tmp/dbus-x', '/run/containerd/containerd.sock'):
    s = socket.socket(socket.AF_UNIX)
    try: s.connect(path); print('BREACH:', path)
    except OSError: pass
if len(open('/proc/net/unix').readlines()) > 10: print('BREACH: unix sockets visible')
print('contained')
