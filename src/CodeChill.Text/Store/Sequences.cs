using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>Up to <see cref="ItemStore.MaxBlock"/> neighbouring items of one list.</summary>
internal struct Block
{
    public int First;
    public int Count;

    /// <summary>The visible length of its items.</summary>
    public int Length;

    /// <summary>The type whose list it is part of.</summary>
    public int Type;

    /// <summary>Its place in <see cref="Node"/>.</summary>
    public int Slot;

    /// <summary>The node above; null while the list has only this block.</summary>
    public SequenceNode? Node;
}

/// <summary>A node of the tree over a list's blocks: visible lengths of up to 16 children.</summary>
internal sealed class SequenceNode
{
    public const int Width = 16;

    public SequenceNode? Parent;
    public int Slot;
    public int Count;

    /// <summary>The children of a lowest node; null in the others.</summary>
    public int[]? Blocks;

    public SequenceNode[]? Nodes;
    public int[] Sums = new int[Width];
    public OuterOrigin Outer;
}

internal sealed partial class ItemStore
{
    public const int MaxBlock = 64;

    public Paged<Block> Blocks;
    private int _blockCount;
    private int _freeBlock = -1;

    // An item of a list and its index: local edits stay close to each other. No type when lengths have changed since.
    private int _nearType = -1;
    private int _nearItem;
    private int _nearIndex;

    private int NewBlock(int type, int first)
    {
        int block = _freeBlock;
        if (block >= 0)
        {
            _freeBlock = Blocks[block].First;
        }
        else
        {
            block = _blockCount++;
            Blocks.Ensure(_blockCount);
        }

        Blocks[block] = new Block { First = first, Type = type };
        ForgetOrder(block);
        return block;
    }

    private void FreeBlock(int block)
    {
        Blocks[block] = new Block { First = _freeBlock, Type = -1 };
        _freeBlock = block;
    }

    private void FreeBlocks(int type)
    {
        if (Types[type].Root is not { } root)
        {
            if (Types[type].FirstBlock >= 0)
            {
                FreeBlock(Types[type].FirstBlock);
            }

            return;
        }

        while (root.Nodes is { } nodes)
        {
            root = nodes[0];
        }

        for (var node = root; node is not null; node = NextNode(node))
        {
            for (int i = 0; i < node.Count; i++)
            {
                FreeBlock(node.Blocks![i]);
            }
        }
    }

    private static SequenceNode? NextNode(SequenceNode node)
    {
        int up = 0;
        while (node.Parent is { } parent)
        {
            if (node.Slot + 1 < parent.Count)
            {
                node = parent.Nodes![node.Slot + 1];
                while (up-- > 0)
                {
                    node = node.Nodes![0];
                }

                return node;
            }

            node = parent;
            up++;
        }

        return null;
    }

    /// <summary>Links a new item behind <paramref name="left"/> (-1: to the front) and counts it.</summary>
    private void LinkInList(int type, int left, int handle)
    {
        int block;
        if (left >= 0)
        {
            ref var before = ref Items[left];
            block = before.Owner;
            Items[handle].Right = before.Right;
            before.Right = handle;
        }
        else
        {
            ref var target = ref Types[type];
            Items[handle].Right = target.First;
            target.First = handle;
            block = target.FirstBlock;
            if (block < 0)
            {
                block = NewBlock(type, handle);
                Types[type].FirstBlock = block;
            }
            else
            {
                Blocks[block].First = handle;
            }
        }

        ref var item = ref Items[handle];
        item.Owner = block;
        int visible = item.VisibleLength;
        if (visible != 0)
        {
            AddLength(block, visible);
        }

        CountItem(block);
    }

    /// <summary>One more item is in the block; splits it when it gets too large.</summary>
    private void CountItem(int block)
    {
        ForgetOrder(block);
        if (++Blocks[block].Count > MaxBlock)
        {
            SplitBlock(block);
        }
    }

    public void AddLength(int block, int delta)
    {
        _nearType = -1;
        ref var target = ref Blocks[block];
        target.Length += delta;
        Types[target.Type].Length += delta;
        int slot = target.Slot;
        for (var node = target.Node; node is not null; node = node.Parent)
        {
            node.Sums[slot] += delta;
            slot = node.Slot;
        }
    }

    private void SplitBlock(int block)
    {
        int total = Blocks[block].Count;
        int keep = total / 2;
        var items = Items;
        int handle = Blocks[block].First;
        int keptLength = 0;
        for (int i = 0; i < keep; i++)
        {
            keptLength += items[handle].VisibleLength;
            handle = items[handle].Right;
        }

        int right = NewBlock(Blocks[block].Type, handle);
        for (int i = keep; i < total; i++)
        {
            items[handle].Owner = right;
            handle = items[handle].Right;
        }

        ref var lower = ref Blocks[block];
        ref var upper = ref Blocks[right];
        upper.Count = total - keep;
        upper.Length = lower.Length - keptLength;
        lower.Count = keep;
        lower.Length = keptLength;
        if (lower.Node is null)
        {
            var root = new SequenceNode { Blocks = new int[SequenceNode.Width] };
            root.Blocks[0] = block;
            root.Sums[0] = keptLength + upper.Length;
            root.Count = 1;
            lower.Node = root;
            lower.Slot = 0;
            Types[lower.Type].Root = root;
        }

        InsertBlock(lower.Node, lower.Slot, right, keptLength, upper.Length);
    }

    private void InsertBlock(SequenceNode node, int slot, int block, int leftLength, int rightLength)
    {
        ForgetOrder(node);
        node.Sums[slot] = leftLength;
        if (node.Count == SequenceNode.Width)
        {
            var sibling = SplitNode(node, Blocks[block].Type);
            if (slot >= node.Count)
            {
                // The left block went along; its sum was copied.
                slot -= node.Count;
                node = sibling;
            }
        }

        var blocks = node.Blocks!;
        slot++;
        for (int i = node.Count; i > slot; i--)
        {
            blocks[i] = blocks[i - 1];
            node.Sums[i] = node.Sums[i - 1];
            Blocks[blocks[i]].Slot = i;
        }

        blocks[slot] = block;
        node.Sums[slot] = rightLength;
        node.Count++;
        Blocks[block].Slot = slot;
        Blocks[block].Node = node;
        FixSums(node);
    }

    // Moves the upper half of a full node into a new one on its right.
    private SequenceNode SplitNode(SequenceNode node, int type)
    {
        ForgetOrder(node);
        const int half = SequenceNode.Width / 2;
        var sibling = new SequenceNode { Count = half };
        Array.Copy(node.Sums, half, sibling.Sums, 0, half);
        if (node.Blocks is { } blocks)
        {
            sibling.Blocks = new int[SequenceNode.Width];
            Array.Copy(blocks, half, sibling.Blocks, 0, half);
            for (int i = 0; i < half; i++)
            {
                Blocks[sibling.Blocks[i]].Node = sibling;
                Blocks[sibling.Blocks[i]].Slot = i;
            }
        }
        else
        {
            sibling.Nodes = new SequenceNode[SequenceNode.Width];
            Array.Copy(node.Nodes!, half, sibling.Nodes, 0, half);
            Array.Clear(node.Nodes!, half, half);
            for (int i = 0; i < half; i++)
            {
                sibling.Nodes[i].Parent = sibling;
                sibling.Nodes[i].Slot = i;
            }
        }

        node.Count = half;
        Array.Clear(node.Sums, half, half);
        var parent = node.Parent;
        if (parent is null)
        {
            parent = new SequenceNode { Nodes = new SequenceNode[SequenceNode.Width], Count = 1 };
            parent.Nodes[0] = node;
            node.Parent = parent;
            node.Slot = 0;
            Types[type].Root = parent;
        }
        else if (parent.Count == SequenceNode.Width)
        {
            SplitNode(parent, type);
            parent = node.Parent!;
        }

        var nodes = parent.Nodes!;
        int slot = node.Slot + 1;
        for (int i = parent.Count; i > slot; i--)
        {
            nodes[i] = nodes[i - 1];
            parent.Sums[i] = parent.Sums[i - 1];
            nodes[i].Slot = i;
        }

        nodes[slot] = sibling;
        sibling.Parent = parent;
        sibling.Slot = slot;
        parent.Count++;
        parent.Sums[node.Slot] = Total(node);
        parent.Sums[slot] = Total(sibling);
        return sibling;
    }

    private static int Total(SequenceNode node)
    {
        int total = 0;
        for (int i = 0; i < node.Count; i++)
        {
            total += node.Sums[i];
        }

        return total;
    }

    private static void FixSums(SequenceNode node)
    {
        while (node.Parent is { } parent)
        {
            parent.Sums[node.Slot] = Total(node);
            if (node.Slot > 0)
            {
                parent.Sums[node.Slot - 1] = Total(parent.Nodes![node.Slot - 1]);
            }

            node = parent;
        }
    }

    /// <summary>The visible length in front of an item.</summary>
    public int IndexOf(int handle)
    {
        ref var block = ref Blocks[Items[handle].Owner];
        int index = 0;
        var items = Items;
        for (int i = block.First; i != handle; i = items[i].Right)
        {
            index += items[i].VisibleLength;
        }

        int slot = block.Slot;
        for (var node = block.Node; node is not null; node = node.Parent)
        {
            for (int i = 0; i < slot; i++)
            {
                index += node.Sums[i];
            }

            slot = node.Slot;
        }

        return index;
    }

    /// <summary>The item that holds the element at an index within the list, and the element's place in it.</summary>
    public int ItemAt(int type, int index, out int offset)
    {
        if (_nearType == type && index >= _nearIndex)
        {
            int from = _nearIndex;
            int near = _nearItem;
            for (int i = 0; i < 8 && near >= 0; i++)
            {
                int visible = Items[near].VisibleLength;
                if (index - from < visible)
                {
                    offset = index - from;
                    SetNear(type, near, from);
                    return near;
                }

                from += visible;
                near = Items[near].Right;
            }
        }

        int handle = Search(type, index, out offset);
        SetNear(type, handle, index - offset);
        return handle;
    }

    private void SetNear(int type, int item, int index)
    {
        _nearType = type;
        _nearItem = item;
        _nearIndex = index;
    }

    private int Search(int type, int index, out int offset)
    {
        int block = Types[type].FirstBlock;
        if (Types[type].Root is { } node)
        {
            while (true)
            {
                int slot = 0;
                while (index >= node.Sums[slot])
                {
                    index -= node.Sums[slot++];
                }

                if (node.Blocks is { } blocks)
                {
                    block = blocks[slot];
                    break;
                }

                node = node.Nodes![slot];
            }
        }

        var items = Items;
        int handle = Blocks[block].First;
        while (true)
        {
            int visible = items[handle].VisibleLength;
            if (index < visible)
            {
                offset = index;
                return handle;
            }

            index -= visible;
            handle = items[handle].Right;
        }
    }
}
