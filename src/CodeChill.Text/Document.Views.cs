namespace CodeChill.Text;

public sealed partial class Document
{
    // Weak: a change that nobody keeps can be left out of no view any more, and neither can the older ones whose
    // deletions it repeated.
    private readonly List<WeakReference<DocumentChange>> _redeletions = [];

    /// <summary>What undo managers brought back, for all of them together.</summary>
    internal Store.RedoneIds Redone { get; } = new();

    internal void NoteRedeletion(DocumentChange change)
    {
        _redeletions.RemoveAll(static reference => !reference.TryGetTarget(out _));
        _redeletions.Add(new WeakReference<DocumentChange>(change));
    }

    internal List<DocumentChange> Redeletions()
    {
        var live = new List<DocumentChange>();
        foreach (var reference in _redeletions)
        {
            if (reference.TryGetTarget(out var change))
            {
                live.Add(change);
            }
        }

        return live;
    }
}
