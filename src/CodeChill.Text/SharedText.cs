using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>
/// A root text of a <see cref="Document"/>: a <c>Y.Text</c>. Indices and lengths are UTF-16 code units; an embedded
/// object counts one. A surrogate pair is never split: an edit that would cut one takes in the whole pair, an insertion
/// goes in front of it. Halves of pairs in inserted text become U+FFFD.
/// </summary>
public sealed partial class SharedText
{
    private readonly Document _document;
    private readonly int _type;

    internal SharedText(Document document, int type, string name)
    {
        _document = document;
        _type = type;
        Name = name;
    }

    /// <summary>The name of the root type.</summary>
    public string Name { get; }

    /// <summary>The length in UTF-16 code units, as <c>Y.Text.length</c>: embedded objects count one each.</summary>
    public int Length => _document.Store.Types[_type].Length;

    internal int Type => _type;

    /// <summary>The text, without embedded objects and formats, as <c>Y.Text.toString()</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => _document.Store.TextOf(_type, false);

    /// <summary>Inserts text.</summary>
    /// <param name="index">Where, 0 to <see cref="Length"/>.</param>
    /// <param name="s">What.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside of the text.</exception>
    public DocumentChange Insert(int index, string s)
    {
        ArgumentNullException.ThrowIfNull(s);
        CheckRange(index, 0);
        if (s.Length == 0)
        {
            return DocumentChange.Nothing;
        }

        if (_document.Store.SplitsPair(_type, index))
        {
            index--;
        }

        _document.BeginChange();
        s = Surrogates.Repair(s);
        _document.Store.InsertAt(_type, index, s, _document.ClientId);
        return _document.EndEdit(this, new TextEdit(index, 0, s));
    }

    /// <summary>Deletes text.</summary>
    /// <param name="index">Where it starts.</param>
    /// <param name="length">How much.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the text.</exception>
    public DocumentChange Delete(int index, int length)
    {
        CheckRange(index, length);
        if (length == 0)
        {
            return DocumentChange.Nothing;
        }

        Widen(ref index, ref length);
        _document.BeginChange();
        _document.Store.DeleteAt(_type, index, length);
        return _document.EndEdit(this, new TextEdit(index, length, ""));
    }

    /// <summary>Applies several edits as one change.</summary>
    /// <param name="edits">In ascending order, without overlap; their indices mean the text before the call.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="ArgumentException">The edits overlap or are out of order.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An edit is not within the text.</exception>
    public DocumentChange Apply(IReadOnlyList<TextEdit> edits)
    {
        CheckEdits(edits, Length);
        _document.BeginChange();
        int shift = 0;
        foreach (var edit in Surrogates.Align(edits, index => _document.Store.SplitsPair(_type, index)))
        {
            int index = edit.Index + shift;
            if (edit.DeleteLength > 0)
            {
                _document.Store.DeleteAt(_type, index, edit.DeleteLength);
            }

            if (edit.Insert.Length > 0)
            {
                _document.Store.InsertAt(_type, index, edit.Insert, _document.ClientId);
            }

            shift += edit.Insert.Length - edit.DeleteLength;
        }

        return _document.EndChange(null);
    }

    /// <summary>
    /// The text as a replica would show it that has everything but some changes: what they inserted is not there, what
    /// they deleted is.
    /// </summary>
    /// <param name="changes">Changes of this document.</param>
    /// <returns>The view.</returns>
    public TextView ViewWithout(IReadOnlyList<DocumentChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        return new TextView(_document, _type, changes);
    }

    /// <summary>
    /// Applies edits that were typed on <see cref="ViewWithout"/>: they are integrated as those of a replica that had not
    /// seen the changes, so nothing that was inserted meanwhile is lost.
    /// </summary>
    /// <param name="without">The changes that the author had not seen.</param>
    /// <param name="edits">The edits, in ascending order; their indices mean the view's text.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="ArgumentException">The edits overlap or are out of order.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An edit is not within the view.</exception>
    public DocumentChange ApplyAt(IReadOnlyList<DocumentChange> without, IReadOnlyList<TextEdit> edits)
    {
        ArgumentNullException.ThrowIfNull(without);
        if (without.Count == 0)
        {
            return Apply(edits);
        }

        var view = ViewWithout(without);
        CheckEdits(edits, view.Length);
        return view.Apply(edits);
    }

    private static void CheckEdits(IReadOnlyList<TextEdit> edits, int length)
    {
        ArgumentNullException.ThrowIfNull(edits);
        int end = 0;
        foreach (var edit in edits)
        {
            ArgumentNullException.ThrowIfNull(edit.Insert, nameof(edits));
            if (edit.Index < end)
            {
                throw new ArgumentException("Edits overlap or are out of order.", nameof(edits));
            }

            if (edit.DeleteLength < 0 || edit.DeleteLength > length - edit.Index)
            {
                throw new ArgumentOutOfRangeException(nameof(edits), "An edit is not within the text.");
            }

            end = edit.Index + edit.DeleteLength;
        }
    }

    private void CheckRange(int index, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, Length);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - index);
    }

    private void Widen(ref int index, ref int length)
    {
        if (_document.Store.SplitsPair(_type, index))
        {
            index--;
            length++;
        }

        if (_document.Store.SplitsPair(_type, index + length))
        {
            length++;
        }
    }
}
