using System.Buffers.Binary;
using System.Text;

namespace CodeChill.Server.YWebSocket;

/// <summary>
/// Messages of the y-websocket protocol as finished WebSocket frames (RFC 6455 §5.2, unmasked, one frame a message): built once, sent to any
/// number of connections. A message is a number (0 sync, 1 awareness, 2 auth), for sync and auth another one, then the payload behind its
/// length. Updates go in as they were received.
/// </summary>
internal static class YjsFrames
{
    private const byte Binary = 0x82;

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
        Span<byte> length = stackalloc byte[5];
        var lengthSize = 0;
        for (var rest = (uint)payload.Length; ; rest >>= 7)
        {
            length[lengthSize++] = (byte)(rest > 0x7f ? 0x80 | (rest & 0x7f) : rest);
            if (rest <= 0x7f)
                break;
        }

        var message = kind.Length + lengthSize + payload.Length;
        var header = message switch { <= 125 => 2, <= 0xffff => 4, _ => 10 };
        var frame = new byte[header + message];
        frame[0] = Binary;
        switch (header)
        {
            case 2:
                frame[1] = (byte)message;
                break;
            case 4:
                frame[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)message);
                break;
            default:
                frame[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(2), (ulong)message);
                break;
        }

        kind.CopyTo(frame.AsSpan(header));
        length[..lengthSize].CopyTo(frame.AsSpan(header + kind.Length));
        payload.CopyTo(frame.AsSpan(header + kind.Length + lengthSize));
        return frame;
    }
}
