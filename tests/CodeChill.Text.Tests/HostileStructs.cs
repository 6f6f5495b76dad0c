using CodeChill.Text.Encoding;

namespace CodeChill.Text.Tests;

/// <summary>Well-formed updates that cost as much as they can: tiny structs of every kind with random neighbours.</summary>
internal static class HostileStructs
{
    public static byte[] Create(Random random, int size)
    {
        int clients = random.Next(3) switch { 0 => 1, 1 => random.Next(2, 6), _ => random.Next(50, 4_000) };
        int deletes = size * random.Next(4) / 8;
        var sections = new List<(int Count, byte[] Bytes)>();
        int[] states = new int[clients + 1];
        int used = 8;
        for (int client = 1; client <= clients; client++)
        {
            var body = new ByteWriter();
            int share = Math.Max(6, (size - deletes) / clients);
            int count = 0;
            while (body.Length + 24 < share || count == 0)
            {
                Struct(random, body, client, states);
                count++;
            }

            used += body.Length + 8;
            if (used > size - 16)
            {
                break;
            }

            sections.Add((count, body.ToArray()));
        }

        var writer = new ByteWriter(size);
        writer.WriteVarUint(sections.Count);
        for (int i = sections.Count; i > 0; i--)
        {
            writer.WriteVarUint(sections[i - 1].Count);
            writer.WriteVarUint(i);
            writer.WriteByte(0);
            writer.WriteBytes(sections[i - 1].Bytes);
        }

        Deletes(random, writer, states, sections.Count, size);
        return writer.ToArray();
    }

    private static void Struct(Random random, ByteWriter body, int client, int[] states)
    {
        bool known = states[client] > 0 || client > 1;
        byte info = (byte)(known ? random.Next(4) << 6 : 0);
        byte kind = (byte)(random.Next(12) switch { 0 => Kind.Type, 1 => Kind.Format, 2 => Kind.Any, 3 or 4 => Kind.Deleted, 5 => Kind.GC, 6 => Kind.Json, _ => Kind.String });
        if (kind == Kind.GC)
        {
            body.WriteBytes([0, 1]);
            states[client]++;
            return;
        }

        bool sub = info == 0 && random.Next(5) == 0;
        body.WriteByte((byte)(info | kind | (sub ? Info.HasSub : 0)));
        for (int i = 0; i < ((info & Info.HasOrigin) != 0 ? 1 : 0) + ((info & Info.HasRight) != 0 ? 1 : 0); i++)
        {
            int other = states[client] > 0 && random.Next(3) > 0 ? client : random.Next(1, client + 1);
            other = states[other] == 0 ? (client > 1 ? client - 1 : client) : other;
            body.WriteVarUint(other);
            body.WriteVarUint(random.Next(Math.Max(1, states[other])));
        }

        if (info == 0)
        {
            body.WriteBytes([1, 1, (byte)(random.Next(4) == 0 ? 'r' : 's')]);
        }

        if (sub)
        {
            body.WriteVarString($"{random.Next(5_000):x}");
        }

        states[client] += Content(random, body, kind);
    }

    private static int Content(Random random, ByteWriter body, byte kind)
    {
        int length = random.Next(10) == 0 ? random.Next(1, 200) : 1;
        switch (kind)
        {
            case Kind.Type:
                body.WriteByte((byte)random.Next(3));
                return 1;
            case Kind.Format:
                body.WriteBytes([1, (byte)'b', 1, (byte)'1']);
                return 1;
            case Kind.Any:
                body.WriteVarUint(length);
                body.WriteBytes([.. Enumerable.Repeat(AnyTag.Null, length)]);
                return length;
            case Kind.Json:
                body.WriteBytes([1, 1, (byte)'1']);
                return 1;
            case Kind.Deleted:
                body.WriteVarUint(length);
                return length;
            default:
                body.WriteVarString(new string('x', length));
                return length;
        }
    }

    private static void Deletes(Random random, ByteWriter writer, int[] states, int clients, int size)
    {
        int room = size - writer.Length - 8;
        int count = Math.Min(clients, Math.Max(0, room / 12));
        writer.WriteVarUint(count);
        for (int client = 1; client <= count; client++)
        {
            int ranges = Math.Max(1, Math.Min(states[client] / 2, room / count / 5));
            writer.WriteVarUint(client);
            writer.WriteVarUint(ranges);
            for (int i = 0; i < ranges; i++)
            {
                writer.WriteVarUint(random.Next(Math.Max(1, states[client])));
                writer.WriteByte(1);
            }
        }
    }
}
