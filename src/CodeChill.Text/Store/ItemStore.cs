using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

// Theory of operation
//
// The store keeps what Yjs keeps as linked objects in a few flat arrays:
//   Items    one struct of 40 bytes for each run of operations; linked to the right by handle (index)
//   clients  for each client the handles of its items in clock order (StructList), and its state (next clock)
//   blocks   up to 64 neighbouring items of one list form a block; blocks hang in a tree of visible lengths (Sequences),
//            so that index -> item and item -> index cost O(log n)
//   entries  one map key of one type: the chain of its values (Maps)
//   types    the shared types: roots by name, nested ones by the item that holds them
//   arena    bytes of all contents: ASCII as bytes, other text as UTF-16, everything else as on the wire
//
// Differences from Yjs that cannot be seen from outside: deleted content is dropped at once, not at the end of a
// transaction; neighbours that Yjs would merge are merged only where that is cheap (same block, bytes side by side),
// and the encoder joins the rest on the fly, so that the encoded state is that of Yjs.
internal sealed partial class ItemStore
{
    public Paged<Item> Items;
    private int _itemCount;
    private int _freeItem = -1;

    /// <summary>How many items are in use.</summary>
    public int ItemCount { get; private set; }

    public ItemStore()
    {
        _clientSlots = new SlotTable(client => HashOf(Clients[client].Id));
        _entryIndex = new SlotTable(entry => HashCode.Combine(Entries[entry].Type, Entries[entry].Key));
    }

    /// <summary>Makes room for a few new items, so that references to items stay good.</summary>
    public void Reserve(int items) => Items.Ensure(_itemCount + items);

    public int NewItem()
    {
        ItemCount++;
        if (_freeItem >= 0)
        {
            int free = _freeItem;
            _freeItem = Items[free].Right;
            return free;
        }

        Items.Ensure(_itemCount + 1);
        return _itemCount++;
    }

    private void FreeItem(int handle)
    {
        ItemCount--;
        _nearType = -1;
        Items[handle].Right = _freeItem;
        Items[handle].Length = 0;
        _freeItem = handle;
    }

    /// <summary>The item that ends exactly with the given operation; splits the one that holds it if need be.</summary>
    public int FindCleanEnd(int client, int clock)
    {
        int handle = Find(client, clock, out var place);
        ref var item = ref Items[handle];
        if (item.End - 1 != clock && item.Kind != Kind.GC)
        {
            Split(handle, clock + 1 - item.Clock, ref place);
        }

        return handle;
    }

    /// <summary>The item that starts exactly with the given operation; splits the one that holds it if need be.</summary>
    public int FindCleanStart(int client, int clock)
    {
        int handle = Find(client, clock, out var place);
        ref var item = ref Items[handle];
        if (item.Clock != clock && item.Kind != Kind.GC)
        {
            return Split(handle, clock - item.Clock, ref place);
        }

        return handle;
    }

    /// <summary>
    /// Cuts an item after <paramref name="offset"/> operations; returns the handle of the right part.
    /// <paramref name="place"/> stays that of the left part, which may have to move.
    /// </summary>
    public int Split(int handle, int offset, ref StructPlace place)
    {
        int right = NewItem();
        ref var left = ref Items[handle];
        ref var part = ref Items[right];
        part = left;
        part.Clock = left.Clock + offset;
        part.Length = left.Length - offset;
        part.OriginClient = left.Client;
        part.OriginClock = part.Clock - 1;
        left.Length = offset;
        if (left.Kind == Kind.String)
        {
            part.Content = SplitText(ref left, offset);
        }
        else if (left.Kind is Kind.Any or Kind.Json)
        {
            part.Content = left.Content + ListOffset(left.Kind, _arena.AsSpan(left.Content), offset);
        }

        if (left.Kind != Kind.GC)
        {
            left.Right = right;
            int entry = EntryOf(in left);
            if (entry >= 0 && Entries[entry].Tail == handle)
            {
                Entries[entry].Tail = right;
            }

            if (left.Owner >= 0)
            {
                CountItem(left.Owner);
            }
        }

        InsertStruct(Items[right].Client, ref place, right);
        return right;
    }

    /// <summary>Whether the encoder (and Yjs) would write the two as one struct.</summary>
    public static bool CanMerge(ref readonly Item left, ref readonly Item right, int rightHandle)
    {
        byte kind = left.Kind;
        if (kind != right.Kind || left.End != right.Clock)
        {
            return false;
        }

        if (kind == Kind.GC)
        {
            return true;
        }

        return kind is Kind.Deleted or Kind.String or Kind.Any or Kind.Json
            && right.OriginClock == right.Clock - 1
            && right.OriginClient == right.Client
            && left.Right == rightHandle
            && left.RightClient == right.RightClient
            && left.RightClock == right.RightClock;
    }

    /// <summary>Merges the item at a place into its left neighbour where that costs nothing.</summary>
    public bool TryMergeLeft(int client, StructPlace place)
    {
        var before = place;
        if (!TryPrevious(client, ref before, out int leftHandle))
        {
            return false;
        }

        int rightHandle = At(client, place);
        ref var left = ref Items[leftHandle];
        ref var right = ref Items[rightHandle];
        if (left.Owner != right.Owner || !CanMerge(in left, in right, rightHandle))
        {
            return false;
        }

        switch (left.Kind)
        {
            case Kind.GC:
                break;
            case Kind.Deleted:
                break;
            case Kind.String when left.Wide == right.Wide && left.Content + TextBytes(in left) == right.Content:
                break;
            default:
                return false;
        }

        if (left.Owner != Item.NoOwner)
        {
            if (EntryOf(in left) is >= 0 and int entry && Entries[entry].Tail == rightHandle)
            {
                Entries[entry].Tail = leftHandle;
            }

            if (left.Owner >= 0)
            {
                Blocks[left.Owner].Count--;
                ForgetOrder(left.Owner);
                _siblings?.Remove((left.Client, right.Clock - 1));
            }
        }

        left.Length += right.Length;
        left.Right = right.Right;
        RemoveStruct(client, place);
        FreeItem(rightHandle);
        return true;
    }
}
