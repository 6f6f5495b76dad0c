// y-websocket's own server code, as its bin/server.cjs uses it.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { WebSocketServer } from 'ws'

const { setupWSConnection } = createRequire(import.meta.url)('y-websocket/bin/utils')
const http = createServer()
const server = new WebSocketServer({ server: http })
server.on('connection', (socket, request) => setupWSConnection(socket, request))
http.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'))
