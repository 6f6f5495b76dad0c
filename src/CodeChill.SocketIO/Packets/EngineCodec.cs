using System.Buffers;
using System.Buffers.Text;
using System.Text.Unicode;

namespace CodeChill.SocketIO.Packets;

/// <summary>Engine.IO v4 packet types ("Packet types" in the engine.io protocol, revision 4).</summary>
internal enum EnginePacketType
{
    Open = 0,
    Close = 1,
    Ping = 2,
    Pong = 3,
    Message = 4,
    Upgrade = 5,
    Noop = 6,
}

/// <summary>Receives the packets of one polling payload in order.</summary>
internal interface IEnginePacketSink
{
    /// <summary>False stops the payload.</summary>
    bool OnText(ReadOnlySpan<byte> packet);

    bool OnBinary(ReadOnlySpan<byte> data);
}

/// <summary>The polling payload codec: packets joined with 0x1E, binary as <c>b</c> + base64.</summary>
internal static class EngineCodec
{
    public const byte Separator = 0x1E;

    /// <summary>Walks a payload in one pass; false when it is malformed (the packets before the fault were delivered).</summary>
    public static bool TryDecodePayload<TSink>(ReadOnlySpan<byte> payload, ref TSink sink)
        where TSink : IEnginePacketSink, allows ref struct
    {
        if (!Utf8.IsValid(payload)) return false;
        while (true)
        {
            int end = payload.IndexOf(Separator);
            var packet = end < 0 ? payload : payload[..end];
            if (packet.IsEmpty) return false;
            if (packet[0] == (byte)'b')
            {
                if (!TryDecodeBinary(packet[1..], ref sink, out bool proceed)) return false;
                if (!proceed) return true;
            }
            else
            {
                if (packet[0] is < (byte)'0' or > (byte)'6') return false;
                if (!sink.OnText(packet)) return true;
            }

            if (end < 0) return true;
            payload = payload[(end + 1)..];
        }
    }

    private static bool TryDecodeBinary<TSink>(ReadOnlySpan<byte> base64, ref TSink sink, out bool proceed)
        where TSink : IEnginePacketSink, allows ref struct
    {
        proceed = false;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Base64.GetMaxDecodedFromUtf8Length(base64.Length) + 3);
        try
        {
            // Padding is optional for the reference's decoder, so it is here.
            int whole = base64.Length & ~3;
            if ((base64.Length & 3) != 0 && !base64.Contains((byte)'='))
            {
                int rest = base64.Length & 3;
                if (rest == 1) return false;
                Span<byte> last = stackalloc byte[4];
                last.Fill((byte)'=');
                base64[whole..].CopyTo(last);
                if (Base64.DecodeFromUtf8(base64[..whole], buffer, out _, out int head, false) != OperationStatus.Done) return false;
                if (Base64.DecodeFromUtf8(last, buffer.AsSpan(head), out _, out int tail) != OperationStatus.Done) return false;
                proceed = sink.OnBinary(buffer.AsSpan(0, head + tail));
                return true;
            }

            if (Base64.DecodeFromUtf8(base64, buffer, out _, out int written) != OperationStatus.Done) return false;
            proceed = sink.OnBinary(buffer.AsSpan(0, written));
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
