using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

// Writes update format V1. Items that Yjs would have merged are joined while writing, so the bytes are those of a Yjs
// document with the same operations.
internal sealed partial class ItemStore
{
    private int[] _order = [];

    /// <summary>The clients, higher ids first, as every list of clients on the wire has them.</summary>
    public ReadOnlySpan<int> ClientsDescending()
    {
        if (_order.Length != ClientCount)
        {
            var order = new int[ClientCount];
            var keys = new ulong[ClientCount];
            for (int i = 0; i < order.Length; i++)
            {
                order[i] = i;
                keys[i] = ulong.MaxValue - Clients[i].Id;
            }

            Array.Sort(keys, order);
            _order = order;
        }

        return _order;
    }

    public void WriteStateVector(ByteWriter writer)
    {
        int known = 0;
        for (int i = 0; i < ClientCount; i++)
        {
            known += Clients[i].State > 0 ? 1 : 0;
        }

        writer.WriteVarUint(known);
        foreach (int client in ClientsDescending())
        {
            if (Clients[client].State > 0)
            {
                writer.WriteVarUint(Clients[client].Id);
                writer.WriteVarUint(Clients[client].State);
            }
        }
    }

    /// <summary>Writes the structs of one client from a clock on: their count, the client, the clock, the structs.</summary>
    public void WriteStructs(ByteWriter writer, int client, int fromClock)
    {
        int handle = Find(client, fromClock, out var place);
        var start = place;
        int count = 1;
        for (int previous = handle; TryNext(client, ref place, out int next); previous = next)
        {
            if (!CanMerge(in Items[previous], in Items[next], next))
            {
                count++;
            }
        }

        writer.WriteVarUint(count);
        writer.WriteVarUint(Clients[client].Id);
        writer.WriteVarUint(fromClock);
        place = start;
        int offset = fromClock - Items[handle].Clock;
        while (handle >= 0)
        {
            // A run: everything up to the next struct that cannot be joined.
            var first = place;
            int run = 1;
            int next = -1;
            for (int previous = handle; TryNext(client, ref place, out next) && CanMerge(in Items[previous], in Items[next], next); previous = next)
            {
                run++;
            }

            WriteRun(writer, client, handle, first, run, offset);
            handle = next;
            offset = 0;
        }
    }

    private void WriteRun(ByteWriter writer, int client, int handle, StructPlace place, int run, int offset)
    {
        ref var item = ref Items[handle];
        byte kind = item.Kind;
        if (kind != Kind.GC)
        {
            WriteHead(writer, in item, offset);
        }
        else
        {
            writer.WriteByte(Kind.GC);
        }

        if (kind == Kind.Type)
        {
            int name = Types[item.Content].Name;
            if (name < 0)
            {
                writer.WriteByte((byte)~name);
            }
            else
            {
                writer.WriteBytes(Raw(name));
            }

            return;
        }

        if (kind is not (Kind.GC or Kind.Deleted or Kind.String or Kind.Any or Kind.Json))
        {
            writer.WriteBytes(Raw(item.Content));
            return;
        }

        int total = 0;
        var at = place;
        int piece = handle;
        for (int i = 0; i < run; i++)
        {
            total += PieceSize(in Items[piece], i == 0 ? offset : 0);
            if (i + 1 < run)
            {
                TryNext(client, ref at, out piece);
            }
        }

        writer.WriteVarUint(total);
        if (kind is Kind.GC or Kind.Deleted)
        {
            return;
        }

        at = place;
        piece = handle;
        for (int i = 0; i < run; i++)
        {
            WritePiece(writer, in Items[piece], i == 0 ? offset : 0);
            if (i + 1 < run)
            {
                TryNext(client, ref at, out piece);
            }
        }
    }

    private void WriteHead(ByteWriter writer, ref readonly Item item, int offset)
    {
        bool origin = offset > 0 || item.OriginClient >= 0;
        bool right = item.RightClient >= 0;
        int entry = EntryOf(in item);
        bool sub = entry >= 0;
        byte info = item.Kind;
        info |= origin ? Info.HasOrigin : (byte)0;
        info |= right ? Info.HasRight : (byte)0;
        info |= sub ? Info.HasSub : (byte)0;
        writer.WriteByte(info);
        if (origin)
        {
            writer.WriteVarUint(Clients[offset > 0 ? item.Client : item.OriginClient].Id);
            writer.WriteVarUint(offset > 0 ? item.Clock + offset - 1 : item.OriginClock);
        }

        if (right)
        {
            writer.WriteVarUint(Clients[item.RightClient].Id);
            writer.WriteVarUint(item.RightClock);
        }

        if (origin || right)
        {
            return;
        }

        ref var type = ref Types[entry >= 0 ? Entries[entry].Type : Blocks[item.Owner].Type];
        if (type.Item < 0)
        {
            writer.WriteByte(1);
            writer.WriteVarBytes(_rootNames.Utf8(type.Name));
        }
        else
        {
            writer.WriteByte(0);
            writer.WriteVarUint(Clients[Items[type.Item].Client].Id);
            writer.WriteVarUint(Items[type.Item].Clock);
        }

        if (sub)
        {
            writer.WriteVarBytes(_keys.Utf8(Entries[entry].Key));
        }
    }

    private int PieceSize(ref readonly Item item, int offset) => item.Kind switch
    {
        Kind.String when item.Wide => System.Text.Encoding.UTF8.GetByteCount(WideText(in item)[offset..]),
        _ => item.Length - offset,
    };

    private void WritePiece(ByteWriter writer, ref readonly Item item, int offset)
    {
        if (item.Kind != Kind.String)
        {
            var elements = Elements(in item);
            writer.WriteBytes(offset == 0 ? elements : elements[ListOffset(item.Kind, elements, offset)..]);
        }
        else if (item.Wide)
        {
            var text = WideText(in item)[offset..];
            int size = System.Text.Encoding.UTF8.GetByteCount(text);
            System.Text.Encoding.UTF8.GetBytes(text, writer.Take(size));
        }
        else
        {
            writer.WriteBytes(Narrow(in item)[offset..]);
        }
    }

    /// <summary>Writes the delete set of everything that is deleted.</summary>
    public void WriteDeleteSet(ByteWriter writer)
    {
        int clients = 0;
        var ranges = new List<(int Clock, int Length)>();
        var body = new ByteWriter();
        foreach (int client in ClientsDescending())
        {
            CollectDeleted(client, ranges);
            if (ranges.Count == 0)
            {
                continue;
            }

            clients++;
            body.WriteVarUint(Clients[client].Id);
            body.WriteVarUint(ranges.Count);
            foreach (var (clock, length) in ranges)
            {
                body.WriteVarUint(clock);
                body.WriteVarUint(length);
            }
        }

        writer.WriteVarUint(clients);
        writer.WriteBytes(body.Written);
    }

    private void CollectDeleted(int client, List<(int Clock, int Length)> ranges)
    {
        ranges.Clear();
        if (Clients[client].Count == 0)
        {
            return;
        }

        int handle = Find(client, 0, out var place);
        int start = -1;
        do
        {
            ref var item = ref Items[handle];
            if (item.IsDeleted)
            {
                start = start < 0 ? item.Clock : start;
            }
            else if (start >= 0)
            {
                ranges.Add((start, item.Clock - start));
                start = -1;
            }
        }
        while (TryNext(client, ref place, out handle));

        if (start >= 0)
        {
            ranges.Add((start, Clients[client].State - start));
        }
    }
}
