namespace CodeChill.Text.Store;

/// <summary>The outermost operation outside of a block or node that an item within has as its origin.</summary>
internal struct OuterOrigin
{
    /// <summary>Whether the rest is up to date.</summary>
    public bool Known;

    /// <summary>Index of the client; -1 for the start of the list.</summary>
    public int Client;
    public int Clock;
}

// The order of items within a list, without walking it.
//
// An item is put somewhere behind its origin, in front of the first item that does not descend from that origin. So a list is
// its tree of origins in depth-first order, and the descendants of an item lie in a row behind it. A block (or node of
// blocks) descends from an item as a whole when the outermost origin that its items have outside of it does. These
// origins are computed when a search passes, and forgotten when the block changes.
internal sealed partial class ItemStore
{
    private Paged<OuterOrigin> _outer;

    /// <summary>Items, blocks and nodes looked at to find places among concurrent insertions.</summary>
    public long Steps { get; private set; }

    public void CountStep() => Steps++;

    /// <summary>Whether one of two different items of a list comes in front of the other.</summary>
    public bool Precedes(int a, int b)
    {
        int blockA = Items[a].Owner;
        int blockB = Items[b].Owner;
        if (blockA == blockB)
        {
            for (int i = Items[a].Right; i >= 0 && Items[i].Owner == blockA; i = Items[i].Right)
            {
                Steps++;
                if (i == b)
                {
                    return true;
                }
            }

            return false;
        }

        // Leaves are all at the same depth.
        int slotA = Blocks[blockA].Slot;
        int slotB = Blocks[blockB].Slot;
        var nodeA = Blocks[blockA].Node!;
        var nodeB = Blocks[blockB].Node!;
        while (nodeA != nodeB)
        {
            Steps++;
            slotA = nodeA.Slot;
            slotB = nodeB.Slot;
            nodeA = nodeA.Parent!;
            nodeB = nodeB.Parent!;
        }

        return slotA < slotB;
    }

    /// <summary>The item in front of another; with -1 the last one of the list. -1 when there is none.</summary>
    public int PreviousOf(int type, int handle)
    {
        int block;
        if (handle < 0)
        {
            block = LastBlock(type);
        }
        else
        {
            block = Items[handle].Owner;
            if (Blocks[block].First != handle)
            {
                int previous = Blocks[block].First;
                while (Items[previous].Right != handle)
                {
                    Steps++;
                    previous = Items[previous].Right;
                }

                return previous;
            }

            block = BlockBefore(block);
        }

        if (block < 0)
        {
            return -1;
        }

        int last = Blocks[block].First;
        for (int i = Blocks[block].Count; i > 1; i--)
        {
            last = Items[last].Right;
        }

        Steps += Blocks[block].Count;
        return last;
    }

    private int LastBlock(int type)
    {
        if (Types[type].Root is not { } node)
        {
            return Types[type].FirstBlock;
        }

        while (node.Nodes is { } nodes)
        {
            node = nodes[node.Count - 1];
        }

        return node.Blocks![node.Count - 1];
    }

    private int BlockBefore(int block)
    {
        int slot = Blocks[block].Slot;
        for (var node = Blocks[block].Node; node is not null; node = node.Parent)
        {
            if (slot > 0)
            {
                if (node.Blocks is { } blocks)
                {
                    return blocks[slot - 1];
                }

                node = node.Nodes![slot - 1];
                while (node.Nodes is { } nodes)
                {
                    node = nodes[node.Count - 1];
                }

                return node.Blocks![node.Count - 1];
            }

            slot = node.Slot;
        }

        return -1;
    }

    /// <summary>
    /// The first item behind another one and all of its descendants; <paramref name="stop"/> when that comes earlier; -1 at
    /// the end of the list.
    /// </summary>
    public int SkipDescendants(int item, int stop)
    {
        int next = Items[item].Right;
        if (next < 0 || next == stop || !IsWithin(in Items[next], item))
        {
            return next;
        }

        int end = EndOfDescendants(item, next);
        return stop >= 0 && Precedes(item, stop) && (end < 0 || (end != stop && Precedes(stop, end))) ? stop : end;
    }

    // Whether the origin of one item is an operation of another.
    private bool IsWithin(ref readonly Item item, int origin)
    {
        ref var o = ref Items[origin];
        return item.OriginClient == o.Client && item.OriginClock >= o.Clock && item.OriginClock < o.End;
    }

    private int EndOfDescendants(int item, int next)
    {
        int block = Items[item].Owner;
        for (int previous = item; next >= 0 && Items[next].Owner == block; previous = next, next = Items[next].Right)
        {
            if (!Descends(next, previous, item))
            {
                return next;
            }
        }

        if (next < 0)
        {
            return -1;
        }

        block = Items[next].Owner;
        while (block >= 0)
        {
            Steps++;
            if (!Descends(OuterOf(block), item))
            {
                int previous = -1;
                for (int i = Blocks[block].First; i >= 0 && Items[i].Owner == block; previous = i, i = Items[i].Right)
                {
                    if (!Descends(i, previous, item))
                    {
                        return i;
                    }
                }
            }

            block = BlockAfter(block, item);
        }

        return -1;
    }

    private bool Descends(int item, int previous, int ancestor)
    {
        Steps++;
        ref var i = ref Items[item];
        if (i.OriginClient < 0)
        {
            return false;
        }

        return (previous >= 0 && IsWithin(in i, previous)) || Descends(new OuterOrigin { Client = i.OriginClient, Clock = i.OriginClock }, ancestor);
    }

    private bool Descends(OuterOrigin origin, int ancestor)
    {
        if (origin.Client < 0)
        {
            return false;
        }

        int handle = Find(origin.Client, origin.Clock);
        return handle == ancestor || Precedes(ancestor, handle);
    }

    // The next block, without those nodes that descend from the item as a whole.
    private int BlockAfter(int block, int ancestor)
    {
        var node = Blocks[block].Node;
        if (node is null)
        {
            return -1;
        }

        if (Blocks[block].Slot + 1 < node.Count)
        {
            return node.Blocks![Blocks[block].Slot + 1];
        }

        for (; node.Parent is { } parent; node = parent)
        {
            for (int slot = node.Slot + 1; slot < parent.Count; slot++)
            {
                var candidate = parent.Nodes![slot];
                Steps++;
                if (!Descends(OuterOf(candidate), ancestor))
                {
                    return FirstOther(candidate, ancestor);
                }
            }
        }

        return -1;
    }

    private int FirstOther(SequenceNode node, int ancestor)
    {
        while (node.Nodes is { } nodes)
        {
            int slot = 0;
            while (slot < node.Count - 1 && Descends(OuterOf(nodes[slot]), ancestor))
            {
                Steps++;
                slot++;
            }

            node = nodes[slot];
        }

        return node.Blocks![0];
    }

    private OuterOrigin OuterOf(int block)
    {
        _outer.Ensure(_blockCount);
        ref var known = ref _outer[block];
        if (known.Known)
        {
            return known;
        }

        var outer = new OuterOrigin { Known = true, Client = -1 };
        int previous = -1;
        for (int i = Blocks[block].First; i >= 0 && Items[i].Owner == block; previous = i, i = Items[i].Right)
        {
            Steps++;
            ref var item = ref Items[i];
            if (item.OriginClient < 0)
            {
                outer.Client = -1;
            }
            else if (!(previous >= 0 && IsWithin(in item, previous)) && Items[Find(item.OriginClient, item.OriginClock)].Owner != block)
            {
                outer.Client = item.OriginClient;
                outer.Clock = item.OriginClock;
            }
        }

        known = outer;
        return outer;
    }

    private OuterOrigin OuterOf(SequenceNode node)
    {
        if (node.Outer.Known)
        {
            return node.Outer;
        }

        var outer = new OuterOrigin { Known = true, Client = -1 };
        for (int slot = 0; slot < node.Count; slot++)
        {
            Steps++;
            var part = node.Blocks is { } blocks ? OuterOf(blocks[slot]) : OuterOf(node.Nodes![slot]);
            if (part.Client < 0 || !Contains(node, Items[Find(part.Client, part.Clock)].Owner))
            {
                outer = part;
            }
        }

        node.Outer = outer;
        return outer;
    }

    private bool Contains(SequenceNode node, int block)
    {
        for (var above = Blocks[block].Node; above is not null; above = above.Parent)
        {
            if (above == node)
            {
                return true;
            }
        }

        return false;
    }

    // A node is up to date only when all below it is.
    private void ForgetOrder(int block)
    {
        if (block < _outer.Capacity && _outer[block].Known)
        {
            _outer[block].Known = false;
            ForgetOrder(Blocks[block].Node);
        }
    }

    private static void ForgetOrder(SequenceNode? node)
    {
        for (; node is not null && node.Outer.Known; node = node.Parent)
        {
            node.Outer.Known = false;
        }
    }
}
