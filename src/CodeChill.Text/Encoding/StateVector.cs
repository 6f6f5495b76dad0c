namespace CodeChill.Text.Encoding;

/// <summary>State vectors on the wire: a count, then client and clock each.</summary>
internal sealed class StateVector
{
    private readonly ulong[] _clients;
    private readonly int[] _clocks;

    private StateVector(int count)
    {
        _clients = new ulong[count];
        _clocks = new int[count];
    }

    /// <summary>Null stands for the empty one.</summary>
    public static StateVector? Decode(ReadOnlySpan<byte> encoded)
    {
        if (encoded.IsEmpty)
        {
            return null;
        }

        // Read twice: the count is believed only when all of it is there.
        var check = new ByteReader(encoded);
        int count = check.ReadCount(2);
        for (int i = 0; i < count; i++)
        {
            check.ReadVarUint();
            check.ReadClock();
        }

        if (check.Remaining > 0)
        {
            check.Throw("Bytes follow the end of the state vector");
        }

        var reader = new ByteReader(encoded);
        reader.ReadVarUint();
        var vector = new StateVector(count);
        for (int i = 0; i < count; i++)
        {
            vector._clients[i] = reader.ReadVarUint();
            vector._clocks[i] = reader.ReadClock();
        }

        Array.Sort(vector._clients, vector._clocks);
        return vector;
    }

    public static int Get(StateVector? vector, ulong client)
    {
        int index = vector is null ? -1 : Array.BinarySearch(vector._clients, client);
        return index < 0 ? 0 : vector!._clocks[index];
    }
}
