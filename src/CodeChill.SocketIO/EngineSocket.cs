using System.Text;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO;

/// <summary>A bare Engine.IO connection, for applications that want transports, upgrade and heartbeat without Socket.IO on top.</summary>
public sealed class EngineSocket
{
    private readonly Session _session;
    private Action<string> _onText = static _ => { };
    private Action<ReadOnlyMemory<byte>> _onBinary = static _ => { };
    private Action<string> _onClose = static _ => { };

    private EngineSocket(Session session) => _session = session;

    /// <summary>Session id. It is a secret between server and client.</summary>
    public string Id => _session.Id;

    /// <summary>Sets what is called for each text message, one at a time and in order, on the thread that received it.</summary>
    /// <param name="handler">What it throws is logged and ends the connection.</param>
    public void OnText(Action<string> handler) => _onText = handler;

    /// <summary>Sets what is called for each binary message.</summary>
    /// <param name="handler">What it throws is logged and ends the connection.</param>
    public void OnBinary(Action<ReadOnlyMemory<byte>> handler) => _onBinary = handler;

    /// <summary>Sets what is called once at the end.</summary>
    /// <param name="handler">Gets one of <see cref="DisconnectReasons"/>.</param>
    public void OnClose(Action<string> handler) => _onClose = handler;

    /// <summary>Sends a text message.</summary>
    /// <param name="text">The text.</param>
    public void Send(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _session.Send(OutPacket.Build("4"u8, Encoding.UTF8.GetBytes(text), [], true));
    }

    /// <summary>Sends a binary message.</summary>
    /// <param name="data">The bytes; copied.</param>
    public void Send(ReadOnlyMemory<byte> data) => _session.Send(OutPacket.Binary(data.Span));

    /// <summary>Ends the connection after what is queued.</summary>
    public void Close() => _session.Close(DisconnectReasons.ForcedClose, null, CloseKind.Flush);

    internal sealed class Session : EngineSession
    {
        private readonly EngineSocket _socket;

        public Session(EngineServer server, Action<EngineSocket> onConnection)
            : base(server)
        {
            _socket = new EngineSocket(this);
            onConnection(_socket);
        }

        protected override void OnMessage(ReadOnlySpan<byte> text) => Guard(_socket._onText, Encoding.UTF8.GetString(text));

        protected override void OnBinary(ReadOnlySpan<byte> data) => Guard<ReadOnlyMemory<byte>>(_socket._onBinary, data.ToArray());

        protected override void OnClosed(string reason, string? description) => Guard(_socket._onClose, reason);

        private void Guard<T>(Action<T> handler, T value)
        {
            try
            {
                handler(value);
            }
#pragma warning disable CA1031 // The application's code.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Server.Log.HandlerFailed(e, "message", "engine.io");
                Close(DisconnectReasons.ForcedClose, "handler failed");
            }
        }
    }
}
