using CodeChill.Text.Encoding;

namespace CodeChill.Text;

public sealed partial class SharedText
{
    /// <summary>Takes back insertions and deletions.</summary>
    internal DocumentChange Revert(List<IdRange> inserted, List<(IdRange Range, string Text)> deleted)
    {
        _document.BeginChange();
        foreach (var (range, text) in deleted)
        {
            foreach (var part in _document.Redone.NotRedone(range))
            {
                Restore(part, text.AsSpan(part.Clock - range.Clock, part.Length));
            }
        }

        foreach (var range in inserted)
        {
            foreach (var part in _document.Redone.Follow(range))
            {
                Remove(part);
            }
        }

        return _document.EndChange(null);
    }

    // New text behind each tombstone of the old one.
    private void Restore(IdRange range, ReadOnlySpan<char> text)
    {
        var store = _document.Store;
        int client = store.FindClient(range.Client);
        for (int clock = range.Clock; clock < range.End;)
        {
            store.Reserve(4);
            int handle = store.Find(client, clock);
            ref var item = ref store.Items[handle];
            int end = Math.Min(range.End, item.End);
            if (item.Owner >= 0 && store.Blocks[item.Owner].Type == _type && item.Kind == Kind.Deleted)
            {
                string part = Surrogates.Repair(text.Slice(clock - range.Clock, end - clock).ToString());
                int left = store.FindCleanEnd(client, end - 1);
                int state = store.StateOf(_document.ClientId);
                store.InsertText(_type, left, store.Items[left].Right, part, _document.ClientId);
                _document.Redone.Add(
                    new IdRange(range.Client, clock, end - clock), new IdRange(_document.ClientId, state, part.Length));
            }

            clock = end;
        }
    }

    private void Remove(IdRange range)
    {
        var store = _document.Store;
        int client = store.FindClient(range.Client);
        for (int clock = range.Clock; clock < range.End;)
        {
            ref var item = ref store.Items[store.Find(client, clock)];
            int end = Math.Min(range.End, item.End);
            if (item.Owner >= 0 && store.Blocks[item.Owner].Type == _type)
            {
                store.DeleteRange(client, clock, end);
            }

            clock = end;
        }
    }
}
