using CodeChill.Text.Encoding;
using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>Checks a document's inner structure; for tests and fuzzing. Costs time in proportion to the document.</summary>
public static class Invariants
{
    /// <summary>Checks that everything within a document fits together.</summary>
    /// <param name="document">The document.</param>
    /// <exception cref="InvalidOperationException">It does not: a defect of this library. The message says where.</exception>
    public static void Check(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var store = document.Store;
        int items = CheckClients(store);
        Require(items == store.ItemCount, $"{store.ItemCount} items in use, {items} reachable by client");
        int listed = 0;
        for (int type = 0; type < store.TypeCount; type++)
        {
            listed += CheckType(store, type);
        }

        int collected = 0;
        for (int client = 0; client < store.ClientCount; client++)
        {
            collected += CountCollected(store, client);
        }

        Require(listed + collected == items, $"{items} items, {listed} in lists, {collected} collected");
    }

    private static int CheckClients(ItemStore store)
    {
        int items = 0;
        for (int client = 0; client < store.ClientCount; client++)
        {
            int clock = 0;
            int count = 0;
            foreach (int handle in Handles(store, client))
            {
                ref var item = ref store.Items[handle];
                Require(item.Client == client, $"item {handle} is in the list of another client");
                Require(item.Clock == clock, $"client {client} has a gap at clock {clock}");
                Require(item.Length > 0, $"item {handle} is empty");
                Require(item.OriginClient < 0 || item.OriginClock < store.Clients[item.OriginClient].State, $"item {handle}: origin is missing");
                Require(item.RightClient < 0 || item.RightClock < store.Clients[item.RightClient].State, $"item {handle}: right origin is missing");
                Require(store.Find(client, clock) == handle && store.Find(client, item.End - 1) == handle, $"item {handle} is not found by id");
                if (item.Kind == Kind.String && item.Wide)
                {
                    CheckSurrogates(store.WideText(in item));
                }

                clock = item.End;
                count++;
            }

            Require(store.Clients[client].State == clock, $"client {client}: state {store.Clients[client].State}, structs end at {clock}");
            Require(store.Clients[client].Count == count, $"client {client}: count");
            items += count;
        }

        return items;
    }

    private static List<int> Handles(ItemStore store, int client)
    {
        var handles = new List<int>();
        if (store.Clients[client].Count > 0)
        {
            int handle = store.Find(client, 0, out var place);
            do
            {
                handles.Add(handle);
            }
            while (store.TryNext(client, ref place, out handle));
        }

        return handles;
    }

    private static int CountCollected(ItemStore store, int client)
    {
        int count = 0;
        foreach (int handle in Handles(store, client))
        {
            count += store.Items[handle].Kind == Kind.GC ? 1 : 0;
        }

        return count;
    }

    private static void CheckSurrogates(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            Require(pair || !char.IsSurrogate(text[i]), "half of a surrogate pair is in a text");
            i += pair ? 1 : 0;
        }
    }

    private static int CheckType(ItemStore store, int type)
    {
        ref var shared = ref store.Types[type];
        if (shared.Item == ItemStore.FreeType)
        {
            return 0;
        }

        if (shared.Item == ItemStore.ChainType)
        {
            Require(store.Entries[shared.Name].Chain == type && store.Entries[shared.Name].Head == shared.First, $"chain {type} is not that of its entry");
        }

        if (shared.Item >= 0)
        {
            Require(store.Items[shared.Item].Kind == Kind.Type && store.Items[shared.Item].Content == type, $"type {type} is not held by its item");
        }

        int listed = CheckList(store, type);
        for (int entry = shared.FirstEntry; entry >= 0; entry = store.Entries[entry].Next)
        {
            Require(store.Entries[entry].Type == type, $"entry {entry} belongs to another type");
            int last = -1;
            for (int handle = store.Entries[entry].Head; handle >= 0; handle = store.Items[handle].Right)
            {
                Require(store.EntryOf(in store.Items[handle]) == entry, $"item {handle} is in the chain of another entry");
                last = handle;

                // The items of a long chain are counted with its list.
                listed += store.Entries[entry].Chain < 0 ? 1 : 0;
            }

            Require(store.Entries[entry].Tail == last, $"entry {entry}: tail");
        }

        return listed;
    }

    private static int CheckList(ItemStore store, int type)
    {
        int count = 0;
        int visible = 0;
        int block = -1;
        int inBlock = 0;
        int blockLength = 0;
        for (int handle = store.Types[type].First; handle >= 0; handle = store.Items[handle].Right)
        {
            ref var item = ref store.Items[handle];
            if (item.Owner != block)
            {
                CheckBlock(store, block, inBlock, blockLength);
                block = item.Owner;
                Require(block >= 0 && store.Blocks[block].First == handle && store.Blocks[block].Type == type, $"block {block} does not start with item {handle}");
                inBlock = 0;
                blockLength = 0;
            }

            Require(store.IndexOf(handle) == visible, $"item {handle}: index {store.IndexOf(handle)} instead of {visible}");
            if (item.VisibleLength > 0)
            {
                Require(store.ItemAt(type, visible, out int offset) == handle && offset == 0, $"item {handle} is not found by index");
            }

            inBlock++;
            blockLength += item.VisibleLength;
            visible += item.VisibleLength;
            count++;
        }

        CheckBlock(store, block, inBlock, blockLength);
        Require(store.Types[type].Length == visible, $"type {type}: length {store.Types[type].Length} instead of {visible}");
        return count;
    }

    private static void CheckBlock(ItemStore store, int block, int count, int length)
    {
        if (block >= 0)
        {
            Require(store.Blocks[block].Count == count, $"block {block}: {store.Blocks[block].Count} items counted, {count} found");
            Require(store.Blocks[block].Length == length, $"block {block}: length");
        }
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The document is inconsistent: {what}.");
        }
    }
}
