using System.Runtime.InteropServices;
using CodeChill.Text.Encoding;
using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>Works on updates (format V1) without a document.</summary>
public static class Updates
{
    // One struct of one of the updates.
    private readonly record struct Entry(ulong Client, int Clock, int Length, int Update, int Start, int End, byte Kind);

    /// <summary>Joins updates into one that has the effect of all of them; gaps become skips.</summary>
    /// <param name="updates">The updates, in any order.</param>
    /// <returns>The joint update.</returns>
    /// <exception cref="UpdateFormatException">One of them is malformed.</exception>
    public static byte[] Merge(IReadOnlyList<ReadOnlyMemory<byte>> updates)
    {
        ArgumentNullException.ThrowIfNull(updates);
        var entries = new List<Entry>();
        var deletes = new List<IdRange>();
        for (int i = 0; i < updates.Count; i++)
        {
            Collect(updates[i].Span, i, entries, deletes);
        }

        // Longer structs first where several start together; among equals those that say more than "collected".
        entries.Sort(static (a, b) =>
            a.Client != b.Client ? b.Client.CompareTo(a.Client)
            : a.Clock != b.Clock ? a.Clock.CompareTo(b.Clock)
            : a.Update.CompareTo(b.Update));
        int size = updates.Sum(static u => u.Length) + 16;
        var writer = new ByteWriter(size);
        WriteEntries(writer, entries, i => updates[i].Span, size);
        DeleteRanges.Normalize(deletes);
        DeleteRanges.Write(writer, CollectionsMarshal.AsSpan(deletes));
        return writer.ToArray();
    }

    /// <summary>Joins updates into one that has the effect of all of them.</summary>
    /// <param name="updates">The updates, in any order.</param>
    /// <returns>The joint update.</returns>
    /// <exception cref="UpdateFormatException">One of them is malformed.</exception>
    public static byte[] Merge(IReadOnlyList<byte[]> updates)
    {
        ArgumentNullException.ThrowIfNull(updates);
        return Merge([.. updates.Select(static u => new ReadOnlyMemory<byte>(u))]);
    }

    /// <summary>What a replica with a state vector lacks of an update.</summary>
    /// <param name="update">The update.</param>
    /// <param name="stateVector">The encoded state vector; empty for a replica without anything.</param>
    /// <returns>The update without the structs that the replica has; its delete set is kept whole.</returns>
    /// <exception cref="UpdateFormatException">The update or the state vector is malformed.</exception>
    public static byte[] Diff(ReadOnlySpan<byte> update, ReadOnlySpan<byte> stateVector)
    {
        var known = StateVector.Decode(stateVector);
        var entries = new List<Entry>();
        var deletes = new List<IdRange>();
        Collect(update, 0, entries, deletes);
        var writer = new ByteWriter(Math.Max(16, update.Length));
        var body = new ByteWriter(Math.Max(16, update.Length));
        int clients = 0;
        for (int i = 0; i < entries.Count;)
        {
            ulong client = entries[i].Client;
            int clock = StateVector.Get(known, client);
            int end = i;
            while (end < entries.Count && entries[end].Client == client && (end == i || entries[end].Clock == entries[end - 1].Clock + entries[end - 1].Length))
            {
                end++;
            }

            // The first struct written must neither be known nor a skip.
            while (i < end && (entries[i].Clock + entries[i].Length <= clock || entries[i].Kind == Kind.Skip))
            {
                i++;
            }

            if (i < end)
            {
                clients++;
                int offset = Math.Max(0, clock - entries[i].Clock);
                body.WriteVarUint(end - i);
                body.WriteVarUint(client);
                body.WriteVarUint(entries[i].Clock + offset);
                WriteEntry(body, entries[i], update, offset);
                for (i++; i < end; i++)
                {
                    WriteEntry(body, entries[i], update, 0);
                }
            }
        }

        writer.WriteVarUint(clients);
        writer.WriteBytes(body.Written);
        DeleteRanges.Normalize(deletes);
        DeleteRanges.Write(writer, CollectionsMarshal.AsSpan(deletes));
        return writer.ToArray();
    }

    /// <summary>The state vector of a document that has only this update: what it has without gaps from clock 0 on.</summary>
    /// <param name="update">The update.</param>
    /// <returns>The encoded state vector.</returns>
    /// <exception cref="UpdateFormatException">The update is malformed.</exception>
    public static byte[] StateVectorOf(ReadOnlySpan<byte> update)
    {
        var sections = new Section[1];
        UpdateScanner.Scan(update, ref sections, out int count, out _, out _);
        var body = new ByteWriter();
        int clients = 0;
        for (int i = 0; i < count;)
        {
            // The sections of a client are in the order of their clocks.
            ulong client = sections[i].Client;
            int state = 0;
            for (; i < count && sections[i].Client == client; i++)
            {
                state = Advance(update, in sections[i], state);
            }

            if (state > 0)
            {
                clients++;
                body.WriteVarUint(client);
                body.WriteVarUint(state);
            }
        }

        var writer = new ByteWriter(body.Length + 8);
        writer.WriteVarUint(clients);
        writer.WriteBytes(body.Written);
        return writer.ToArray();
    }

    // How far a section leads, as long as it goes on where the one before ended.
    private static int Advance(ReadOnlySpan<byte> update, ref readonly Section section, int state)
    {
        var reader = new ByteReader(update, section.Position);
        int clock = section.Clock;
        for (int i = 0; i < section.Remaining; i++)
        {
            StructReader.Read(ref reader, section.Client, clock, false, out var item);
            int end = clock + item.Length;
            if (item.Kind != Kind.Skip && clock <= state)
            {
                state = Math.Max(state, end);
            }

            clock = end;
        }

        return state;
    }

    /// <summary>Checks that an update is well-formed, as <see cref="Document.ApplyUpdate"/> would.</summary>
    /// <param name="update">The update.</param>
    /// <exception cref="UpdateFormatException">It is malformed.</exception>
    public static void Validate(ReadOnlySpan<byte> update)
    {
        var sections = new Section[1];
        UpdateScanner.Scan(update, ref sections, out _, out _, out _);
    }

    /// <summary>Rewrites an update of format V2 in format V1.</summary>
    /// <param name="updateV2">The update, as <c>Y.encodeStateAsUpdateV2</c> or Yjs' <c>updateV2</c> event give it.</param>
    /// <returns>The same in format V1, checked.</returns>
    /// <exception cref="UpdateFormatException">
    /// The update is malformed, or expands to more than 128 KiB and four times its size.
    /// </exception>
    public static byte[] ToV1(ReadOnlySpan<byte> updateV2)
    {
        byte[] update = FormatV2Reader.Convert(updateV2);
        Validate(update);
        return update;
    }

    /// <summary>Rewrites an update of format V1 in format V2, which takes about half of the space.</summary>
    /// <param name="update">The update.</param>
    /// <returns>The same in format V2.</returns>
    /// <exception cref="UpdateFormatException">The update is malformed.</exception>
    public static byte[] ToV2(ReadOnlySpan<byte> update)
    {
        var sections = new Section[1];
        int deletes = UpdateScanner.Scan(update, ref sections, out int count, out _, out _);
        return FormatV2Writer.Convert(update, sections.AsSpan(0, count), deletes);
    }

    private static void Collect(ReadOnlySpan<byte> update, int number, List<Entry> entries, List<IdRange> deletes)
    {
        var sections = new Section[1];
        int position = UpdateScanner.Scan(update, ref sections, out int count, out var extent, out _);
        entries.EnsureCapacity(entries.Count == 0 ? extent.Structs : 0);
        deletes.EnsureCapacity(deletes.Count == 0 ? extent.Ranges : 0);
        foreach (ref var section in sections.AsSpan(0, count))
        {
            var reader = new ByteReader(update, section.Position);
            int clock = section.Clock;
            for (int i = 0; i < section.Remaining; i++)
            {
                int start = reader.Position;
                StructReader.Read(ref reader, section.Client, clock, false, out var item);
                if (item.Length > 0)
                {
                    entries.Add(new Entry(section.Client, clock, item.Length, number, start, reader.Position, item.Kind));
                }

                clock += item.Length;
            }
        }

        var rest = new ByteReader(update, position);
        DeleteRanges.Read(ref rest, deletes);
    }

    private delegate ReadOnlySpan<byte> Source(int update);

    private static void WriteEntries(ByteWriter writer, List<Entry> entries, Source source, int size)
    {
        int clients = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            clients += i == 0 || entries[i].Client != entries[i - 1].Client ? 1 : 0;
        }

        var parts = new List<(ulong Client, int Clock, int Count, int Start, int End)>(clients);
        var body = new ByteWriter(size);
        for (int i = 0; i < entries.Count;)
        {
            ulong client = entries[i].Client;
            int start = body.Length;
            int written = 0;
            int first = -1;
            int clock = 0;
            for (; i < entries.Count && entries[i].Client == client; i++)
            {
                var entry = entries[i];
                if (entry.Kind == Kind.Skip || (first >= 0 && entry.Clock + entry.Length <= clock))
                {
                    continue;
                }

                if (first < 0)
                {
                    first = clock = entry.Clock;
                }

                if (entry.Clock > clock)
                {
                    body.WriteByte(Kind.Skip);
                    body.WriteVarUint(entry.Clock - clock);
                    written++;
                    clock = entry.Clock;
                }

                WriteEntry(body, entry, source(entry.Update), clock - entry.Clock);
                written++;
                clock = entry.Clock + entry.Length;
            }

            if (written > 0)
            {
                parts.Add((client, first, written, start, body.Length));
            }
        }

        writer.WriteVarUint(parts.Count);
        foreach (var part in parts)
        {
            writer.WriteVarUint(part.Count);
            writer.WriteVarUint(part.Client);
            writer.WriteVarUint(part.Clock);
            writer.WriteBytes(body.Written[part.Start..part.End]);
        }
    }

    // A struct without its first operations: those are its left neighbour then.
    private static void WriteEntry(ByteWriter writer, Entry entry, ReadOnlySpan<byte> source, int offset)
    {
        if (offset == 0)
        {
            writer.WriteBytes(source[entry.Start..entry.End]);
            return;
        }

        if (entry.Kind is Kind.GC or Kind.Skip)
        {
            writer.WriteByte(entry.Kind);
            writer.WriteVarUint(entry.Length - offset);
            return;
        }

        var reader = new ByteReader(source, entry.Start);
        StructReader.Read(ref reader, entry.Client, entry.Clock, false, out var item);
        byte info = (byte)(item.Info | Info.HasOrigin);
        writer.WriteByte(info);
        writer.WriteVarUint(entry.Client);
        writer.WriteVarUint(entry.Clock + offset - 1);
        if (item.HasRight)
        {
            writer.WriteVarUint(item.RightClient);
            writer.WriteVarUint(item.RightClock);
        }

        var content = source.Slice(item.ContentStart, item.ContentLength);
        switch (item.Kind)
        {
            case Kind.Deleted:
                writer.WriteVarUint(item.Length - offset);
                break;
            case Kind.String:
                writer.WriteVarString(System.Text.Encoding.UTF8.GetString(content).AsSpan(offset));
                break;
            default:
                writer.WriteVarUint(item.Length - offset);
                writer.WriteBytes(content[ItemStore.ListOffset(item.Kind, content, offset)..]);
                break;
        }
    }
}
