using System.IO.Compression;
using CodeChill.Server.Documents;
using CodeChill.Text;

namespace CodeChill.Server.History;

/// <summary>The document as it was at some point of its past, and who typed what; it moves on entry by entry.</summary>
internal sealed class HistoryReplica
{
    private const byte Format = 1;

    /// <summary>What a checkpoint may unpack to: the document's own bound, and as much again for who typed it.</summary>
    private const int MaxUnpacked = (int)(2 * DocumentLimits.StateBytes);

    private readonly Document _document;
    private readonly SharedText _text;
    private readonly AuthorLedger _authors;

    private HistoryReplica(Document document, AuthorLedger authors, long seq, long version)
    {
        (_document, _authors, Seq, Version) = (document, authors, seq, version);
        _text = document.GetText(RoomDocument.RootName);
    }

    public long Seq { get; private set; }

    public long Version { get; private set; }

    /// <summary>When the last edit in it was made; null where nobody knows.</summary>
    public DateTimeOffset? At { get; private set; }

    /// <summary>The last applied entry; null at a checkpoint.</summary>
    public HistoryEntry? Last { get; private set; }

    public string Text => _text.ToString();

    public static HistoryReplica Empty() => new(new Document(), new AuthorLedger(), 0, 0);

    /// <summary>From a snapshot of the document alone: what is in it is nobody's.</summary>
    public static HistoryReplica FromState(ReadOnlySpan<byte> state, long seq, long version)
    {
        var document = new Document();
        document.GetText(RoomDocument.RootName);
        document.ApplyUpdate(state);
        return new HistoryReplica(document, new AuthorLedger(), seq, version);
    }

    /// <exception cref="HistoryDamagedException">It is not what <see cref="Encode"/> wrote.</exception>
    public static HistoryReplica FromCheckpoint(CheckpointRow row)
    {
        if (LogEntry.Checksum(row.State) != row.Crc)
            throw new HistoryDamagedException(row.Seq);
        try
        {
            using var packed = new DeflateStream(new MemoryStream(row.State, 1, row.State.Length - 1), CompressionMode.Decompress);
            using var reader = new BinaryReader(packed);
            var authors = AuthorLedger.Read(reader);
            var length = reader.Read7BitEncodedInt();
            var state = row.State[0] == Format && length is >= 0 and <= MaxUnpacked ? reader.ReadBytes(length) : throw new HistoryDamagedException(row.Seq);
            var document = new Document();
            document.GetText(RoomDocument.RootName);
            document.ApplyUpdate(state);
            return new HistoryReplica(document, authors, row.Seq, row.Version) { At = row.CreatedAt };
        }
        catch (Exception unreadable) when (unreadable is IOException or InvalidDataException or FormatException or ArgumentException)
        {
            throw new HistoryDamagedException(row.Seq);
        }
    }

    /// <summary>The document alone.</summary>
    public byte[] EncodeState() => _document.EncodeStateAsUpdate();

    /// <summary>The document and who typed what, for <see cref="FromCheckpoint"/>.</summary>
    public byte[] Encode()
    {
        using var bytes = new MemoryStream();
        bytes.WriteByte(Format);
        using (var packed = new DeflateStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var writer = new BinaryWriter(packed))
        {
            _authors.Write(writer);
            var state = EncodeState();
            writer.Write7BitEncodedInt(state.Length);
            writer.Write(state);
        }

        return bytes.ToArray();
    }

    /// <summary>Moves on by the next entry. The edits are those of the text: ascending, indices in the text before.</summary>
    /// <exception cref="HistoryDamagedException">It is not the next one, or not what was stored.</exception>
    public IReadOnlyList<TextEdit> Apply(HistoryEntry entry)
    {
        if (entry.FirstSeq != Seq + 1 || !entry.IsIntact)
            throw new HistoryDamagedException(Seq + 1);
        DocumentChange change;
        try
        {
            change = _document.ApplyUpdate(entry.Payload);
        }
        catch (UpdateFormatException)
        {
            throw new HistoryDamagedException(entry.Seq);
        }

        foreach (var range in change.Inserted)
            _authors.Add(range, entry.UserId, entry.ClientKind == "yjs");
        (Seq, Version, Last, At) = (entry.Seq, entry.Version, entry, entry.CreatedAt);
        return change.EditsOf(RoomDocument.RootName);
    }

    /// <summary>The text in runs of one user each.</summary>
    public IReadOnlyList<(int Index, int Length, string? UserId)> Attribution()
    {
        var runs = new List<(int Index, int Length, string? UserId)>();
        foreach (var (index, ids) in _text.GetRuns())
        {
            var at = index;
            foreach (var (length, user) in _authors.Find(ids))
            {
                if (runs.Count > 0 && runs[^1].UserId == user)
                    runs[^1] = runs[^1] with { Length = runs[^1].Length + length };
                else
                    runs.Add((at, length, user));
                at += length;
            }
        }

        return runs;
    }
}

/// <summary>History cannot be followed beyond <paramref name="seq"/>: what is stored there is not what was written.</summary>
internal sealed class HistoryDamagedException(long seq) : Exception($"History is damaged at seq {seq}")
{
    public long Seq { get; } = seq;
}
