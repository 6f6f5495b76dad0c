using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>
/// Undo and redo for one author of a text: it takes back that author's changes and nothing else, whatever others did
/// meanwhile. What an undo brings back are new operations at the old place, as in Yjs.
/// </summary>
public sealed class UndoManager
{
    private readonly SharedText _text;
    private readonly TimeProvider _time;
    private readonly TimeSpan _captureTimeout;
    private readonly List<Step> _undo = [];
    private readonly List<Step> _redo = [];
    private long _lastCapture;
    private bool _capturing;

    /// <summary>Creates a manager without history.</summary>
    /// <param name="text">The text.</param>
    /// <param name="captureTimeout">Changes that follow each other faster are taken back together; 500 ms when null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    public UndoManager(SharedText text, TimeSpan? captureTimeout = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
        _captureTimeout = captureTimeout ?? TimeSpan.FromMilliseconds(500);
        _time = time ?? TimeProvider.System;
    }

    private sealed class Step
    {
        public List<IdRange> Inserted { get; } = [];

        public List<(IdRange Range, string Text)> Deleted { get; } = [];
    }

    /// <summary>Whether there is something to take back.</summary>
    public bool CanUndo => _undo.Count > 0;

    /// <summary>Whether there is something to bring back.</summary>
    public bool CanRedo => _redo.Count > 0;

    /// <summary>Notes a change of the author; what could be redone is gone then.</summary>
    /// <param name="change">A change of the text's document.</param>
    public void Track(DocumentChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (change.IsEmpty)
        {
            return;
        }

        _redo.Clear();
        if (_undo.Count == 0 || !_capturing || _time.GetElapsedTime(_lastCapture) >= _captureTimeout)
        {
            _undo.Add(new Step());
        }

        Add(_undo[^1], change);
        _capturing = true;
        _lastCapture = _time.GetTimestamp();
    }

    /// <summary>The next change starts a step of its own, however fast it comes.</summary>
    public void StopCapturing() => _capturing = false;

    /// <summary>Forgets all steps.</summary>
    public void Clear()
    {
        _undo.Clear();
        _redo.Clear();
    }

    /// <summary>Takes back the last step. The operations carry the document's current client id.</summary>
    /// <returns>What changed; null when there is no step that still changes anything.</returns>
    public DocumentChange? Undo() => Revert(_undo, _redo);

    /// <summary>Brings back what was undone last.</summary>
    /// <returns>What changed; null when there is no step that still changes anything.</returns>
    public DocumentChange? Redo() => Revert(_redo, _undo);

    private DocumentChange? Revert(List<Step> from, List<Step> to)
    {
        _capturing = false;
        while (from.Count > 0)
        {
            var step = from[^1];
            from.RemoveAt(from.Count - 1);
            var change = _text.Revert(step.Inserted, step.Deleted);
            if (!change.IsEmpty)
            {
                var back = new Step();
                Add(back, change);
                to.Add(back);
                return change;
            }
        }

        return null;
    }

    private static void Add(Step step, DocumentChange change)
    {
        step.Inserted.AddRange(change.Inserted);
        DeleteRanges.Normalize(step.Inserted);
        foreach (var run in change.DeletedRuns.All())
        {
            // What the same step inserted was never more than an intermediate state.
            if (run.Text >= 0 && !step.Inserted.Exists(range =>
                range.Client == run.Range.Client && range.Clock <= run.Range.Clock && run.Range.End <= range.End))
            {
                step.Deleted.Add((run.Range, change.DeletedText.Substring(run.Text, run.Range.Length)));
            }
        }
    }
}
