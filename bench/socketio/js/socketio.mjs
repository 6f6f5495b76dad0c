// The reference: npm socket.io on the ws package.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer()
const io = new Server(http, { serveClient: false })
io.on('connection', socket => {
  socket.on('join_room', join => {
    socket.join(join.room)
    socket.emit('room_joined', join)
  })
  socket.on('code_change', change => socket.to(change.room).emit('code_updated', change))
})
http.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'))
