using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>Operations of one client and where their text starts; -1 for what has no place in the text.</summary>
internal readonly record struct TextRun(IdRange Range, int Text);

/// <summary>Runs of ids, a few bytes each, their texts one behind the other; a single one without any allocation.</summary>
internal readonly struct IdRuns
{
    private readonly IdRange _only;
    private readonly int _onlyText;
    private readonly byte[]? _many;

    public IdRuns(IdRange only, int text)
    {
        _only = only;
        _onlyText = text;
    }

    /// <summary>Takes what <see cref="Write"/> wrote.</summary>
    public IdRuns(byte[] many) => _many = many;

    public bool IsEmpty => _many is null && _only.Length == 0;

    public static void Write(ByteWriter writer, IdRange range, int text)
    {
        writer.WriteVarUint(range.Client);
        writer.WriteVarUint(range.Clock);
        writer.WriteVarUint(range.Length);
        writer.WriteByte(text < 0 ? (byte)0 : (byte)1);
    }

    public IEnumerable<TextRun> All()
    {
        if (_many is null)
        {
            if (_only.Length > 0)
            {
                yield return new TextRun(_only, _onlyText);
            }

            yield break;
        }

        int text = 0;
        for (int position = 0; position < _many.Length;)
        {
            var run = Next(_many, ref position);
            yield return run.Text < 0 ? run : run with { Text = text };
            text += run.Text < 0 ? 0 : run.Range.Length;
        }
    }

    public IdRange[] ToRanges() => [.. All().Select(static run => run.Range)];

    private static TextRun Next(byte[] bytes, ref int position)
    {
        var reader = new ByteReader(bytes, position);
        var range = new IdRange(reader.ReadVarUint(), (int)reader.ReadVarUint(), (int)reader.ReadVarUint());
        int text = reader.ReadByte() - 1;
        position = reader.Position;
        return new TextRun(range, text);
    }
}
