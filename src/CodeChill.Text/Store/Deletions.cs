using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

internal sealed partial class ItemStore
{
    /// <summary>Stands for an embedded object where text is shown with everything that has an index.</summary>
    public const char ObjectCharacter = '\uFFFC';

    private char[] _deletedText = new char[16];

    /// <summary>Everything deleted in the current change.</summary>
    public DeletedLog Deleted { get; } = new();

    /// <summary>The text that was deleted in the current change.</summary>
    public ReadOnlySpan<char> DeletedText => _deletedText.AsSpan(0, DeletedTextLength);

    public int DeletedTextLength { get; private set; }

    public void ClearDeleted()
    {
        Deleted.Clear();
        DeletedTextLength = 0;
        if (_deletedText.Length > 1 << 16)
        {
            _deletedText = new char[16];
        }
    }

    private void NoteDeleted(ref readonly Item item)
    {
        int type = item.Owner >= 0 ? Blocks[item.Owner].Type : -1;
        if (type >= 0 && Types[type].Item != RootType)
        {
            type = -1;
        }

        int text = -1;
        int visible = item.VisibleLength;
        if (type >= 0 && visible > 0)
        {
            text = DeletedTextLength;
            if (text + visible > _deletedText.Length)
            {
                Array.Resize(ref _deletedText, Math.Max(text + visible, _deletedText.Length * 2));
            }

            var target = _deletedText.AsSpan(text, visible);
            if (item.Kind == Kind.String)
            {
                CopyText(in item, 0, target);
            }
            else
            {
                target.Fill(ObjectCharacter);
            }

            DeletedTextLength = text + visible;
        }

        Deleted.Add(new DeletedRun(item.Client, item.Clock, item.Length, type, text));
    }

    /// <summary>Deletes one item, whole.</summary>
    public void Delete(int handle)
    {
        ref var item = ref Items[handle];
        if (item.IsDeleted)
        {
            return;
        }

        NoteDeleted(in item);
        DropContent(in item);
        int visible = item.VisibleLength;
        int content = item.Content;
        bool type = item.Kind == Kind.Type;
        item.SetKind(Kind.Deleted);
        item.Content = -1;
        if (item.Owner >= 0 && visible != 0)
        {
            AddLength(item.Owner, -visible);
        }

        if (type)
        {
            CollectType(content);
        }
    }

    /// <summary>Deletes what is alive in a range of operations, all of which must be in the store.</summary>
    public void DeleteRange(int client, int clock, int end)
    {
        Reserve(2);
        int handle = Find(client, clock, out var place);
        ref var first = ref Items[handle];
        if (!first.IsDeleted && first.Clock < clock)
        {
            Split(handle, clock - first.Clock, ref place);
            TryNext(client, ref place, out handle);
        }

        bool changed = false;
        var last = place;
        do
        {
            Reserve(2);
            ref var item = ref Items[handle];
            if (item.Clock >= end)
            {
                break;
            }

            if (!item.IsDeleted)
            {
                if (end < item.End)
                {
                    Split(handle, end - item.Clock, ref place);
                }

                Delete(handle);
                changed = true;
            }

            last = place;
        }
        while (TryNext(client, ref place, out handle));

        if (changed)
        {
            MergeAround(client, last, clock);
        }
    }

    /// <summary>Merges the items of a client from a place back to a clock with each other and with their neighbours.</summary>
    private void MergeAround(int client, StructPlace place, int clock)
    {
        var next = place;
        if (TryNext(client, ref next, out _))
        {
            TryMergeLeft(client, next);
        }

        while (true)
        {
            int start = Items[At(client, place)].Clock;
            var previous = place;
            bool more = TryPrevious(client, ref previous, out _);
            TryMergeLeft(client, place);
            if (!more || start <= clock)
            {
                return;
            }

            place = previous;
        }
    }

    /// <summary>Merges the items of a range with each other and with their neighbours.</summary>
    public void MergeRange(int client, int clock, int end)
    {
        Find(client, end - 1, out var place);
        MergeAround(client, place, clock);
    }
}
