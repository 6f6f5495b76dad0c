using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace CodeChill.SocketIO.Packets;

internal enum WebSocketOpcode
{
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

/// <summary>RFC 6455 section 5: frame headers and masking, no I/O. Server frames are never masked, client frames always are.</summary>
internal static class WebSocketFraming
{
    public const int MaxControlPayload = 125;
    public const byte FinalBit = 0x80;
    public const byte CompressedBit = 0x40;

    public static int HeaderSize(int payloadLength) => payloadLength switch { <= 125 => 2, <= 0xFFFF => 4, _ => 10 };

    public static int WriteHeader(Span<byte> target, WebSocketOpcode opcode, int payloadLength, bool compressed = false)
    {
        target[0] = (byte)(FinalBit | (compressed ? CompressedBit : 0) | (int)opcode);
        switch (payloadLength)
        {
            case <= 125:
                target[1] = (byte)payloadLength;
                return 2;
            case <= 0xFFFF:
                target[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)payloadLength);
                return 4;
            default:
                target[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(target[2..], (ulong)payloadLength);
                return 10;
        }
    }

    /// <summary>
    /// Reads a client frame header. Returns false when more bytes are needed. <paramref name="error"/> is 0 or the close code
    /// of the violated rule (1002 protocol error).
    /// </summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> data, bool allowCompressed, out FrameHeader header, out int error)
    {
        header = default;
        error = 0;
        if (data.Length < 2) return false;
        byte first = data[0], second = data[1];
        int reserved = first & (allowCompressed ? 0x30 : 0x70);
        var opcode = (WebSocketOpcode)(first & 0x0F);
        bool final = (first & FinalBit) != 0, compressed = (first & CompressedBit) != 0;
        bool control = ((int)opcode & 0x8) != 0;
        bool known = opcode is WebSocketOpcode.Continuation or WebSocketOpcode.Text or WebSocketOpcode.Binary
            or WebSocketOpcode.Close or WebSocketOpcode.Ping or WebSocketOpcode.Pong;
        int shortLength = second & 0x7F;

        // 5.2: reserved bits and opcodes; 5.1: a client masks; 5.5: control frames are short and whole; RFC 7692 6.1: only the
        // first frame of a data message carries RSV1.
        if (reserved != 0 || !known || (second & 0x80) == 0 || (control && (!final || shortLength > MaxControlPayload || compressed))
            || (compressed && opcode == WebSocketOpcode.Continuation))
        {
            error = 1002;
            return true;
        }

        int size = 2;
        ulong length = (ulong)shortLength;
        if (shortLength == 126)
        {
            size = 4;
            if (data.Length < size) return false;
            length = BinaryPrimitives.ReadUInt16BigEndian(data[2..]);
            if (length <= 125) error = 1002;
        }
        else if (shortLength == 127)
        {
            size = 10;
            if (data.Length < size) return false;
            length = BinaryPrimitives.ReadUInt64BigEndian(data[2..]);
            if (length <= 0xFFFF || length > long.MaxValue) error = 1002;
        }

        if (error != 0) return true;
        if (data.Length < size + 4) return false;
        header = new FrameHeader(opcode, final, compressed, (long)length, size + 4, MemoryMarshal.Read<uint>(data[size..]));
        return true;
    }

    /// <summary>Copies and unmasks; <paramref name="phase"/> is the offset of the first byte in the frame's payload.</summary>
    public static void Unmask(ReadOnlySpan<byte> source, Span<byte> target, uint mask, int phase)
    {
        // The key is read in memory order, so byte k of the payload uses byte k & 3 of the key whatever the endianness.
        int rotation = (phase & 3) * 8;
        uint key = BitConverter.IsLittleEndian ? BitOperations.RotateRight(mask, rotation) : BitOperations.RotateLeft(mask, rotation);
        int i = 0;
        if (Vector.IsHardwareAccelerated && source.Length >= Vector<byte>.Count)
        {
            var wide = Vector.AsVectorByte(new Vector<uint>(key));
            for (; i <= source.Length - Vector<byte>.Count; i += Vector<byte>.Count)
                (new Vector<byte>(source[i..]) ^ wide).CopyTo(target[i..]);
        }

        Span<byte> bytes = stackalloc byte[4];
        MemoryMarshal.Write(bytes, key);
        for (; i < source.Length; i++) target[i] = (byte)(source[i] ^ bytes[i & 3]);
    }

    /// <summary>Close codes a peer may send (section 7.4); the rest is a protocol error.</summary>
    public static bool IsValidCloseCode(int code) => code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
}

internal readonly record struct FrameHeader(
    WebSocketOpcode Opcode, bool Final, bool Compressed, long PayloadLength, int HeaderLength, uint Mask)
{
    public bool IsControl => ((int)Opcode & 0x8) != 0;
}
