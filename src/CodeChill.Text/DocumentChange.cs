using CodeChill.Text.Encoding;
using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>What one call changed in a <see cref="Document"/>. It stays valid, and unchanged, whatever happens later.</summary>
public sealed class DocumentChange
{
    private static readonly byte[] EmptyUpdate = [0, 0];

    internal static readonly DocumentChange Nothing = new();

    private IReadOnlyList<IdRange>? _inserted;
    private IReadOnlyList<IdRange>? _deleted;
    private IReadOnlyList<TextEdit>? _edits;

    internal DocumentChange() => Update = EmptyUpdate;

    /// <summary>Whether nothing in the document changed, for example because the update was known already.</summary>
    public bool IsEmpty => InsertedRuns.IsEmpty && DeletedRuns.IsEmpty;

    /// <summary>
    /// What peers need to follow: an update in format V1. Of an applied update only what was new and could be
    /// integrated (a large one comes whole when nothing of it waits); two zero bytes when that is nothing.
    /// </summary>
    public ReadOnlyMemory<byte> Update { get; internal init; }

    /// <summary>
    /// Whether a part of the applied update waits for other updates. That part is in no <see cref="Update"/> until what
    /// it waits for arrives; who keeps a log of updates keeps the received bytes in this case.
    /// </summary>
    public bool HasPending { get; internal init; }

    /// <summary>The operations that are new, one range a client.</summary>
    public IReadOnlyList<IdRange> Inserted => _inserted ??= InsertedRuns.ToRanges();

    /// <summary>The operations that were alive before and are deleted now; higher clients first, ascending clocks.</summary>
    public IReadOnlyList<IdRange> Deleted
    {
        get
        {
            if (_deleted is null)
            {
                var ranges = new List<IdRange>(DeletedRuns.ToRanges());
                DeleteRanges.Normalize(ranges);
                _deleted = ranges;
            }

            return _deleted;
        }
    }

    /// <summary>
    /// The change of the first root text it touched, in UTF-16 code units: ascending, indices in the text before. An
    /// embedded object counts one unit and shows as U+FFFC. Only texts that <see cref="Document.GetText"/> was asked for before
    /// are followed. Thousands of changes in one update come as one edit around all of them.
    /// </summary>
    public IReadOnlyList<TextEdit> Edits => Single is { } single ? _edits ??= [single.Edit] : Roots.Length == 0 ? [] : Roots[0].Edits;

    /// <summary>The only edit, of the only root text.</summary>
    internal (SharedText Text, TextEdit Edit)? Single { get; init; }

    internal (string Name, IReadOnlyList<TextEdit> Edits)[] Roots { get; init; } = [];

    internal IdRuns InsertedRuns { get; init; }

    /// <summary>What was deleted, with its text, to show it again in a view without this change.</summary>
    internal IdRuns DeletedRuns { get; init; }

    internal string DeletedText { get; init; } = "";

    /// <summary>What a stale edit deleted that was deleted already.</summary>
    internal IReadOnlyList<IdRange> Redeleted { get; init; } = [];

    /// <summary>The change of a root text, as <see cref="Edits"/> gives it.</summary>
    /// <param name="name">The name of the root text.</param>
    /// <returns>The edits; empty when the change did not touch that text.</returns>
    public IReadOnlyList<TextEdit> EditsOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Single is { } single)
        {
            return single.Text.Name == name ? Edits : [];
        }

        foreach (var root in Roots)
        {
            if (root.Name == name)
            {
                return root.Edits;
            }
        }

        return [];
    }
}
