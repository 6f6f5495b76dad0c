using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

// Local edits. They choose their neighbours as Yjs' Y.Text does: an insertion goes behind the tombstones that follow its
// place, so that the same edits give the same bytes.
internal sealed partial class ItemStore
{
    private readonly List<(int Client, int Clock, int End)> _toMerge = [];

    /// <summary>Whether an index lies between the halves of a surrogate pair.</summary>
    public bool SplitsPair(int type, int index)
    {
        if (!_anyWide || index <= 0 || index >= Types[type].Length)
        {
            return false;
        }

        int handle = ItemAt(type, index, out int offset);
        ref var item = ref Items[handle];
        return offset > 0 && item.Wide && item.Kind == Kind.String && char.IsLowSurrogate(WideText(in item)[offset]);
    }

    /// <summary>The handle of the item that ends at an index of the list; -1 for index 0.</summary>
    private int LeftOf(int type, int index)
    {
        if (index == 0)
        {
            return -1;
        }

        int handle = ItemAt(type, index - 1, out int offset);
        ref var item = ref Items[handle];
        if (offset + 1 < item.Length)
        {
            int client = item.Client;
            Find(client, item.Clock, out var place);
            Split(handle, offset + 1, ref place);
        }

        return handle;
    }

    /// <summary>Inserts text at an index, behind tombstones.</summary>
    public void InsertAt(int type, int index, ReadOnlySpan<char> text, ulong author)
    {
        Reserve(4);
        int left = LeftOf(type, index);
        int right = left >= 0 ? Items[left].Right : Types[type].First;
        while (right >= 0 && Items[right].IsDeleted)
        {
            left = right;
            right = Items[right].Right;
        }

        int inserted = InsertText(type, left, right, text, author);
        if (inserted >= 0)
        {
            SetNear(type, inserted, index);
        }
    }

    /// <summary>
    /// Inserts text as somebody would who saw <paramref name="left"/> and <paramref name="right"/> side by side; what
    /// others have put between them is treated as concurrent. The new item; -1 when an old one was made longer.
    /// </summary>
    public int InsertText(int type, int left, int right, ReadOnlySpan<char> text, ulong author)
    {
        Reserve(4);
        int client = GetOrAddClient(author);
        int clock = Clients[client].State;
        if (text.Length > int.MaxValue - clock)
        {
            throw new InvalidOperationException("The clock of this client id is used up.");
        }

        int originClient = -1;
        int originClock = 0;
        int rightClient = -1;
        int rightClock = 0;
        if (left >= 0)
        {
            originClient = Items[left].Client;
            originClock = Items[left].End - 1;
        }

        if (right >= 0)
        {
            rightClient = Items[right].Client;
            rightClock = Items[right].Clock;
        }

        left = FindLeft(left, right, type, -1, client, originClient, originClock, rightClient, rightClock);
        bool wide = !System.Text.Ascii.IsValid(text);
        if (left >= 0 && originClient == client && originClock == clock - 1 &&
            TryExtendText(left, client, clock, rightClient, rightClock, text, wide))
        {
            return -1;
        }

        int handle = NewItem();
        int content = StoreText(client, text, wide);
        Items[handle] = new Item
        {
            Clock = clock,
            Length = text.Length,
            ClientAndKind = (client << 8) | (wide ? Item.WideFlag : 0) | Kind.String,
            OriginClient = originClient,
            OriginClock = originClock,
            RightClient = rightClient,
            RightClock = rightClock,
            Right = -1,
            Content = content,
        };
        Link(handle, left, type, -1);
        return handle;
    }

    private bool TryExtendText(int left, int client, int clock, int rightClient, int rightClock, ReadOnlySpan<char> text, bool wide)
    {
        if (!CanExtend(in Items[left], client, clock, rightClient, rightClock, wide, wide ? text.Length * 2 : text.Length))
        {
            return false;
        }

        StoreText(client, text, wide);
        Extend(left, client, text.Length);
        return true;
    }

    private bool CanExtend(ref readonly Item item, int client, int clock, int rightClient, int rightClock, bool wide, int size)
    {
        ref var owner = ref Clients[client];
        return item.Kind == Kind.String && item.Client == client && item.End == clock && item.Wide == wide && item.Owner >= 0 && EntryOf(in item) < 0
            && item.RightClient == rightClient && (rightClient < 0 || item.RightClock == rightClock)
            && item.Content + TextBytes(in item) == owner.PageNext
            && (owner.PageEnd - owner.PageNext >= size || owner.PageEnd == _arenaEnd);
    }

    private void Extend(int handle, int client, int length)
    {
        ref var owner = ref Clients[client];
        Touch(client, ref owner);
        ref var item = ref Items[handle];
        item.Length += length;
        owner.State = item.End;
        int near = _nearType;
        AddLength(item.Owner, length);
        if (_nearItem == handle)
        {
            _nearType = near;
        }
    }

    /// <summary>Deletes a range of the visible text.</summary>
    public void DeleteAt(int type, int index, int length)
    {
        Reserve(4);
        int handle = ItemAt(type, index, out int offset);
        int near = handle;
        if (offset > 0)
        {
            Find(Items[handle].Client, Items[handle].Clock, out var place);
            handle = Split(handle, offset, ref place);
        }

        _toMerge.Clear();
        while (length > 0)
        {
            int visible = Items[handle].VisibleLength;
            if (visible > 0)
            {
                if (visible > length)
                {
                    Reserve(1);
                    Find(Items[handle].Client, Items[handle].Clock, out var place);
                    Split(handle, length, ref place);
                    visible = length;
                }

                length -= visible;
                Delete(handle);
                _toMerge.Add((Items[handle].Client, Items[handle].Clock, Items[handle].End));
            }

            handle = Items[handle].Right;
        }

        foreach (var (client, clock, end) in _toMerge)
        {
            MergeRange(client, clock, end);
        }

        // What is left of the item that the deletion started in; a deleted one may have gone into its neighbour.
        SetNear(type, offset > 0 ? near : Find(_toMerge[0].Client, _toMerge[0].Clock), index - offset);
    }
}
