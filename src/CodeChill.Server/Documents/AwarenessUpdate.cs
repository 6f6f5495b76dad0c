namespace CodeChill.Server.Documents;

/// <summary>
/// Reads and writes y-protocols awareness updates: count, then per client its id, its clock and its state as JSON text ("null" = gone).
/// </summary>
internal static class AwarenessUpdate
{
    /// <summary>Clients in one update: a provider repeats what it hears of everybody in the room.</summary>
    private const int MaxClients = 1024;

    /// <summary>The entries, in the update's own bytes; null when it is malformed. The states are not looked into.</summary>
    public static IReadOnlyList<Entry>? Read(ReadOnlyMemory<byte> update)
    {
        var rest = update.Span;
        if (!TryVarUint(ref rest, out var count) || count > MaxClients)
            return null;
        var entries = new List<Entry>((int)Math.Min(count, 64));
        for (ulong i = 0; i < count; i++)
        {
            if (!TryVarUint(ref rest, out var client) || !TryVarUint(ref rest, out var clock) || !TryVarUint(ref rest, out var length)
                || length > (ulong)rest.Length)
                return null;
            entries.Add(new Entry(client, clock, update.Slice(update.Length - rest.Length, (int)length)));
            rest = rest[(int)length..];
        }

        return rest.IsEmpty ? entries : null;
    }

    public static byte[] Write(IReadOnlyCollection<Entry> entries)
    {
        var bytes = new List<byte>();
        AddVarUint(bytes, (ulong)entries.Count);
        foreach (var (client, clock, state) in entries)
        {
            AddVarUint(bytes, client);
            AddVarUint(bytes, clock);
            AddVarUint(bytes, (ulong)state.Length);
            bytes.AddRange(state.Span);
        }

        return [.. bytes];
    }

    private static void AddVarUint(List<byte> bytes, ulong value)
    {
        while (value > 0x7f)
        {
            bytes.Add((byte)(0x80 | (value & 0x7f)));
            value >>= 7;
        }

        bytes.Add((byte)value);
    }

    /// <summary>lib0's variable-length unsigned integer, at most 53 bits as JavaScript counts.</summary>
    private static bool TryVarUint(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 56 && !rest.IsEmpty; shift += 7)
        {
            var b = rest[0];
            rest = rest[1..];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value < 1UL << 53;
        }

        return false;
    }

    /// <summary>One client's clock and state.</summary>
    internal readonly record struct Entry(ulong Client, ulong Clock, ReadOnlyMemory<byte> State)
    {
        public static readonly ReadOnlyMemory<byte> Null = "null"u8.ToArray();

        public bool IsGone => State.Span.SequenceEqual(Null.Span);
    }
}
