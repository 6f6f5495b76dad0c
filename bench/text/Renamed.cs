namespace CodeChill.Text.Bench;

/// <summary>Copies of single-edit updates under another client id of the same size.</summary>
internal static class Renamed
{
    /// <summary>Each update with the five-byte id of the trace's author replaced by one of its own.</summary>
    public static IEnumerable<byte[]> Copy(byte[][] updates, uint number)
    {
        byte[] from = VarUint(3_000_000_001);
        byte[] to = VarUint(3_000_000_001 + (number * 7));
        foreach (byte[] update in updates)
        {
            byte[] copy = [.. update];
            for (int at = 0; at + from.Length <= copy.Length; at++)
            {
                if (copy.AsSpan(at, from.Length).SequenceEqual(from))
                {
                    to.CopyTo(copy, at);
                    at += from.Length - 1;
                }
            }

            yield return copy;
        }
    }

    private static byte[] VarUint(uint value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}
