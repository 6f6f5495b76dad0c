using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace CodeChill.Text.Encoding;

/// <summary>A growing buffer for the lib0 primitives; kept by its owner and used again.</summary>
internal sealed class ByteWriter
{
    private byte[] _buffer;

    public ByteWriter(int capacity = 64) => _buffer = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public byte[] ToArray() => Written.ToArray();

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
        Ensure(10);
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

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    private void Ensure(int count)
    {
        if (_buffer.Length - Length < count)
        {
            Array.Resize(ref _buffer, Math.Max(Length + count, checked(_buffer.Length * 2)));
        }
    }
}
