using System.Buffers;
using System.Net.Sockets;
using NetSocket = System.Net.Sockets.Socket;

namespace CodeChill.SocketIO.Transports;

/// <summary>Writing straight to the socket of a connection that Kestrel keeps reading from.</summary>
internal sealed partial class WebSocketConnection
{
    /// <summary>
    /// One socket send. Pooled across connections: an instance is only bound to one while bytes are on their way, which on a loop that
    /// completes at once is no time at all.
    /// </summary>
    private sealed class SendOperation() : SocketAsyncEventArgs(true)
    {
        [ThreadStatic]
        private static SendOperation? s_spare;

        private WebSocketConnection? _owner;
        private NetSocket? _socket;
        private byte[]? _rented;

        public static bool Start(WebSocketConnection owner, NetSocket socket, ArraySegment<byte> data, byte[]? rented)
        {
            var operation = s_spare ?? new SendOperation();
            s_spare = null;
            operation._owner = owner;
            operation._socket = socket;
            operation._rented = rented;
            operation.SetBuffer(data.Array, data.Offset, data.Count);
            try
            {
                if (!operation.Continue()) return false;
            }
            catch (ObjectDisposedException)
            {
                operation.Release();
                throw;
            }

            var error = operation.SocketError;
            operation.Release();
            return error == SocketError.Success ? true : throw new SocketException((int)error);
        }

        protected override void OnCompleted(SocketAsyncEventArgs e)
        {
            var owner = _owner!;
            Exception? failure = null;
            try
            {
                if (SocketError == SocketError.Success && !Advance() && !Continue()) return;
                if (SocketError != SocketError.Success) failure = new SocketException((int)SocketError);
            }
            catch (ObjectDisposedException gone)
            {
                failure = gone;
            }

            Release();
            owner.Completed(failure);
            if (failure is null) owner.Pump();
        }

        /// <summary>True when the operation finished (well or not) without going asynchronous.</summary>
        private bool Continue()
        {
            while (true)
            {
                var owner = _owner!;
                if (_socket!.SendAsync(this))
                {
                    owner.MarkBlocked();
                    return false;
                }

                if (SocketError != SocketError.Success || Advance()) return true;
            }
        }

        private bool Advance()
        {
            int left = Count - BytesTransferred;
            if (left <= 0) return true;
            SetBuffer(Offset + BytesTransferred, left);
            return false;
        }

        private void Release()
        {
            if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
            _owner = null;
            _socket = null;
            SetBuffer(null, 0, 0);
            if (s_spare is null) s_spare = this;
            else Dispose();
        }
    }
}
