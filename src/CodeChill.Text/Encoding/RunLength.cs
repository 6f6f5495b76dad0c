namespace CodeChill.Text.Encoding;

// The run-length streams of update format V2 (lib0). A run's length says nothing about the bytes that remain, so whoever
// reads from a stream has to bound what it makes of it.

/// <summary>Bytes with their repetitions; the last one repeats for ever.</summary>
internal ref struct ByteRuns(ReadOnlySpan<byte> bytes)
{
    private ByteReader _reader = new(bytes);
    private byte _value;
    private ulong _count;
    private bool _endless;

    public byte Read()
    {
        if (_count == 0 && !_endless)
        {
            _value = _reader.ReadByte();
            if (_reader.Remaining > 0)
            {
                _count = _reader.ReadVarUint() + 1;
            }
            else
            {
                _endless = true;
            }
        }

        _count -= _endless ? 0UL : 1UL;
        return _value;
    }
}

/// <summary>Numbers; a negative one is repeated, its count follows.</summary>
internal ref struct NumberRuns(ReadOnlySpan<byte> bytes)
{
    private ByteReader _reader = new(bytes);
    private ulong _value;
    private ulong _count;

    public NumberRuns(ByteReader rest)
        : this(rest.Span[rest.Position..])
    {
    }

    public ulong Read()
    {
        if (_count == 0)
        {
            _value = (ulong)Math.Abs(_reader.ReadVarInt(out bool repeated));
            _count = repeated ? _reader.ReadVarUint() + 2 : 1;
        }

        _count--;
        return _value;
    }
}

/// <summary>Numbers as differences to the one before; a repeated difference is followed by its count.</summary>
internal ref struct DifferenceRuns(ReadOnlySpan<byte> bytes)
{
    private ByteReader _reader = new(bytes);
    private long _value;
    private long _difference;
    private ulong _count;

    public int Read()
    {
        if (_count == 0)
        {
            long encoded = _reader.ReadVarInt(out _);
            _difference = encoded >> 1;
            _count = (encoded & 1) != 0 ? _reader.ReadVarUint() + 2 : 1;
        }

        _value += _difference;
        _count--;
        if (_value is < 0 or > int.MaxValue)
        {
            _reader.Throw("A clock is beyond 2^31 - 1");
        }

        return (int)_value;
    }
}

/// <summary>Writes <see cref="ByteRuns"/>.</summary>
internal sealed class ByteRunsWriter
{
    private readonly ByteWriter _writer = new();
    private int _value = -1;
    private int _count;

    public ReadOnlySpan<byte> Written => _writer.Written;

    public void Write(byte value)
    {
        if (value == _value)
        {
            _count++;
            return;
        }

        if (_count > 0)
        {
            _writer.WriteVarUint(_count - 1);
        }

        _count = 1;
        _writer.WriteByte(value);
        _value = value;
    }
}

/// <summary>Writes <see cref="NumberRuns"/>.</summary>
internal sealed class NumberRunsWriter
{
    private readonly ByteWriter _writer = new();
    private ulong _value;
    private int _count;

    public void Write(ulong value)
    {
        if (value == _value)
        {
            _count++;
            return;
        }

        Flush();
        _count = 1;
        _value = value;
    }

    public ReadOnlySpan<byte> Finish()
    {
        Flush();
        return _writer.Written;
    }

    private void Flush()
    {
        if (_count > 0)
        {
            _writer.WriteVarInt(_count == 1 ? (long)_value : -(long)_value, _count > 1);
            if (_count > 1)
            {
                _writer.WriteVarUint(_count - 2);
            }
        }
    }
}

/// <summary>Writes <see cref="DifferenceRuns"/>.</summary>
internal sealed class DifferenceRunsWriter
{
    private readonly ByteWriter _writer = new();
    private long _value;
    private long _difference;
    private int _count;

    public void Write(int value)
    {
        if (value - _value == _difference)
        {
            _value = value;
            _count++;
            return;
        }

        Flush();
        _count = 1;
        _difference = value - _value;
        _value = value;
    }

    public ReadOnlySpan<byte> Finish()
    {
        Flush();
        return _writer.Written;
    }

    private void Flush()
    {
        if (_count > 0)
        {
            _writer.WriteVarInt((_difference * 2) + (_count == 1 ? 0 : 1));
            if (_count > 1)
            {
                _writer.WriteVarUint(_count - 2);
            }
        }
    }
}
