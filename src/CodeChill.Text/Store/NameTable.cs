namespace CodeChill.Text.Store;

/// <summary>Names by number (map keys, root types), kept as UTF-8 in one buffer.</summary>
internal sealed class NameTable
{
    private readonly SlotTable _slots;
    private byte[] _bytes = [];
    private Paged<int> _ends;

    public NameTable() => _slots = new SlotTable(index => Hash(Utf8(index)));

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Utf8(int index)
    {
        int start = index == 0 ? 0 : _ends[index - 1];
        return _bytes.AsSpan(start, _ends[index] - start);
    }

    public string Text(int index) => System.Text.Encoding.UTF8.GetString(Utf8(index));

    /// <summary>The number of a name; -1 when it has none.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        int slot = _slots.Start(Hash(name));
        while (_slots.Next(ref slot, out int index))
        {
            if (Utf8(index).SequenceEqual(name))
            {
                return index;
            }
        }

        return -1;
    }

    public int GetOrAdd(ReadOnlySpan<byte> name)
    {
        int index = Find(name);
        if (index >= 0)
        {
            return index;
        }

        index = Count;
        int start = index == 0 ? 0 : _ends[index - 1];
        int end = checked(start + name.Length);
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(end, index == 0 ? 0 : _bytes.Length * 2));
        }

        name.CopyTo(_bytes.AsSpan(start));
        _ends.Ensure(index + 1);
        _ends[index] = end;
        Count++;
        _slots.Add(index);
        return index;
    }

    // Seeded for each process: nobody can prepare names that collide.
    private static int Hash(ReadOnlySpan<byte> name)
    {
        var hash = new HashCode();
        hash.AddBytes(name);
        return hash.ToHashCode();
    }
}
