namespace CodeChill.Text.Encoding;

/// <summary>Rewrites a valid update of format V1 as one of format V2, byte for byte as Yjs does.</summary>
internal sealed class FormatV2Writer
{
    private readonly ByteWriter _rest = new(256);
    private readonly DifferenceRunsWriter _keyClocks = new();
    private readonly NumberRunsWriter _clients = new();
    private readonly DifferenceRunsWriter _leftClocks = new();
    private readonly DifferenceRunsWriter _rightClocks = new();
    private readonly ByteRunsWriter _infos = new();
    private readonly ByteWriter _text = new(256);
    private readonly NumberRunsWriter _textLengths = new();
    private readonly ByteRunsWriter _parentInfos = new();
    private readonly NumberRunsWriter _typeRefs = new();
    private readonly NumberRunsWriter _lengths = new();
    private int _keyClock;

    /// <summary>Converts an update that has been checked.</summary>
    public static byte[] Convert(ReadOnlySpan<byte> update, ReadOnlySpan<Section> sections, int deletes)
    {
        var writer = new FormatV2Writer();
        writer._rest.WriteVarUint(sections.Length);
        foreach (ref readonly var section in sections)
        {
            writer.WriteSection(update, in section);
        }

        var reader = new ByteReader(update, deletes);
        writer.WriteDeleteSet(ref reader);
        return writer.Finish();
    }

    private void WriteSection(ReadOnlySpan<byte> update, ref readonly Section section)
    {
        _rest.WriteVarUint(section.Remaining);
        _clients.Write(section.Client);
        _rest.WriteVarUint(section.Clock);
        var reader = new ByteReader(update, section.Position);
        int clock = section.Clock;
        for (int i = 0; i < section.Remaining; i++)
        {
            StructReader.Read(ref reader, section.Client, clock, false, out var item);
            WriteStruct(update, in item);
            clock += item.Length;
        }
    }

    private void WriteStruct(ReadOnlySpan<byte> update, in StructRef item)
    {
        _infos.Write(item.Info);
        if (item.Kind == Kind.GC)
        {
            _lengths.Write((ulong)item.Length);
            return;
        }

        if (item.Kind == Kind.Skip)
        {
            _rest.WriteVarUint(item.Length);
            return;
        }

        if (item.HasOrigin)
        {
            _clients.Write(item.OriginClient);
            _leftClocks.Write(item.OriginClock);
        }

        if (item.HasRight)
        {
            _clients.Write(item.RightClient);
            _rightClocks.Write(item.RightClock);
        }

        if (item.HasParent)
        {
            WriteParent(update, in item);
        }

        WriteContent(update.Slice(item.ContentStart, item.ContentLength), in item);
    }

    private void WriteParent(ReadOnlySpan<byte> update, in StructRef item)
    {
        _parentInfos.Write(item.NameLength >= 0 ? (byte)1 : (byte)0);
        if (item.NameLength >= 0)
        {
            WriteText(update.Slice(item.NameStart, item.NameLength));
        }
        else
        {
            _clients.Write(item.ParentClient);
            _leftClocks.Write(item.ParentClock);
        }

        if (item.SubLength >= 0)
        {
            WriteText(update.Slice(item.SubStart, item.SubLength));
        }
    }

    private void WriteContent(ReadOnlySpan<byte> content, in StructRef item)
    {
        var reader = new ByteReader(content);
        switch (item.Kind)
        {
            case Kind.Deleted:
                _lengths.Write((ulong)item.Length);
                break;
            case Kind.Json:
                _lengths.Write((ulong)item.Length);
                for (int i = 0; i < item.Length; i++)
                {
                    WriteText(reader.ReadVarBytes());
                }

                break;
            case Kind.Binary:
                _rest.WriteBytes(content);
                break;
            case Kind.String:
                WriteText(content);
                break;
            case Kind.Embed:
                JsonConversion.JsonToAny(reader.ReadVarBytes(), _rest);
                break;
            case Kind.Format:
                WriteKey(reader.ReadVarBytes());
                JsonConversion.JsonToAny(reader.ReadVarBytes(), _rest);
                break;
            case Kind.Type:
                _typeRefs.Write(reader.ReadVarUint());
                if (item.TypeRef is TypeRef.XmlElement or TypeRef.XmlHook)
                {
                    WriteKey(reader.ReadVarBytes());
                }

                break;
            case Kind.Any:
                _lengths.Write((ulong)item.Length);
                _rest.WriteBytes(content);
                break;
            default:
                WriteText(reader.ReadVarBytes());
                _rest.WriteBytes(content[reader.Position..]);
                break;
        }
    }

    private void WriteText(ReadOnlySpan<byte> utf8)
    {
        _text.WriteBytes(utf8);
        _textLengths.Write((ulong)System.Text.Encoding.UTF8.GetCharCount(utf8));
    }

    // Yjs gives every key a number of its own and never reuses one.
    private void WriteKey(ReadOnlySpan<byte> utf8)
    {
        _keyClocks.Write(_keyClock++);
        WriteText(utf8);
    }

    private void WriteDeleteSet(ref ByteReader reader)
    {
        var ranges = new List<IdRange>();
        int clients = reader.ReadCount(2);
        _rest.WriteVarUint(clients);
        for (int i = 0; i < clients; i++)
        {
            ulong client = reader.ReadVarUint();
            int count = reader.ReadCount(2);
            ranges.Clear();
            ranges.EnsureCapacity(count);
            for (int k = count; k > 0; k--)
            {
                ranges.Add(new IdRange(client, reader.ReadClock(), reader.ReadClock()));
            }

            ranges.RemoveAll(static range => range.Length == 0);
            Store.DeleteRanges.Normalize(ranges);
            _rest.WriteVarUint(client);
            _rest.WriteVarUint(ranges.Count);
            int end = 0;
            foreach (var range in ranges)
            {
                _rest.WriteVarUint(range.Clock - end);
                _rest.WriteVarUint(range.Length - 1);
                end = range.End;
            }
        }
    }

    private byte[] Finish()
    {
        var writer = new ByteWriter(_rest.Length + _text.Length + 256);
        writer.WriteByte(0);
        writer.WriteVarBytes(_keyClocks.Finish());
        writer.WriteVarBytes(_clients.Finish());
        writer.WriteVarBytes(_leftClocks.Finish());
        writer.WriteVarBytes(_rightClocks.Finish());
        writer.WriteVarBytes(_infos.Written);
        var strings = new ByteWriter(_text.Length + 64);
        strings.WriteVarBytes(_text.Written);
        strings.WriteBytes(_textLengths.Finish());
        writer.WriteVarBytes(strings.Written);
        writer.WriteVarBytes(_parentInfos.Written);
        writer.WriteVarBytes(_typeRefs.Finish());
        writer.WriteVarBytes(_lengths.Finish());
        writer.WriteBytes(_rest.Written);
        return writer.ToArray();
    }
}
