namespace CodeChill.Text.Encoding;

/// <summary>
/// Rewrites an update of format V2 as one of format V1. V2 has a stream for each field with run lengths, so a few bytes can
/// stand for any number of structs (yjs#687): the output is bounded by the input's size.
/// </summary>
internal ref struct FormatV2Reader
{
    // Real documents take two to three times as much in V1; those made of nothing but repetitions take more.
    private const int FreeOutput = 128 << 10;
    private const int OutputFactor = 4;

    private readonly ByteWriter _writer;
    private readonly int _maxOutput;
    private readonly ByteWriter _json;
    private readonly List<(int Start, int Length)> _keys = [];
    private readonly string _text;
    private ByteReader _rest;
    private DifferenceRuns _keyClocks;
    private NumberRuns _clients;
    private DifferenceRuns _leftClocks;
    private DifferenceRuns _rightClocks;
    private ByteRuns _infos;
    private NumberRuns _textLengths;
    private int _textPosition;
    private ByteRuns _parentInfos;
    private NumberRuns _typeRefs;
    private NumberRuns _lengths;

    private FormatV2Reader(ReadOnlySpan<byte> update, ByteWriter writer, int maxOutput, string? known, ByteWriter json)
    {
        _json = json;
        _writer = writer;
        _maxOutput = maxOutput;
        _rest = new ByteReader(update);
        _rest.ReadVarUint();
        _keyClocks = new DifferenceRuns(_rest.ReadVarBytes());
        _clients = new NumberRuns(_rest.ReadVarBytes());
        _leftClocks = new DifferenceRuns(_rest.ReadVarBytes());
        _rightClocks = new DifferenceRuns(_rest.ReadVarBytes());
        _infos = new ByteRuns(_rest.ReadVarBytes());
        var strings = new ByteReader(_rest.ReadVarBytes());
        var text = strings.ReadVarBytes();
        if (!System.Text.Unicode.Utf8.IsValid(text))
        {
            _rest.Throw("A string is not valid UTF-8");
        }

        _text = known ?? System.Text.Encoding.UTF8.GetString(text);
        _textLengths = new NumberRuns(strings);
        _parentInfos = new ByteRuns(_rest.ReadVarBytes());
        _typeRefs = new NumberRuns(_rest.ReadVarBytes());
        _lengths = new NumberRuns(_rest.ReadVarBytes());
    }

    /// <summary>Reads a V2 update and returns it in V1. The first pass counts, so that the second needs no room to grow.</summary>
    public static byte[] Convert(ReadOnlySpan<byte> update, bool limited = true)
    {
        int maxOutput = limited ? FreeOutput + (int)Math.Min((long)update.Length * OutputFactor, int.MaxValue / 2) : int.MaxValue / 2;
        var json = new ByteWriter { Limit = maxOutput };
        var counter = new ByteWriter(1024, true);
        var counted = new FormatV2Reader(update, counter, maxOutput, null, json);
        counted.Run();
        var writer = new ByteWriter(counter.Total);
        new FormatV2Reader(update, writer, maxOutput, counted._text, json).Run();
        return writer.Detach();
    }

    private void Run()
    {
        int clients = _rest.ReadCount(2);
        _writer.WriteVarUint(clients);
        for (int i = 0; i < clients; i++)
        {
            ulong structs = _rest.ReadVarUint();
            _writer.WriteVarUint(structs);
            _writer.WriteVarUint(Client());
            _writer.WriteVarUint(_rest.ReadClock());
            for (ulong k = 0; k < structs; k++)
            {
                Struct();
                if (_writer.Total > _maxOutput)
                {
                    _rest.Throw($"The update expands to more than {_maxOutput} bytes");
                }
            }
        }

        DeleteSet();
        if (_rest.Remaining > 0)
        {
            _rest.Throw("Bytes follow the end of the update");
        }
    }

    private ulong Client() => _clients.Read();

    private void Struct()
    {
        byte info = _infos.Read();
        _writer.WriteByte(info);
        byte kind = (byte)(info & Info.KindMask);
        if (kind == Kind.GC)
        {
            _writer.WriteVarUint(_lengths.Read());
            return;
        }

        if (kind == Kind.Skip)
        {
            _writer.WriteVarUint(_rest.ReadVarUint());
            return;
        }

        if ((info & Info.HasOrigin) != 0)
        {
            LeftId();
        }

        if ((info & Info.HasRight) != 0)
        {
            _writer.WriteVarUint(Client());
            _writer.WriteVarUint(_rightClocks.Read());
        }

        if ((info & (Info.HasOrigin | Info.HasRight)) == 0)
        {
            bool name = _parentInfos.Read() == 1;
            _writer.WriteByte(name ? (byte)1 : (byte)0);
            if (name)
            {
                Text();
            }
            else
            {
                LeftId();
            }

            if ((info & Info.HasSub) != 0)
            {
                Text();
            }
        }

        Content(kind);
    }

    private void LeftId()
    {
        _writer.WriteVarUint(Client());
        _writer.WriteVarUint(_leftClocks.Read());
    }

    private ReadOnlySpan<char> NextText()
    {
        ulong length = _textLengths.Read();
        if (length > (ulong)(_text.Length - _textPosition))
        {
            _rest.Throw("A string is longer than the text that remains");
        }

        var text = _text.AsSpan(_textPosition, (int)length);
        _textPosition += (int)length;
        return text;
    }

    private void Text() => _writer.WriteVarString(NextText());

    private void Key()
    {
        int clock = _keyClocks.Read();
        if (clock >= _keys.Count)
        {
            int start = _textPosition;
            _keys.Add((start, NextText().Length));
            clock = _keys.Count - 1;
        }

        _writer.WriteVarString(_text.AsSpan(_keys[clock].Start, _keys[clock].Length));
    }

    private void Content(byte kind)
    {
        switch (kind)
        {
            case Kind.Deleted:
                _writer.WriteVarUint(_lengths.Read());
                break;
            case Kind.Json:
                ulong elements = _lengths.Read();
                _writer.WriteVarUint(elements);
                for (ulong i = 0; i < elements && _writer.Total <= _maxOutput; i++)
                {
                    Text();
                }

                break;
            case Kind.Binary:
                _writer.WriteVarBytes(_rest.ReadVarBytes());
                break;
            case Kind.String:
                Text();
                break;
            case Kind.Embed:
                JsonConversion.AnyToJson(ref _rest, _writer, _json);
                break;
            case Kind.Format:
                Key();
                JsonConversion.AnyToJson(ref _rest, _writer, _json);
                break;
            case Kind.Type:
                ulong type = _typeRefs.Read();
                _writer.WriteVarUint(type);
                if (type is TypeRef.XmlElement or TypeRef.XmlHook)
                {
                    Key();
                }

                break;
            case Kind.Any:
                ulong values = _lengths.Read();
                if (values > (ulong)_rest.Remaining)
                {
                    _rest.Throw("A count is larger than the bytes that remain");
                }

                _writer.WriteVarUint(values);
                Any((int)values);
                break;
            case Kind.Doc:
                Text();
                Any(1);
                break;
            default:
                _rest.Throw($"There is no content of kind {kind}");
                break;
        }
    }

    private void Any(int count)
    {
        int start = _rest.Position;
        StructReader.SkipAny(ref _rest, count, true);
        _writer.WriteBytes(_rest.Span[start.._rest.Position]);
    }

    // Clocks of a client as the distance from the end of the range before, lengths less one.
    private void DeleteSet()
    {
        int clients = _rest.ReadCount(2);
        _writer.WriteVarUint(clients);
        for (int i = 0; i < clients; i++)
        {
            _writer.WriteVarUint(_rest.ReadVarUint());
            int ranges = _rest.ReadCount(2);
            _writer.WriteVarUint(ranges);
            long clock = 0;
            for (int k = 0; k < ranges; k++)
            {
                clock += _rest.ReadClock();
                long length = _rest.ReadClock() + 1L;
                if (clock + length > int.MaxValue)
                {
                    _rest.Throw("A clock is beyond 2^31 - 1");
                }

                _writer.WriteVarUint((ulong)clock);
                _writer.WriteVarUint((ulong)length);
                clock += length;
            }
        }
    }
}
