namespace CodeChill.Text.Store;

/// <summary>
/// The many items that were all inserted behind the same operation of a list: in the order of the list, and by right neighbour
/// and author. It finds the place of one more without looking at each.
/// </summary>
internal sealed class Siblings(ItemStore store, int type)
{
    private const int ChunkSize = 128;

    private readonly List<Chunk> _order = [];
    private readonly List<Chunk> _byRight = [];

    private sealed class Chunk
    {
        public int[] Handles = new int[ChunkSize];
        public int Count;

        /// <summary>The smallest client id among them.</summary>
        public ulong Least = ulong.MaxValue;
    }

    private readonly record struct Place(int Chunk, int Index);

    // What is looked for: a place in the list (Handle), or one among right neighbours and clients (Handle -1).
    private readonly record struct Target(int Handle, int RightClient, int RightClock, ulong Client);

    /// <summary>Adds one that is in the list already.</summary>
    public void Add(int handle)
    {
        Insert(_order, Search(_order, new Target(handle, 0, 0, 0)), handle);
        ref var item = ref store.Items[handle];
        Insert(_byRight, Search(_byRight, new Target(-1, item.RightClient, item.RightClock, store.Clients[item.Client].Id)), handle);
    }

    /// <summary>
    /// The item behind which one more goes, as the scan of Yjs finds it: behind the last sibling of a smaller client, and
    /// its descendants, in front of <paramref name="right"/> and of the first sibling with the same right neighbour and no
    /// smaller client. -1 when there is none: directly behind the origin.
    /// </summary>
    public int FindLeft(ulong client, int right, int rightClient, int rightClock)
    {
        var stop = Search(_byRight, new Target(-1, rightClient, rightClock, client));
        int end = At(_byRight, stop);
        if (end >= 0 && (store.Items[end].RightClient != rightClient || (rightClient >= 0 && store.Items[end].RightClock != rightClock)))
        {
            end = -1;
        }

        if (right >= 0 && (end < 0 || (end != right && store.Precedes(right, end))))
        {
            end = right;
        }

        var limit = end < 0 ? new Place(_order.Count, 0) : Search(_order, new Target(end, 0, 0, 0));
        var last = LastBelow(client, limit);
        if (last.Chunk < 0)
        {
            return -1;
        }

        var next = Next(last);
        int boundary = next != limit && At(_order, next) is >= 0 and int sibling ? sibling
            : At(_order, limit) >= 0 ? end
            : store.SkipDescendants(At(_order, last), end);
        return store.PreviousOf(type, boundary);
    }

    private bool IsInFront(int handle, in Target target)
    {
        store.CountStep();
        if (target.Handle >= 0)
        {
            return handle != target.Handle && store.Precedes(handle, target.Handle);
        }

        ref var item = ref store.Items[handle];
        int compared = item.RightClient.CompareTo(target.RightClient);
        compared = compared != 0 || target.RightClient < 0 ? compared : item.RightClock.CompareTo(target.RightClock);
        return compared != 0 ? compared < 0 : store.Clients[item.Client].Id < target.Client;
    }

    // The first place whose item is not in front of the target.
    private Place Search(List<Chunk> chunks, in Target target)
    {
        int low = 0;
        int high = chunks.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (IsInFront(chunks[middle].Handles[chunks[middle].Count - 1], in target))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == chunks.Count)
        {
            return new Place(low, 0);
        }

        var chunk = chunks[low];
        int from = 0;
        int to = chunk.Count - 1;
        while (from < to)
        {
            int middle = (from + to) >>> 1;
            if (IsInFront(chunk.Handles[middle], in target))
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        return new Place(low, from);
    }

    private Place LastBelow(ulong client, Place limit)
    {
        int count = limit.Index;
        for (int c = limit.Chunk; c >= 0; c--)
        {
            store.CountStep();
            if (c < _order.Count && _order[c].Least < client)
            {
                var chunk = _order[c];
                for (int i = count - 1; i >= 0; i--)
                {
                    store.CountStep();
                    if (store.Clients[store.Items[chunk.Handles[i]].Client].Id < client)
                    {
                        return new Place(c, i);
                    }
                }
            }

            count = c > 0 ? _order[c - 1].Count : 0;
        }

        return new Place(-1, 0);
    }

    private Place Next(Place place) =>
        place.Index + 1 < _order[place.Chunk].Count ? place with { Index = place.Index + 1 } : new Place(place.Chunk + 1, 0);

    private static int At(List<Chunk> chunks, Place place) => place.Chunk < chunks.Count ? chunks[place.Chunk].Handles[place.Index] : -1;

    private void Insert(List<Chunk> chunks, Place place, int handle)
    {
        if (place.Chunk == chunks.Count)
        {
            if (chunks.Count == 0 || chunks[^1].Count == ChunkSize)
            {
                chunks.Add(new Chunk());
            }

            place = new Place(chunks.Count - 1, chunks[^1].Count);
        }

        var chunk = chunks[place.Chunk];
        if (chunk.Count == ChunkSize)
        {
            // At the front of a chunk everything moves on: insertions often come in descending order.
            int keep = place.Index == 0 ? 0 : ChunkSize / 2;
            var upper = new Chunk { Count = ChunkSize - keep };
            Array.Copy(chunk.Handles, keep, upper.Handles, 0, upper.Count);
            chunk.Count = keep;
            chunks.Insert(place.Chunk + 1, upper);
            chunk.Least = LeastOf(chunk);
            upper.Least = LeastOf(upper);
            if (place.Index > keep)
            {
                chunk = upper;
                place = new Place(place.Chunk + 1, place.Index - keep);
            }
        }

        Array.Copy(chunk.Handles, place.Index, chunk.Handles, place.Index + 1, chunk.Count - place.Index);
        chunk.Handles[place.Index] = handle;
        chunk.Count++;
        chunk.Least = Math.Min(chunk.Least, store.Clients[store.Items[handle].Client].Id);
    }

    private ulong LeastOf(Chunk chunk)
    {
        ulong least = ulong.MaxValue;
        foreach (int handle in chunk.Handles.AsSpan(0, chunk.Count))
        {
            least = Math.Min(least, store.Clients[store.Items[handle].Client].Id);
        }

        return least;
    }
}
