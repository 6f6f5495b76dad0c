using CodeChill.Text.Encoding;
using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>
/// A text as it is without some changes. Its text shows embedded objects as U+FFFC, so that indices into it are those of
/// <see cref="SharedText.ApplyAt"/>. It stays as it was taken when the document changes.
/// </summary>
public sealed class TextView
{
    private readonly Document _document;
    private readonly int _type;
    private readonly List<Piece> _pieces = [];
    private readonly Exclusion _exclusion;
    private readonly string _text;

    internal TextView(Document document, int type, IReadOnlyList<DocumentChange> without)
    {
        _document = document;
        _type = type;
        _exclusion = new Exclusion(document, without);
        var text = new System.Text.StringBuilder(document.Store.Types[type].Length);
        Build(text);
        _text = text.ToString();
    }

    /// <summary>The length in UTF-16 code units.</summary>
    public int Length => _text.Length;

    /// <summary>The text of the view.</summary>
    /// <returns>The text, embedded objects as U+FFFC.</returns>
    public override string ToString() => _text;

    // A run of operations of one client that the view shows; Start is its index in the view.
    private readonly record struct Piece(int Client, int Clock, int Length, int Start);

    private void Build(System.Text.StringBuilder text)
    {
        var store = _document.Store;
        for (int handle = store.Types[_type].First; handle >= 0; handle = store.Items[handle].Right)
        {
            ref var item = ref store.Items[handle];
            for (int clock = item.Clock; clock < item.End;)
            {
                var part = _exclusion.Classify(in item, clock);
                if (part.Visible)
                {
                    Add(text, in item, clock, part);
                }

                clock = part.End;
            }
        }
    }

    private void Add(System.Text.StringBuilder text, ref readonly Item item, int clock, ViewPart part)
    {
        int start = text.Length;
        int length = part.End - clock;
        if (part.Restored is { } restored)
        {
            text.Append(restored.Span);
        }
        else if (item.Kind == Kind.String)
        {
            Span<char> buffer = length <= 256 ? stackalloc char[length] : new char[length];
            _document.Store.CopyText(in item, clock - item.Clock, buffer);
            text.Append(buffer);
        }
        else
        {
            text.Append(ItemStore.ObjectCharacter, length);
        }

        if (_pieces.Count > 0 && _pieces[^1] is var last && last.Client == item.Client && last.Clock + last.Length == clock)
        {
            _pieces[^1] = last with { Length = last.Length + length };
        }
        else
        {
            _pieces.Add(new Piece(item.Client, clock, length, start));
        }
    }

    internal DocumentChange Apply(IReadOnlyList<TextEdit> edits)
    {
        _document.BeginChange();
        var redeleted = new List<IdRange>();
        ulong author = _document.ClientId;
        int end = 0;
        bool joined = false;
        foreach (var edit in Surrogates.Align(edits, CutsPair))
        {
            joined &= edit.Index == end;
            end = edit.Index + edit.DeleteLength;
            Delete(edit.Index, end, redeleted);
            if (edit.Insert.Length > 0)
            {
                Insert(edit.Index, edit.Insert, author, joined);
                joined = true;
            }
        }

        if (redeleted.Count == 0)
        {
            return _document.EndChange(null);
        }

        DeleteRanges.Normalize(redeleted);
        var change = _document.EndChange(null, redeleted);
        _document.NoteRedeletion(change);
        return change;
    }

    private bool CutsPair(int index) => index > 0 && index < _text.Length && char.IsLowSurrogate(_text[index]) && char.IsHighSurrogate(_text[index - 1]);

    private int PieceAt(int index)
    {
        int low = 0;
        int high = _pieces.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (_pieces[middle].Start <= index)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private void Delete(int from, int to, List<IdRange> redeleted)
    {
        var store = _document.Store;
        while (from < to)
        {
            var piece = _pieces[PieceAt(from)];
            int clock = piece.Clock + from - piece.Start;
            int end = Math.Min(piece.Clock + piece.Length, clock + to - from);
            from += end - clock;
            for (int at = clock; at < end;)
            {
                ref var item = ref store.Items[store.Find(piece.Client, at)];
                int until = Math.Min(item.End, end);
                if (item.IsDeleted)
                {
                    redeleted.Add(new IdRange(store.Clients[piece.Client].Id, at, until - at));
                }

                at = until;
            }

            store.DeleteRange(piece.Client, clock, end);
        }
    }

    // The neighbours are those that a replica without the changes would have chosen: the operation in front, moved on
    // over tombstones, and the next one that this replica knows.
    private void Insert(int index, string text, ulong author, bool joined)
    {
        var store = _document.Store;
        store.Reserve(4);
        int left = -1;
        if (joined)
        {
            int self = store.FindClient(author);
            left = store.FindCleanEnd(self, store.Clients[self].State - 1);
        }
        else if (index > 0)
        {
            var piece = _pieces[PieceAt(index - 1)];
            left = store.FindCleanEnd(piece.Client, piece.Clock + index - 1 - piece.Start);
        }

        int right = -1;
        int handle = left >= 0 ? store.Items[left].Right : store.Types[_type].First;
        while (handle >= 0 && right < 0)
        {
            store.Reserve(4);
            ref var item = ref store.Items[handle];
            int client = item.Client;
            int end = item.End;
            int next = item.Right;
            for (int clock = item.Clock; clock < end && right < 0;)
            {
                var part = _exclusion.Classify(in store.Items[store.Find(client, clock)], clock);
                int until = Math.Min(part.End, end);
                if (part.Tombstone)
                {
                    left = store.FindCleanEnd(client, until - 1);
                }
                else if (!part.Unknown)
                {
                    right = store.FindCleanStart(client, clock);
                }

                clock = until;
            }

            handle = next;
        }

        store.InsertText(_type, left, right, text, author);
    }
}
