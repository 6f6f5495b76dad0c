using System.Net.WebSockets;
using System.Text;
using CodeChill.SocketIO;

namespace CodeChill.Server.YWebSocket;

/// <summary>
/// Messages of the y-websocket protocol as finished WebSocket frames (RFC 6455 §5.2, unmasked, one frame a message): built once, sent to any
/// number of connections. A message is a number (0 sync, 1 awareness, 2 auth), for sync and auth another one, then the payload behind its
/// length. Updates go in as they were received.
/// </summary>
internal static class YjsFrames
{
    /// <summary>An awareness update about nobody: for clients whose patience counts messages only.</summary>
    public static readonly ReadOnlyMemory<byte> Heartbeat = Awareness([0]);

    public static readonly ReadOnlyMemory<byte> Ping = new byte[] { 0x89, 0 };

    public static ReadOnlyMemory<byte> Step1(ReadOnlySpan<byte> stateVector) => Build([0, 0], stateVector);

    public static ReadOnlyMemory<byte> Step2(ReadOnlySpan<byte> update) => Build([0, 1], update);

    public static ReadOnlyMemory<byte> Update(ReadOnlySpan<byte> update) => Build([0, 2], update);

    public static ReadOnlyMemory<byte> Awareness(ReadOnlySpan<byte> update) => Build([1], update);

    public static ReadOnlyMemory<byte> Denied(string reason) => Build([2, 0], Encoding.UTF8.GetBytes(reason));

    private static byte[] Build(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[kind.Length + 5];
        kind.CopyTo(head);
        var length = kind.Length;
        var rest = (uint)payload.Length;
        for (; rest > 0x7f; rest >>= 7)
            head[length++] = (byte)(0x80 | (rest & 0x7f));
        head[length++] = (byte)rest;
        return WebSocketUpgrade.Frame(WebSocketMessageType.Binary, head[..length], payload);
    }
}
