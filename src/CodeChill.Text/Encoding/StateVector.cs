namespace CodeChill.Text.Encoding;

/// <summary>State vectors on the wire: a count, then client and clock each.</summary>
internal static class StateVector
{
    /// <summary>Null stands for the empty one.</summary>
    public static Dictionary<ulong, int>? Decode(ReadOnlySpan<byte> encoded)
    {
        if (encoded.IsEmpty)
        {
            return null;
        }

        var reader = new ByteReader(encoded);
        int count = reader.ReadCount(2);
        Dictionary<ulong, int>? vector = null;
        for (int i = 0; i < count; i++)
        {
            ulong client = reader.ReadVarUint();
            (vector ??= [])[client] = reader.ReadClock();
        }

        if (reader.Remaining > 0)
        {
            reader.Throw("Bytes follow the end of the state vector");
        }

        return vector;
    }

    public static int Get(Dictionary<ulong, int>? vector, ulong client) =>
        vector is not null && vector.TryGetValue(client, out int clock) ? clock : 0;
}
