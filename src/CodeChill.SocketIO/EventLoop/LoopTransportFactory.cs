using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using NetSocket = System.Net.Sockets.Socket;

namespace CodeChill.SocketIO.EventLoop;

/// <summary>Kestrel's door to the event loops: IP addresses on Linux. Everything else stays with Kestrel's own transport.</summary>
internal sealed class LoopTransportFactory(IMemoryPoolFactory<byte>? pools = null) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint && OperatingSystem.IsLinux();

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        NetSocket socket;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }

        socket.Listen(1024);
        var listener = new LoopListener(socket, pools?.Create() ?? MemoryPool<byte>.Shared);
        listener.Start();
        return ValueTask.FromResult<IConnectionListener>(listener);
    }
}
