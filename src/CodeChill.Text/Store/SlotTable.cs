namespace CodeChill.Text.Store;

/// <summary>
/// An open hash table of indices into some other list, four bytes a slot. Whoever looks something up compares what the
/// index stands for.
/// </summary>
/// <param name="hashOf">The hash of what an index stands for.</param>
internal sealed class SlotTable(Func<int, int> hashOf)
{
    private int[] _slots = [];
    private int _used;

    /// <summary>Where the search for a hash starts.</summary>
    public int Start(int hash) => _slots.Length == 0 ? 0 : hash & (_slots.Length - 1);

    /// <summary>The next candidate; false when there is none any more.</summary>
    public bool Next(ref int slot, out int index)
    {
        if (_slots.Length == 0)
        {
            index = -1;
            return false;
        }

        index = _slots[slot] - 1;
        slot = (slot + 1) & (_slots.Length - 1);
        return index >= 0;
    }

    /// <summary>Makes room for a number of entries in all.</summary>
    public void Ensure(int count)
    {
        if (count * 4L <= _slots.Length * 3L)
        {
            return;
        }

        int length = Math.Max(4, _slots.Length);
        while (count * 4L > length * 3L)
        {
            length = checked(length * 2);
        }

        int[] old = _slots;
        _slots = new int[length];
        foreach (int value in old)
        {
            if (value != 0)
            {
                Put(value);
            }
        }
    }

    public void Add(int index)
    {
        Ensure(++_used);
        Put(index + 1);
    }

    public void Remove(int index)
    {
        int mask = _slots.Length - 1;
        int slot = hashOf(index) & mask;
        while (_slots[slot] != index + 1)
        {
            slot = (slot + 1) & mask;
        }

        // What follows moves up, so that no gap ends a search too early.
        _used--;
        int gap = slot;
        while (true)
        {
            slot = (slot + 1) & mask;
            int value = _slots[slot];
            if (value == 0)
            {
                break;
            }

            int home = hashOf(value - 1) & mask;
            if (((slot - home) & mask) >= ((slot - gap) & mask))
            {
                _slots[gap] = value;
                gap = slot;
            }
        }

        _slots[gap] = 0;
    }

    private void Put(int value)
    {
        int mask = _slots.Length - 1;
        int slot = hashOf(value - 1) & mask;
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & mask;
        }

        _slots[slot] = value;
    }
}
