using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CodeChill.Text.Encoding;
using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>
/// A document that is edited by many at once and converges: a replica of a Yjs document (format of npm <c>yjs</c> 13).
/// It exchanges updates with any Yjs client. All kinds of content are kept and passed on; text can be read and edited,
/// maps and arrays read. Not thread-safe: one owner at a time.
/// </summary>
/// <remarks>
/// Units: indices and lengths of text are UTF-16 code units, as Yjs counts them; a surrogate pair is never split.
/// Updates and state vectors are bytes in format V1 unless said otherwise.
/// </remarks>
public sealed partial class Document
{
    private readonly ItemStore _store = new();
    private readonly DocumentOptions _options;
    private readonly Dictionary<string, SharedText> _texts = [];
    private readonly DeltaBuilder _delta;
    private readonly ByteWriter _writer = new();
    private ulong _clientId;

    /// <summary>Creates an empty document.</summary>
    /// <param name="options">Settings; the defaults when null.</param>
    public Document(DocumentOptions? options = null)
    {
        _options = options ?? new DocumentOptions();
        _delta = new DeltaBuilder(_store);
        ClientId = _options.ClientId ?? RandomClientId();
    }

    /// <summary>
    /// The id that local edits carry. It may be set between edits, so that one document writes for several authors. When
    /// an applied update holds operations of this id, somebody else uses it, and a new random one is taken, as Yjs does.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value has more than 53 bits.</exception>
    public ulong ClientId
    {
        get => _clientId;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, DocumentOptions.MaxClientId);
            _clientId = value;
        }
    }

    internal ItemStore Store => _store;

    /// <summary>Loads a document from an encoded state.</summary>
    /// <param name="update">A state or any other update in format V1.</param>
    /// <param name="options">Settings; the defaults when null.</param>
    /// <returns>The document.</returns>
    /// <exception cref="UpdateFormatException">The update is malformed or over a limit.</exception>
    public static Document Load(ReadOnlySpan<byte> update, DocumentOptions? options = null)
    {
        var document = new Document(options);
        document.ApplyUpdate(update);
        return document;
    }

    /// <summary>The root text with a name (a root <c>Y.Text</c>); it exists in every document.</summary>
    /// <param name="name">Its name, shared by all replicas.</param>
    /// <returns>The text, the same object each time.</returns>
    public SharedText GetText(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_texts.TryGetValue(name, out var text))
        {
            int type = _store.GetOrAddRoot(name);
            _store.Types[type].IsText = true;
            text = new SharedText(this, type, name);
            _texts.Add(name, text);
        }

        return text;
    }

    /// <summary>The root map with a name (a root <c>Y.Map</c>), to be read.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The map.</returns>
    public SharedMap GetMap(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new SharedMap(_store, _store.GetOrAddRoot(name));
    }

    /// <summary>The root array with a name (a root <c>Y.Array</c>), to be read.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The array.</returns>
    public SharedArray GetArray(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new SharedArray(_store, _store.GetOrAddRoot(name));
    }

    /// <summary>The document as one update in format V2, which takes about half of the space.</summary>
    /// <returns>An update in format V2.</returns>
    public byte[] EncodeStateAsUpdateV2() => Updates.ToV2(EncodeStateAsUpdate());

    /// <summary>The document as one update, or what a replica with the given state vector lacks of it.</summary>
    /// <param name="targetStateVector">An encoded state vector; empty for the whole document.</param>
    /// <returns>An update in format V1. Waiting updates (<see cref="HasPending"/>) are part of it.</returns>
    /// <exception cref="UpdateFormatException">The state vector is malformed.</exception>
    public byte[] EncodeStateAsUpdate(ReadOnlySpan<byte> targetStateVector = default)
    {
        var target = StateVector.Decode(targetStateVector);
        _writer.Clear();
        int clients = 0;
        foreach (int client in _store.ClientsDescending())
        {
            clients += _store.Clients[client].State > StateVector.Get(target, _store.Clients[client].Id) ? 1 : 0;
        }

        _writer.WriteVarUint(clients);
        foreach (int client in _store.ClientsDescending())
        {
            int from = StateVector.Get(target, _store.Clients[client].Id);
            if (_store.Clients[client].State > from)
            {
                _store.WriteStructs(_writer, client, from);
            }
        }

        _store.WriteDeleteSet(_writer);
        return HasPending ? WithPending(_writer.ToArray(), targetStateVector) : _writer.ToArray();
    }

    /// <summary>Which operations the document has: for each client the next clock that is missing.</summary>
    /// <returns>The encoded state vector. Waiting updates do not count.</returns>
    public byte[] EncodeStateVector()
    {
        _writer.Clear();
        _store.WriteStateVector(_writer);
        return _writer.ToArray();
    }

    internal static ulong RandomClientId() => (uint)RandomNumberGenerator.GetInt32(int.MaxValue) * 2UL + (uint)RandomNumberGenerator.GetInt32(2);

    internal void BeginChange()
    {
        _store.BeginChange();
        _store.ClearDeleted();
    }

    /// <summary>Describes the current change. <paramref name="update"/>: its bytes when they are known already.</summary>
    internal DocumentChange EndChange(byte[]? update, List<IdRange>? redeleted = null, bool pending = false)
    {
        var inserted = ListInserted();
        var deleted = ListDeleted();
        if (inserted.IsEmpty && deleted.IsEmpty && redeleted is null && !pending)
        {
            return DocumentChange.Nothing;
        }

        return new DocumentChange
        {
            Update = update ?? EncodeChange(),
            InsertedRuns = inserted,
            DeletedRuns = deleted,
            Roots = _delta.Build(),
            DeletedText = _store.DeletedTextLength == 0 ? "" : _store.DeletedText.ToString(),
            Redeleted = redeleted ?? (IReadOnlyList<IdRange>)[],
            HasPending = pending,
        };
    }

    /// <summary>Describes the current change, which is one edit of a text.</summary>
    internal DocumentChange EndEdit(SharedText text, TextEdit edit) => new()
    {
        Update = EncodeChange(),
        InsertedRuns = ListInserted(),
        DeletedRuns = ListDeleted(),
        Single = (text, edit),
        DeletedText = _store.DeletedTextLength == 0 ? "" : _store.DeletedText.ToString(),
    };

    private IdRuns ListInserted()
    {
        var touched = _store.Touched;
        if (touched.Count <= 1)
        {
            return touched.Count == 0 ? default : new IdRuns(InsertedBy(touched[0]), -1);
        }

        // Higher clients first.
        touched.Sort((a, b) => _store.Clients[b].Id.CompareTo(_store.Clients[a].Id));
        _writer.Clear();
        _writer.Reserve(touched.Count * 7);
        foreach (int client in touched)
        {
            IdRuns.Write(_writer, InsertedBy(client), -1);
        }

        return new IdRuns(_writer.ToArray());
    }

    private IdRange InsertedBy(int index)
    {
        ref var client = ref _store.Clients[index];
        return new IdRange(client.Id, client.StateBefore, client.State - client.StateBefore);
    }

    private IdRuns ListDeleted()
    {
        var deleted = _store.Deleted;
        if (deleted.Count <= 1)
        {
            return deleted.Count == 0 ? default : new IdRuns(RangeOf(deleted.Last), deleted.Last.Text);
        }

        _writer.Clear();
        _writer.Reserve(deleted.Size);
        foreach (var run in deleted)
        {
            IdRuns.Write(_writer, RangeOf(run), run.Text);
        }

        return new IdRuns(_writer.ToArray());
    }

    private IdRange RangeOf(in DeletedRun run) => new(_store.Clients[run.Client].Id, run.Clock, run.Length);

    private byte[] EncodeChange()
    {
        _writer.Clear();
        var touched = _store.Touched;
        _writer.WriteVarUint(touched.Count);
        if (touched.Count > 1)
        {
            touched.Sort((a, b) => _store.Clients[b].Id.CompareTo(_store.Clients[a].Id));
        }

        foreach (int client in touched)
        {
            _store.WriteStructs(_writer, client, _store.Clients[client].StateBefore);
        }

        WriteDeletes();
        return _writer.ToArray();
    }

    private void WriteDeletes()
    {
        var deleted = _store.Deleted;
        if (deleted.Count == 0)
        {
            _writer.WriteByte(0);
        }
        else if (deleted.Count == 1)
        {
            DeleteRanges.Write(_writer, [RangeOf(deleted.Last)]);
        }
        else
        {
            var ranges = new List<IdRange>(deleted.Count);
            foreach (var run in deleted)
            {
                ranges.Add(RangeOf(run));
            }

            DeleteRanges.Normalize(ranges);
            DeleteRanges.Write(_writer, CollectionsMarshal.AsSpan(ranges));
        }
    }
}
