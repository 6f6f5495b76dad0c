namespace CodeChill.Text.Encoding;

/// <summary>A client's structs within an update (or within the store of pending ones), read from front to back.</summary>
internal struct Section
{
    public ulong Client;

    /// <summary>Where the next struct starts.</summary>
    public int Position;

    /// <summary>Where the last struct ends.</summary>
    public int End;

    /// <summary>How many structs are left.</summary>
    public int Remaining;

    /// <summary>The clock of the next struct.</summary>
    public int Clock;
}

/// <summary>What a section waits for, and who waits for it.</summary>
internal struct Wait
{
    /// <summary>What the next struct waits for: an operation of that client, with that clock.</summary>
    public ulong NeedClient;
    public int NeedClock;

    /// <summary>The next section, plus one, in the list of those that wait for the same client; 0 at its end.</summary>
    public int Next;

    /// <summary>The first section, plus one, that waits for this one's client; 0 when there is none.</summary>
    public int First;
}

/// <summary>What an update may become in a store.</summary>
internal struct Extent
{
    public int Structs;
    public int ContentBytes;
    public int Ranges;
    public int Clients;

    /// <summary>Items, when every neighbour and every deletion cuts another one.</summary>
    public int Pieces;

    /// <summary>The most items that can come of it; a client costs as much as two.</summary>
    public readonly long MaxItems => Pieces + (Ranges * 2L) + (Clients * 2L);

    public void Add(in StructRef item, byte previous)
    {
        switch (item.Kind)
        {
            case Kind.Skip:
                return;
            case Kind.GC:
                Pieces += previous == Kind.GC ? 0 : 1;
                return;
            case Kind.String:
                ContentBytes += item.Wide ? item.Length * 2 : item.Length;
                break;
            case Kind.Any or Kind.Json:
                Pieces += item.Length / Store.ItemStore.MaxList;
                ContentBytes += item.ContentLength;
                break;
            case Kind.Deleted:
                break;
            case Kind.Type when item.TypeRef is not (TypeRef.XmlElement or TypeRef.XmlHook):
                break;
            default:
                ContentBytes += item.ContentLength + 4;
                break;
        }

        Pieces += 1 + (item.HasOrigin ? 1 : 0) + (item.HasRight ? 1 : 0);
    }
}

/// <summary>Checks a whole update (V1) before any of it is used, and finds its sections.</summary>
internal static class UpdateScanner
{
    /// <summary>
    /// Fills <paramref name="sections"/>, higher clients first; returns where the delete set starts and what the store
    /// will need. <paramref name="sorted"/>: whether the clients came in that order, each once, as Yjs writes them.
    /// </summary>
    public static int Scan(
        ReadOnlySpan<byte> update, ref Section[] sections, out int count, out Extent extent, out bool sorted)
    {
        sorted = true;
        extent = default;
        var reader = new ByteReader(update);

        // A section is at least a struct count, a client and a clock.
        int clients = reader.ReadCount(3);
        count = 0;
        for (int i = 0; i < clients; i++)
        {
            int inSection = reader.ReadCount(2);
            ulong client = reader.ReadVarUint();
            int clock = reader.ReadClock();
            if (inSection == 0)
            {
                continue;
            }

            sorted &= count == 0 || sections[count - 1].Client > client;
            if (count == sections.Length)
            {
                // The count was checked against the bytes; still it is believed only after the first sections proved real.
                Array.Resize(ref sections, count < 64 ? Math.Min(clients, 64) : clients);
            }

            ref var section = ref sections[count++];
            section = default;
            section.Client = client;
            section.Position = reader.Position;
            section.Remaining = inSection;
            section.Clock = clock;
            extent.Structs += inSection;
            extent.Clients++;
            byte previous = Kind.Skip;
            for (int k = 0; k < inSection; k++)
            {
                StructReader.Read(ref reader, client, clock, true, out var item);
                clock += item.Length;
                extent.Add(in item, previous);
                previous = item.Kind;
            }

            section.End = reader.Position;
        }

        if (!sorted)
        {
            Sort(sections.AsSpan(0, count));
        }

        int deletes = reader.Position;
        extent.Ranges = CheckDeleteSet(ref reader);
        if (reader.Remaining != 0)
        {
            reader.Throw("Bytes follow the end of the update");
        }

        return deletes;
    }

    /// <summary>Higher clients first, the sections of one client by clock.</summary>
    public static void Sort(Span<Section> sections) =>
        sections.Sort(static (a, b) => a.Client != b.Client ? b.Client.CompareTo(a.Client) : a.Clock.CompareTo(b.Clock));

    private static int CheckDeleteSet(ref ByteReader reader)
    {
        int all = 0;
        int clients = reader.ReadCount(2);
        for (int i = 0; i < clients; i++)
        {
            reader.ReadVarUint();
            int ranges = reader.ReadCount(2);
            all += ranges;
            for (int k = 0; k < ranges; k++)
            {
                int clock = reader.ReadClock();
                int length = reader.ReadClock();
                if (length > int.MaxValue - clock)
                {
                    reader.Throw("A clock is beyond 2^31 - 1");
                }
            }
        }

        return all;
    }
}
