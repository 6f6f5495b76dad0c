using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CodeChill.Text.Encoding;

/// <summary>Reads the lib0 primitives. Every read is bounded by the buffer and throws <see cref="UpdateFormatException"/>.</summary>
internal ref struct ByteReader
{
    /// <summary>Lists and objects nested deeper than this are refused; it bounds the stack of every walker.</summary>
    public const int MaxNesting = 256;

    public readonly ReadOnlySpan<byte> Span;
    public int Position;

    public ByteReader(ReadOnlySpan<byte> span, int position = 0)
    {
        Span = span;
        Position = position;
    }

    public readonly int Remaining => Span.Length - Position;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte ReadByte()
    {
        if ((uint)Position >= (uint)Span.Length)
        {
            ThrowEnd();
        }

        return Span[Position++];
    }

    /// <summary>An unsigned LEB128 number of at most 53 bits, as lib0 writes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadVarUint()
    {
        int position = Position;
        if ((uint)position < (uint)Span.Length)
        {
            byte first = Span[position];
            if (first < 0x80)
            {
                Position = position + 1;
                return first;
            }
        }

        return ReadVarUintSlow();
    }

    private ulong ReadVarUintSlow()
    {
        ulong value = 0;
        int shift = 0;
        while (true)
        {
            byte b = ReadByte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                if (value > DocumentOptions.MaxClientId)
                {
                    Throw("A number is larger than 53 bits");
                }

                return value;
            }

            // The eighth byte holds bits 49 to 55; anything longer is out of range or padded with zeros.
            shift += 7;
            if (shift > 49)
            {
                Throw("A number is larger than 53 bits");
            }
        }
    }

    /// <summary>A clock or a length: at most 31 bits, so that sums of two never overflow 32 bits unnoticed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadClock()
    {
        ulong value = ReadVarUint();
        if (value > int.MaxValue)
        {
            Throw("A clock or length is beyond 2^31 - 1");
        }

        return (int)value;
    }

    /// <summary>A count of things of which each needs at least <paramref name="bytesEach"/> bytes of what remains.</summary>
    public int ReadCount(int bytesEach)
    {
        ulong value = ReadVarUint();
        if (value > (ulong)(Remaining / bytesEach))
        {
            Throw("A count is larger than the bytes that remain");
        }

        return (int)value;
    }

    public ReadOnlySpan<byte> ReadBytes(int length)
    {
        if ((uint)length > (uint)Remaining)
        {
            ThrowEnd();
        }

        var bytes = Span.Slice(Position, length);
        Position += length;
        return bytes;
    }

    public ReadOnlySpan<byte> ReadVarBytes() => ReadBytes(ReadCount(1));

    /// <summary>A signed number: the first byte holds the sign in bit 6 and six bits of value.</summary>
    public long ReadVarInt(out bool negative)
    {
        byte b = ReadByte();
        negative = (b & 0x40) != 0;
        long value = b & 0x3f;
        int shift = 6;
        while (b >= 0x80)
        {
            b = ReadByte();
            if (shift > 55)
            {
                Throw("A number is larger than 53 bits");
            }

            value |= (long)(b & 0x7f) << shift;
            shift += 7;
        }

        if ((ulong)value > DocumentOptions.MaxClientId)
        {
            Throw("A number is larger than 53 bits");
        }

        return negative ? -value : value;
    }

    [DoesNotReturn]
    private readonly void ThrowEnd() => throw new UpdateFormatException($"The input ends too early, after byte {Position}.");

    [DoesNotReturn]
    public readonly void Throw(string what) => throw new UpdateFormatException($"{what} (near byte {Position}).");
}
