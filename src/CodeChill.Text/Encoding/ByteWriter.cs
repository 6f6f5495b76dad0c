using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace CodeChill.Text.Encoding;

/// <summary>A growing buffer for the lib0 primitives; kept by its owner and used again.</summary>
internal sealed class ByteWriter
{
    private readonly bool _counting;
    private byte[] _buffer;
    private int _dropped;

    /// <summary>Creates a writer; one that is <paramref name="counting"/> keeps only how much was written.</summary>
    public ByteWriter(int capacity = 64, bool counting = false)
    {
        _buffer = new byte[capacity];
        _counting = counting;
    }

    /// <summary>How much was written in all.</summary>
    public int Total => _dropped + Length;

    public int Length { get; private set; }

    /// <summary>More than this is refused with <see cref="UpdateFormatException"/>.</summary>
    public int Limit { get; init; } = int.MaxValue;

    public int Capacity => _buffer.Length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Makes room for some more bytes.</summary>
    public void Reserve(int count)
    {
        if (_buffer.Length - Length < count)
        {
            Array.Resize(ref _buffer, Length + count);
        }
    }

    public byte[] ToArray() => Written.ToArray();

    /// <summary>The buffer itself, when it is exactly full; the writer must not be used any more.</summary>
    public byte[] Detach() => Length == _buffer.Length ? _buffer : ToArray();

    public Span<byte> Take(int count)
    {
        Ensure(count);
        var span = _buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void WriteByte(byte value)
    {
        if (Length == _buffer.Length)
        {
            Ensure(1);
        }

        _buffer[Length++] = value;
    }

    public void WriteVarUint(ulong value)
    {
        if (_buffer.Length - Length < 10)
        {
            Ensure(System.Numerics.BitOperations.Log2(value | 1) / 7 + 1);
        }

        var buffer = _buffer;
        int position = Length;
        while (value >= 0x80)
        {
            buffer[position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        buffer[position++] = (byte)value;
        Length = position;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteVarUint(int value) => WriteVarUint((ulong)(uint)value);

    public void WriteVarInt(long value, bool negativeZero = false)
    {
        bool negative = value < 0 || negativeZero;
        ulong rest = (ulong)Math.Abs(value);
        byte first = (byte)((rest & 0x3f) | (negative ? 0x40u : 0u) | (rest > 0x3f ? 0x80u : 0u));
        WriteByte(first);
        rest >>= 6;
        while (rest > 0)
        {
            WriteByte((byte)((rest & 0x7f) | (rest > 0x7f ? 0x80u : 0u)));
            rest >>= 7;
        }
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void WriteVarBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarUint(bytes.Length);
        WriteBytes(bytes);
    }

    public void WriteVarString(string text)
    {
        int count = System.Text.Encoding.UTF8.GetByteCount(text);
        WriteVarUint(count);
        System.Text.Encoding.UTF8.GetBytes(text, Take(count));
    }

    /// <summary>Writes UTF-16 code units; halves of surrogate pairs become U+FFFD, as in every UTF-8 encoder.</summary>
    public void WriteVarString(ReadOnlySpan<char> text)
    {
        int count = System.Text.Encoding.UTF8.GetByteCount(text);
        WriteVarUint(count);
        System.Text.Encoding.UTF8.GetBytes(text, Take(count));
    }

    /// <summary>Replaces one byte, which was kept free for a number, by that number.</summary>
    public void SetVarUint(int place, int value)
    {
        int more = System.Numerics.BitOperations.Log2((uint)value | 1) / 7;
        if (more > 0)
        {
            Take(more);
            _buffer.AsSpan(place + 1, Length - more - place - 1).CopyTo(_buffer.AsSpan(place + 1 + more));
        }

        for (; value >= 0x80; value >>= 7)
        {
            _buffer[place++] = (byte)(value | 0x80);
        }

        _buffer[place] = (byte)value;
    }

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    private void Ensure(int count)
    {
        if (_buffer.Length - Length < count)
        {
            if (_counting)
            {
                _dropped = checked(_dropped + Length);
                Length = 0;
                if (count <= _buffer.Length)
                {
                    return;
                }
            }

            if (Length + count > Limit)
            {
                throw new UpdateFormatException($"The update expands to more than {Limit} bytes.");
            }

            Array.Resize(ref _buffer, Math.Max(Length + count, Math.Min(Limit, checked(_buffer.Length * 2))));
        }
    }
}
