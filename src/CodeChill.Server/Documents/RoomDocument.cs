using CodeChill.Server.Platform;
using CodeChill.Text;

namespace CodeChill.Server.Documents;

/// <summary>
/// Theory of operation. A room's text is one Yjs document (root text <c>content</c>); every accepted edit makes the next version and the next
/// seq of the log. A version never means two texts: after a crash, those that may have been given out without a commit are skipped. Yjs updates are integrated as they come. A whole-text change becomes the edit that a replica
/// holding the text it was typed on would have made: the difference between that text and the new one, integrated at that place in
/// history. Both kinds end in <see cref="Accepted"/>, the one way into the log. Not thread-safe: its room's grain owns it.
/// </summary>
internal sealed class RoomDocument
{
    public const string RootName = "content";

    private readonly Document _document = new();
    private readonly SharedText _text;
    private readonly List<Revision> _recent = [];
    private readonly Dictionary<string, long> _operations = [];
    private readonly Queue<(string Id, DateTimeOffset At)> _operationsInOrder = new();
    private readonly TimeProvider _clock;
    private string? _cachedText;
    private long _versionBeforeRecent;
    private long _skip;

    private RoomDocument(TimeProvider clock) => (_clock, _text) = (clock, _document.GetText(RootName));

    /// <summary>The version of the last accepted edit. 0 is the empty document.</summary>
    public long Version { get; private set; }

    /// <summary>The seq of the last accepted edit.</summary>
    public long Seq { get; private set; }

    /// <summary>The seq of the snapshot that loading started from, or that was written since.</summary>
    public long SnapshotSeq { get; private set; }

    /// <summary>The seq of the snapshot before that, which stays with every record behind it; 0 when it is not known.</summary>
    public long PreviousSnapshotSeq { get; private set; }

    /// <summary>Bytes of the snapshot and of the edits since: what a load has to read.</summary>
    public long StateBytes { get; private set; }

    /// <summary>The highest version that will be given out while no more than the permitted edits wait for their commit.</summary>
    public long VersionLimit => Version + _skip + DocumentLimits.VersionsAhead;

    public int Length => _text.Length;

    public string Text => _cachedText ??= _text.ToString();

    /// <summary>The oldest version that a whole-text change may have been typed on. Nobody ever held version 0, the text before the template.</summary>
    public long OldestKnown => Math.Max(Math.Min(1, Version), _versionBeforeRecent);

    public static RoomDocument Empty() => new(TimeProvider.System);

    public static RoomDocument Restore(StoredDocument stored, TimeProvider? clock = null)
    {
        var document = new RoomDocument(clock ?? TimeProvider.System);
        if (stored.Snapshot is { } snapshot)
        {
            document._document.ApplyUpdate(snapshot);
            document.StateBytes = snapshot.Length;
        }

        document.Seq = document.SnapshotSeq = stored.SnapshotSeq;
        document.Version = document._versionBeforeRecent = stored.SnapshotVersion;
        foreach (var record in stored.Records)
        {
            document._skip = record.Version - document.Version - 1;
            document.Remember(document._document.ApplyUpdate(record.Payload), null, 0, record.Payload.Length);
        }

        foreach (var operation in stored.Operations)
            document.Know(operation.OperationId, operation.Version, operation.CreatedAt);

        document._skip = stored.GivenOut is { } givenOut ? Math.Max(0, givenOut - document.Version) : 0;
        return document;
    }

    /// <summary>The text that an encoded state restores to.</summary>
    public static string TextOf(ReadOnlySpan<byte> state)
    {
        var document = new Document();
        document.ApplyUpdate(state);
        return document.GetText(RootName).ToString();
    }

    /// <summary>The update that gives an empty document this text: the first record of a new room's log.</summary>
    public static byte[] Template(string text)
    {
        var document = new Document();
        return document.GetText(RootName).Insert(0, text).Update.ToArray();
    }

    public byte[] EncodeState() => _document.EncodeStateAsUpdate();

    public byte[] EncodeStateVector() => _document.EncodeStateVector();

    /// <summary>What a replica with this state vector lacks.</summary>
    public Outcome<byte[]> EncodeMissing(ReadOnlySpan<byte> stateVector)
    {
        try
        {
            return _document.EncodeStateAsUpdate(stateVector);
        }
        catch (UpdateFormatException)
        {
            return DocumentErrors.InvalidStateVector;
        }
    }

    /// <summary>The version this operation was accepted as earlier, or null.</summary>
    public long? FindOperation(string? operationId)
        => operationId is not null && _operations.TryGetValue(operationId, out var version) ? version : null;

    /// <summary>Integrates a Yjs client's update. A bad one changes nothing; one that brings nothing new is accepted without a new version.</summary>
    public Outcome<Accepted> ApplyUpdate(ReadOnlyMemory<byte> update)
    {
        if (update.Length > DocumentLimits.UpdateBytes)
            return DocumentErrors.TooHeavy;
        // A string takes at least as many bytes as UTF-16 code units, so this can only refuse too early by the update's overhead.
        if (_text.Length + (long)update.Length > DocumentLimits.TextLength)
            return DocumentErrors.TooLong;
        if (StateBytes + update.Length > DocumentLimits.StateBytes)
            return DocumentErrors.TooHeavy;
        var pendingBefore = _document.HasPending;
        DocumentChange change;
        try
        {
            change = _document.ApplyUpdate(update.Span);
        }
        catch (UpdateFormatException)
        {
            return DocumentErrors.InvalidUpdate;
        }

        // An update that waits for others is kept too: the peer believes it delivered.
        if (change.IsEmpty && !_document.HasPending && !pendingBefore)
            return new Accepted(Version, Seq, false, ReadOnlyMemory<byte>.Empty);
        Remember(change, null, 0, update.Length);
        return new Accepted(Version, Seq, true, update) { Shown = change.Update };
    }

    /// <summary>
    /// Merges a whole text that was typed on <paramref name="baseVersion"/>. The sender's replica tells which of its own changes that text
    /// already has, and learns what its client holds now.
    /// </summary>
    public Outcome<WholeTextAccepted> ApplyWholeText(WholeTextReplica replica, string content, long baseVersion, string? operationId)
    {
        if (content.Length > DocumentLimits.WholeTextLength)
            return DocumentErrors.TooLong;
        if (!TryFind(baseVersion, out var next))
            return DocumentErrors.Conflict;

        var epoch = replica.EpochOf(baseVersion);
        List<DocumentChange>? unseen = null;
        for (; next < _recent.Count; next++)
        {
            var revision = _recent[next];
            if (revision.Replica != replica || revision.Epoch != epoch)
                (unseen ??= []).Add(revision.Change);
        }

        var before = unseen is null ? Text : _text.ViewWithout(unseen).ToString();
        var edits = TextDiff.Compute(before, content);
        if (StateBytes + edits.Sum(e => (long)e.Insert.Length) > DocumentLimits.StateBytes
            || _text.Length + edits.Sum(e => (long)e.Insert.Length) > DocumentLimits.TextLength)
            return DocumentErrors.TooHeavy;
        var change = edits.Count == 0 ? null : unseen is null ? _text.Apply(edits) : _text.ApplyAt(unseen, edits);
        // A deletion of what others deleted meanwhile changes nothing in the text, but it is this sender's and must be told apart: in the view
        // of somebody who has seen neither, the text is still there.
        var changed = change is not null;
        if (changed)
        {
            Remember(change!, replica, epoch, change!.Update.Length);
            if (operationId is not null)
                Know(operationId, Version, _clock.GetUtcNow());
        }

        // A text that crossed this change on its way replaces what the client typed, even where both say the same.
        var asTyped = Text == content && !replica.IsCrossed(baseVersion);
        if (asTyped)
            replica.TakenAsIs(Version);
        return new WholeTextAccepted(new Accepted(Version, Seq, changed, changed ? change!.Update : ReadOnlyMemory<byte>.Empty), asTyped);
    }

    /// <summary>Replaces an empty document by a text: how a room gets the template of its new language.</summary>
    public Accepted? FillIfEmpty(string text)
    {
        if (_text.Length > 0 || text.Length == 0)
            return null;
        var change = _text.Insert(0, text);
        Remember(change, null, 0, change.Update.Length);
        return new Accepted(Version, Seq, true, change.Update);
    }

    /// <summary>Applies edits that were made for the text of a version; what came after it stays.</summary>
    public Outcome<Accepted> ApplyEdits(IReadOnlyList<TextEdit> edits, long baseVersion)
    {
        if (!TryFind(baseVersion, out var next))
            return DocumentErrors.Conflict;
        var added = edits.Sum(e => (long)e.Insert.Length);
        if (StateBytes + added > DocumentLimits.StateBytes || _text.Length + added > DocumentLimits.TextLength)
            return DocumentErrors.TooHeavy;
        var unseen = _recent[next..].ConvertAll(r => r.Change);
        var change = unseen.Count == 0 ? _text.Apply(edits) : _text.ApplyAt(unseen, edits);
        if (change.Update.IsEmpty)
            return new Accepted(Version, Seq, false, change.Update);
        Remember(change, null, 0, change.Update.Length);
        return new Accepted(Version, Seq, true, change.Update);
    }

    /// <summary>Whether the text of a version is known, and where the changes after it begin.</summary>
    private bool TryFind(long version, out int next)
    {
        next = 0;
        if (version < OldestKnown || version > Version)
            return false;
        if (version == _versionBeforeRecent)
            return true;
        var (low, high) = (0, _recent.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_recent[middle].Version == version)
            {
                next = middle + 1;
                return true;
            }

            if (_recent[middle].Version < version)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return false;
    }

    /// <summary>Remembers an operation, and forgets those that nobody will repeat any more.</summary>
    private void Know(string operationId, long version, DateTimeOffset at)
    {
        _operations[operationId] = version;
        _operationsInOrder.Enqueue((operationId, at));
        while (_operationsInOrder.Count > DocumentLimits.MaxOperations
            || (_operationsInOrder.Count > DocumentLimits.KnownVersions && at - _operationsInOrder.Peek().At > DocumentLimits.OperationsKnown))
            _operations.Remove(_operationsInOrder.Dequeue().Id);
    }

    private void Remember(DocumentChange change, WholeTextReplica? replica, long epoch, int bytes)
    {
        if (_recent.Count >= DocumentLimits.KnownVersions)
        {
            // A tenth at a time, so that forgetting costs little per edit.
            _versionBeforeRecent = _recent[(DocumentLimits.KnownVersions / 10) - 1].Version;
            _recent.RemoveRange(0, DocumentLimits.KnownVersions / 10);
        }

        Seq++;
        Version += 1 + _skip;
        _skip = 0;
        StateBytes += bytes;
        _recent.Add(new Revision(Version, change, replica, epoch));
        _cachedText = null;
    }

    /// <summary>A snapshot of <paramref name="bytes"/> stands for what was <paramref name="replacedBytes"/> when it was encoded at <paramref name="seq"/>.</summary>
    public void Compacted(long seq, long replacedBytes, int bytes)
    {
        (PreviousSnapshotSeq, SnapshotSeq) = (SnapshotSeq, seq);
        StateBytes += bytes - replacedBytes;
    }

    private sealed record Revision(long Version, DocumentChange Change, WholeTextReplica? Replica, long Epoch);
}

/// <summary>An edit that is in the document now. <paramref name="Changed"/> is false when it brought nothing new.</summary>
internal readonly record struct Accepted(long Version, long Seq, bool Changed, ReadOnlyMemory<byte> Update)
{
    /// <summary>
    /// What replicas are shown: what this replica made of the update. The received bytes, which the log keeps, may hold operations that wait, and
    /// from a hostile peer other ones under ids that are known; replicas would not all understand those alike.
    /// </summary>
    public ReadOnlyMemory<byte> Shown { get; init; } = Update;
}

/// <summary>A whole text that was merged. When it was not taken <paramref name="AsTyped"/>, its sender has to be sent the merged one.</summary>
internal readonly record struct WholeTextAccepted(Accepted Edit, bool AsTyped);
