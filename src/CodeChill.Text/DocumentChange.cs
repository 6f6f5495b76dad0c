namespace CodeChill.Text;

/// <summary>What one call changed in a <see cref="Document"/>. It stays valid, and unchanged, whatever happens later.</summary>
public sealed class DocumentChange
{
    private static readonly byte[] EmptyUpdate = [0, 0];

    internal static readonly DocumentChange Nothing = new();

    internal DocumentChange()
    {
        Update = EmptyUpdate;
        Inserted = [];
        Deleted = [];
        Roots = [];
        DeletedRuns = [];
        Redeleted = [];
        DeletedText = "";
    }

    /// <summary>Whether nothing in the document changed, for example because the update was known already.</summary>
    public bool IsEmpty => Inserted.Count == 0 && Deleted.Count == 0;

    /// <summary>
    /// What peers need to follow: an update in format V1. Of an applied update only what was new and could be
    /// integrated; two zero bytes when that is nothing.
    /// </summary>
    public ReadOnlyMemory<byte> Update { get; internal init; }

    /// <summary>
    /// Whether a part of the applied update waits for other updates. That part is in no <see cref="Update"/> until what
    /// it waits for arrives; who keeps a log of updates keeps the received bytes in this case.
    /// </summary>
    public bool HasPending { get; internal init; }

    /// <summary>The operations that are new, one range a client.</summary>
    public IReadOnlyList<IdRange> Inserted { get; internal init; }

    /// <summary>The operations that were alive before and are deleted now; higher clients first, ascending clocks.</summary>
    public IReadOnlyList<IdRange> Deleted { get; internal init; }

    /// <summary>
    /// The change of the first root text it touched, in UTF-16 code units: ascending, indices in the text before. An
    /// embedded object counts one unit and shows as U+FFFC. Only texts that <see cref="Document.GetText"/> was asked for before
    /// are followed.
    /// </summary>
    public IReadOnlyList<TextEdit> Edits => Roots.Length == 0 ? [] : Roots[0].Edits;

    internal (string Name, IReadOnlyList<TextEdit> Edits)[] Roots { get; init; }

    /// <summary>What was deleted, with its text, to show it again in a view without this change.</summary>
    internal DeletedTextRun[] DeletedRuns { get; init; }

    internal string DeletedText { get; init; }

    /// <summary>What a stale edit deleted that was deleted already.</summary>
    internal IReadOnlyList<IdRange> Redeleted { get; init; }

    /// <summary>The change of a root text, as <see cref="Edits"/> gives it.</summary>
    /// <param name="name">The name of the root text.</param>
    /// <returns>The edits; empty when the change did not touch that text.</returns>
    public IReadOnlyList<TextEdit> EditsOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
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

/// <summary>Deleted operations of one client and where their text starts; -1 for what has no place in the text.</summary>
internal readonly record struct DeletedTextRun(IdRange Range, int Text);
