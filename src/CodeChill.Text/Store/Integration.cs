using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

// The YATA rule of Yjs: an item goes behind its origin, and among those that were inserted at the same place at the
// same time the one of the smaller client id comes first, without tearing runs of one author apart.
internal sealed partial class ItemStore
{
    /// <summary>
    /// Integrates one struct, without its first <paramref name="offset"/> operations. Everything that it refers to must be
    /// in the store.
    /// </summary>
    public void Integrate(in StructRef item, ulong clientId, int offset, ReadOnlySpan<byte> source)
    {
        Reserve(4);
        int client = GetOrAddClient(clientId);
        int clock = item.Clock + offset;
        int length = item.Length - offset;
        if (item.Kind == Kind.GC)
        {
            AppendCollected(client, clock, length);
            return;
        }

        if (!Locate(in item, client, offset, out int left, out int right, out int type, out int entry, source))
        {
            AppendCollected(client, clock, length);
            return;
        }

        int originClient = -1;
        int originClock = 0;
        if (offset > 0)
        {
            originClient = client;
            originClock = clock - 1;
        }
        else if (item.HasOrigin)
        {
            originClient = FindClient(item.OriginClient);
            originClock = item.OriginClock;
        }

        int rightClient = item.HasRight ? FindClient(item.RightClient) : -1;
        int rightClock = item.HasRight ? item.RightClock : 0;
        left = FindLeft(left, right, type, entry, client, originClient, originClock, rightClient, rightClock);

        // What a client types in a row, behind its own last item, just makes that item longer.
        if (item.Kind == Kind.String && left >= 0 && originClient == client && originClock == clock - 1 &&
            TryExtend(left, client, clock, rightClient, rightClock, source.Slice(item.ContentStart, item.ContentLength), length, item.Wide, offset))
        {
            return;
        }

        int handle = NewItem();
        int content = StoreContent(in item, client, handle, offset, source);
        Items[handle] = new Item
        {
            Clock = clock,
            Length = length,
            ClientAndKind = (client << 8) | (item.Wide ? Item.WideFlag : 0) | item.Kind,
            OriginClient = originClient,
            OriginClock = originClock,
            RightClient = rightClient,
            RightClock = rightClock,
            Right = -1,
            Content = content,
        };
        Link(handle, left, type, entry);
        while (item.Kind is Kind.Any or Kind.Json && Items[handle].Length > MaxList && !Items[handle].IsDeleted)
        {
            Reserve(4);
            Find(client, Items[handle].Clock, out var place);
            handle = Split(handle, MaxList, ref place);
        }
    }

    /// <summary>Puts an item that is complete but for its place behind <paramref name="left"/> and into its client's list.</summary>
    private void Link(int handle, int left, int type, int entry)
    {
        int client = Items[handle].Client;
        if (entry < 0)
        {
            LinkInList(type, left, handle);
            AppendStruct(client, handle);
            NoteSibling(type, handle);
            return;
        }

        ref var item = ref Items[handle];
        ref var chain = ref Entries[entry];
        if (chain.Chain >= 0)
        {
            LinkInList(chain.Chain, left, handle);
            chain.Head = Types[chain.Chain].First;
        }
        else if (left >= 0)
        {
            item.Owner = ~entry;
            item.Right = Items[left].Right;
            Items[left].Right = handle;
        }
        else
        {
            item.Owner = ~entry;
            item.Right = chain.Head;
            chain.Head = handle;
        }

        AppendStruct(client, handle);
        NoteSibling(chain.Chain, handle);
        if (item.Right >= 0)
        {
            // A later value is there already.
            Delete(handle);
        }
        else
        {
            chain.Tail = handle;
            if (left >= 0)
            {
                DeleteMapValue(left);
            }
        }
    }

    private void DeleteMapValue(int handle)
    {
        if (!Items[handle].IsDeleted)
        {
            int client = Items[handle].Client;
            int clock = Items[handle].Clock;
            int end = Items[handle].End;
            Delete(handle);
            MergeRange(client, clock, end);
        }
    }

    private void AppendCollected(int client, int clock, int length)
    {
        ref var owner = ref Clients[client];
        if (owner.Count > 0)
        {
            int last = At(client, owner.Large is { } large
                ? new StructPlace(large.ChunkCount - 1, large.Counts[large.ChunkCount - 1] - 1)
                : new StructPlace(-1, owner.Count - 1));
            if (Items[last].Kind == Kind.GC)
            {
                Touch(client, ref owner);
                Items[last].Length += length;
                owner.State = Items[last].End;
                return;
            }
        }

        int handle = NewItem();
        Items[handle] = new Item
        {
            Clock = clock,
            Length = length,
            ClientAndKind = (client << 8) | Kind.GC,
            OriginClient = -1,
            RightClient = -1,
            Right = -1,
            Content = -1,
            Owner = Item.NoOwner,
        };
        AppendStruct(client, handle);
    }

    // Finds the neighbours by their ids and the list that the item belongs to. False when that list is collected.
    private bool Locate(
        in StructRef item, int client, int offset, out int left, out int right, out int type, out int entry, ReadOnlySpan<byte> source)
    {
        left = -1;
        right = -1;
        type = -1;
        entry = -1;
        if (item.HasOrigin)
        {
            int origin = FindClient(item.OriginClient);
            left = offset == 0 ? FindCleanEnd(origin, item.OriginClock) : Find(origin, item.OriginClock);
        }

        if (item.HasRight)
        {
            right = FindCleanStart(FindClient(item.RightClient), item.RightClock);
        }

        if ((left >= 0 && Items[left].Kind == Kind.GC) || (right >= 0 && Items[right].Kind == Kind.GC))
        {
            return false;
        }

        if (!item.HasParent)
        {
            FindList(in Items[left >= 0 ? left : right], out type, out entry);
        }
        else if (!FindParent(in item, source, out type))
        {
            return false;
        }
        else if (item.SubLength >= 0)
        {
            entry = GetOrAddEntry(type, source.Slice(item.SubStart, item.SubLength));
        }

        if (offset > 0)
        {
            left = FindCleanEnd(client, item.Clock + offset - 1);
            if (Items[left].Kind == Kind.GC)
            {
                return false;
            }

            // Where the first part is counts, not what this struct says.
            FindList(in Items[left], out type, out entry);
        }

        return true;
    }

    private void FindList(ref readonly Item neighbour, out int type, out int entry)
    {
        entry = EntryOf(in neighbour);
        type = entry >= 0 ? Entries[entry].Type : Blocks[neighbour.Owner].Type;
    }

    private bool FindParent(in StructRef item, ReadOnlySpan<byte> source, out int type)
    {
        if (item.NameLength >= 0)
        {
            type = GetOrAddRoot(source.Slice(item.NameStart, item.NameLength));
            return true;
        }

        ref var parent = ref Items[Find(FindClient(item.ParentClient), item.ParentClock)];
        type = parent.Content;
        return parent.Kind == Kind.Type;
    }

    /// <summary>The item behind which a new one goes; -1 for the front of the list.</summary>
    private int FindLeft(
        int left, int right, int type, int entry, int client, int originClient, int originClock, int rightClient, int rightClock)
    {
        int first = entry >= 0 ? Entries[entry].Head : Types[type].First;
        int next = left >= 0 ? Items[left].Right : first;
        if (left >= 0 ? next == right : right >= 0 && IsFirst(right))
        {
            return left;
        }

        if (next < 0 || next == right)
        {
            return left;
        }

        return FindPlace(left, right, next, type, entry, Clients[client].Id, new Item
        {
            OriginClient = originClient,
            OriginClock = originClock,
            RightClient = rightClient,
            RightClock = rightClock,
        });
    }

    private bool IsFirst(int handle)
    {
        int owner = Items[handle].Owner;
        return (owner >= 0 ? Types[Blocks[owner].Type].First : Entries[~owner].Head) == handle;
    }

    private bool TryExtend(
        int left, int client, int clock, int rightClient, int rightClock, ReadOnlySpan<byte> utf8, int length, bool wide, int skip)
    {
        if (!CanExtend(in Items[left], client, clock, rightClient, rightClock, wide, wide ? length * 2 : length))
        {
            return false;
        }

        StoreUtf8(client, utf8, length + skip, wide, skip);
        Extend(left, client, length);
        return true;
    }

    private int StoreContent(in StructRef item, int client, int handle, int offset, ReadOnlySpan<byte> source)
    {
        var content = source.Slice(item.ContentStart, item.ContentLength);
        switch (item.Kind)
        {
            case Kind.Deleted:
                return -1;
            case Kind.String:
                return StoreUtf8(client, content, item.Length, item.Wide, offset);
            case Kind.Type:
                int type = NewType(handle);

                // Elements and hooks have a name of their own: kept as the raw content.
                Types[type].Name = item.TypeRef is TypeRef.XmlElement or TypeRef.XmlHook ? StoreRaw(client, content) : ~item.TypeRef;
                return type;
            case Kind.Any or Kind.Json:
                return StoreBytes(client, content[ListOffset(item.Kind, content, offset)..]);
            default:
                return StoreRaw(client, content);
        }
    }
}
