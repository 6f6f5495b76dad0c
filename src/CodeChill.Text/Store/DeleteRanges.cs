using System.Runtime.InteropServices;
using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>Lists of id ranges as delete sets have them.</summary>
internal static class DeleteRanges
{
    /// <summary>Sorts (clients descending, clocks ascending) and joins what touches or overlaps.</summary>
    public static void Normalize(List<IdRange> ranges)
    {
        if (ranges.Count < 2)
        {
            return;
        }

        ranges.Sort(static (a, b) => a.Client != b.Client ? b.Client.CompareTo(a.Client) : a.Clock.CompareTo(b.Clock));
        var span = CollectionsMarshal.AsSpan(ranges);
        int kept = 0;
        for (int i = 1; i < span.Length; i++)
        {
            ref var last = ref span[kept];
            var next = span[i];
            if (last.Client == next.Client && next.Clock <= last.End)
            {
                last = last with { Length = Math.Max(last.End, next.End) - last.Clock };
            }
            else
            {
                span[++kept] = next;
            }
        }

        CollectionsMarshal.SetCount(ranges, kept + 1);
    }

    /// <summary>Writes normalized ranges.</summary>
    public static void Write(ByteWriter writer, ReadOnlySpan<IdRange> ranges)
    {
        int clients = 0;
        for (int i = 0; i < ranges.Length; i++)
        {
            clients += i == 0 || ranges[i].Client != ranges[i - 1].Client ? 1 : 0;
        }

        writer.WriteVarUint(clients);
        for (int i = 0; i < ranges.Length;)
        {
            int end = i;
            while (end < ranges.Length && ranges[end].Client == ranges[i].Client)
            {
                end++;
            }

            writer.WriteVarUint(ranges[i].Client);
            writer.WriteVarUint(end - i);
            for (; i < end; i++)
            {
                writer.WriteVarUint(ranges[i].Clock);
                writer.WriteVarUint(ranges[i].Length);
            }
        }
    }

    /// <summary>Reads a delete set and adds its ranges.</summary>
    public static void Read(ref ByteReader reader, List<IdRange> ranges)
    {
        int clients = reader.ReadCount(2);
        for (int i = 0; i < clients; i++)
        {
            ulong client = reader.ReadVarUint();
            int count = reader.ReadCount(2);
            for (int k = 0; k < count; k++)
            {
                int clock = reader.ReadClock();
                int length = reader.ReadClock();
                if (length > int.MaxValue - clock)
                {
                    reader.Throw("A clock is beyond 2^31 - 1");
                }

                if (length > 0)
                {
                    ranges.Add(new IdRange(client, clock, length));
                }
            }
        }
    }
}
