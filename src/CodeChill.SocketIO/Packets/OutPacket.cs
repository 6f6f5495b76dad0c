using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace CodeChill.SocketIO.Packets;

/// <summary>
/// One outgoing engine packet with everything that belongs to it (a Socket.IO header and its attachments), encoded once and
/// shared by all recipients. <see cref="Bytes"/> is the finished WebSocket image: unmasked frames back to back, so a broadcast
/// costs each connection one copy of a reference. The polling transport reads the same bytes behind the frame headers.
/// Immutable after construction.
/// </summary>
internal sealed class OutPacket
{
    public static readonly OutPacket Ping = Text("2"u8);
    public static readonly OutPacket Noop = Text("6"u8);
    public static readonly OutPacket ProbeAnswer = Text("3probe"u8);

    private readonly Part[] _parts;
    private byte[]? _deflated;

    private OutPacket(byte[] bytes, Part[] parts, bool compressible)
    {
        Bytes = bytes;
        _parts = parts;
        Compressible = compressible;
    }

    /// <summary>Complete WebSocket frames.</summary>
    public byte[] Bytes { get; }

    public int Length => Bytes.Length;

    /// <summary>False when the sender asked for no compression or the packet is a control frame.</summary>
    public bool Compressible { get; }

    public bool IsControl => _parts.Length == 0;

    /// <summary>The payload of the first frame (engine type digit included for text).</summary>
    public ReadOnlySpan<byte> Payload => Bytes.AsSpan(_parts[0].Offset, _parts[0].Length);

    public static OutPacket Text(ReadOnlySpan<byte> payload) => Build(payload, [], default, true);

    /// <summary>A text packet made of two pieces, followed by its attachments as binary frames.</summary>
    public static OutPacket Build(
        ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> body, ReadOnlySpan<ReadOnlyMemory<byte>> attachments, bool compressible)
    {
        int textLength = prefix.Length + body.Length;
        int total = WebSocketFraming.HeaderSize(textLength) + textLength;
        foreach (var attachment in attachments) total += WebSocketFraming.HeaderSize(attachment.Length) + attachment.Length;

        byte[] bytes = GC.AllocateUninitializedArray<byte>(total);
        var parts = new Part[1 + attachments.Length];
        int at = WebSocketFraming.WriteHeader(bytes, WebSocketOpcode.Text, textLength);
        parts[0] = new Part(at, textLength, false);
        prefix.CopyTo(bytes.AsSpan(at));
        body.CopyTo(bytes.AsSpan(at + prefix.Length));
        at += textLength;
        for (int i = 0; i < attachments.Length; i++)
        {
            at += WebSocketFraming.WriteHeader(bytes.AsSpan(at), WebSocketOpcode.Binary, attachments[i].Length);
            parts[i + 1] = new Part(at, attachments[i].Length, true);
            attachments[i].Span.CopyTo(bytes.AsSpan(at));
            at += attachments[i].Length;
        }

        return new OutPacket(bytes, parts, compressible);
    }

    public static OutPacket Binary(ReadOnlySpan<byte> payload)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(WebSocketFraming.HeaderSize(payload.Length) + payload.Length);
        int at = WebSocketFraming.WriteHeader(bytes, WebSocketOpcode.Binary, payload.Length);
        payload.CopyTo(bytes.AsSpan(at));
        return new OutPacket(bytes, [new Part(at, payload.Length, true)], true);
    }

    /// <summary>A WebSocket control frame (pong, close); never seen by the polling transport.</summary>
    public static OutPacket Control(WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[2 + payload.Length];
        WebSocketFraming.WriteHeader(bytes, opcode, payload.Length);
        payload.CopyTo(bytes.AsSpan(2));
        return new OutPacket(bytes, [], false);
    }

    /// <summary>
    /// The same frames with payloads deflated where that is worth it. Computed once per packet: contexts are never taken over
    /// between messages, so all connections that negotiated compression can share the result.
    /// </summary>
    public byte[] Deflated(int thresholdBytes)
    {
        if (!Compressible || Bytes.Length < thresholdBytes) return Bytes;
        byte[]? known = Volatile.Read(ref _deflated);
        if (known is not null) return known;
        var buffer = new ArrayBufferWriter<byte>(Bytes.Length);
        foreach (var part in _parts)
            MessageDeflate.WriteFrame(buffer, part.Binary, Bytes.AsSpan(part.Offset, part.Length), thresholdBytes);
        known = buffer.WrittenSpan.ToArray();
        Volatile.Write(ref _deflated, known);
        return known;
    }

    /// <summary>Appends the packet in polling form: parts joined by 0x1E, binary as <c>b</c> + base64.</summary>
    public void WritePolling(IBufferWriter<byte> output, bool first)
    {
        foreach (var part in _parts)
        {
            if (!first) output.Write([EngineCodec.Separator]);
            first = false;
            var payload = Bytes.AsSpan(part.Offset, part.Length);
            if (!part.Binary)
            {
                output.Write(payload);
                continue;
            }

            var span = output.GetSpan(1 + Base64.GetMaxEncodedToUtf8Length(payload.Length));
            span[0] = (byte)'b';
            Base64.EncodeToUtf8(payload, span[1..], out _, out int written);
            output.Advance(1 + written);
        }
    }

    public override string ToString() => _parts.Length == 0 ? "control" : Encoding.UTF8.GetString(Payload);

    private readonly record struct Part(int Offset, int Length, bool Binary);
}
