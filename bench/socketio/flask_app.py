# The seed's stack: Flask-SocketIO on eventlet, one worker.
import sys

import eventlet

eventlet.monkey_patch()

from flask import Flask
from flask_socketio import SocketIO, emit, join_room

app = Flask(__name__)
socketio = SocketIO(app, async_mode="eventlet")


@socketio.on("join_room")
def on_join(data):
    join_room(data["room"])
    emit("room_joined", data)


@socketio.on("code_change")
def on_change(data):
    emit("code_updated", data, to=data["room"], include_self=False)


if __name__ == "__main__":
    port = int(sys.argv[1])
    listener = eventlet.listen(("127.0.0.1", port))
    print("ready", flush=True)
    import eventlet.wsgi

    eventlet.wsgi.server(listener, app, log_output=False)
