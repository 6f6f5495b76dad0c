using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>A client known to the store.</summary>
internal struct Client
{
    public ulong Id;

    /// <summary>The next clock that is missing: all operations below are in the store.</summary>
    public int State;

    public int Count;

    /// <summary>The handle of the only item, while <see cref="Small"/> is empty.</summary>
    public int Single;

    /// <summary>The handles of up to <see cref="StructList.ChunkSize"/> items in clock order.</summary>
    public int[] Small;

    /// <summary>The same for more than that.</summary>
    public StructList? Large;

    /// <summary>Where the last search ended: edits stay close to each other.</summary>
    public int Hint;

    /// <summary>The part of the arena where the client's next content goes.</summary>
    public int PageNext;
    public int PageEnd;

    /// <summary>The change in which <see cref="StateBefore"/> was noted.</summary>
    public int Stamp;
    public int StateBefore;
}

internal sealed partial class ItemStore
{
    private readonly SlotTable _clientSlots;
    private ulong _lastClientId;
    private int _lastClient = -1;

    public Paged<Client> Clients;

    public int ClientCount { get; private set; }

    /// <summary>The current change; a client touched for the first time in it is put on <see cref="Touched"/>.</summary>
    public int Stamp { get; private set; } = 1;

    /// <summary>The clients that got operations in the current change.</summary>
    public List<int> Touched { get; } = [];

    public void BeginChange()
    {
        Stamp++;
        Touched.Clear();
        Repaired.Clear();
        _siblings = null;
        _spent = 0;
    }

    public int FindClient(ulong id)
    {
        if (id == _lastClientId && _lastClient >= 0)
        {
            return _lastClient;
        }

        int slot = _clientSlots.Start(HashOf(id));
        while (_clientSlots.Next(ref slot, out int index))
        {
            if (Clients[index].Id == id)
            {
                _lastClientId = id;
                _lastClient = index;
                return index;
            }
        }

        return -1;
    }

    // Seeded for each process: nobody can prepare ids that collide.
    private static int HashOf(ulong id) => HashCode.Combine(id);

    public int StateOf(ulong id)
    {
        int client = FindClient(id);
        return client < 0 ? 0 : Clients[client].State;
    }

    /// <summary>Makes room for new clients without growing in between.</summary>
    public void ReserveClients(int more)
    {
        _clientSlots.Ensure(ClientCount + more);
        Touched.EnsureCapacity(more);
    }

    public int GetOrAddClient(ulong id)
    {
        int index = FindClient(id);
        if (index >= 0)
        {
            return index;
        }

        if (ClientCount >= 1 << 23)
        {
            throw new UpdateFormatException("The document has too many clients.");
        }

        index = ClientCount++;
        Clients.Ensure(ClientCount);
        Clients[index] = new Client { Id = id, Small = [] };
        _clientSlots.Add(index);
        return index;
    }

    /// <summary>The item that holds an operation; the operation must be in the store.</summary>
    public int Find(int client, int clock, out StructPlace place)
    {
        ref var owner = ref Clients[client];
        if (owner.Large is { } large)
        {
            int chunk = FindChunk(large, clock);
            int index = FindIn(large.Chunks[chunk], large.Counts[chunk], clock, ref owner.Hint);
            place = new StructPlace(chunk, index);
            return large.Chunks[chunk][index];
        }

        if (owner.Small.Length == 0)
        {
            place = new StructPlace(-1, 0);
            return owner.Single;
        }

        int found = FindIn(owner.Small, owner.Count, clock, ref owner.Hint);
        place = new StructPlace(-1, found);
        return owner.Small[found];
    }

    public int Find(int client, int clock) => Find(client, clock, out _);

    private static int FindChunk(StructList large, int clock)
    {
        int low = 0;
        int high = large.ChunkCount - 1;
        if (large.FirstClocks[high] <= clock)
        {
            return high;
        }

        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (large.FirstClocks[middle] <= clock)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private int FindIn(int[] handles, int count, int clock, ref int hint)
    {
        int high = count - 1;
        var items = Items;
        if (items[handles[high]].Clock <= clock)
        {
            return high;
        }

        int low = 0;
        int near = hint;
        if (near < high)
        {
            if (items[handles[near]].Clock > clock)
            {
                high = near - 1;
            }
            else if (items[handles[near + 1]].Clock > clock)
            {
                return near;
            }
            else
            {
                low = near + 1;
            }
        }

        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (items[handles[middle]].Clock <= clock)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        hint = low;
        return low;
    }

    public int At(int client, StructPlace place)
    {
        ref var owner = ref Clients[client];
        return place.Chunk >= 0 ? owner.Large!.Chunks[place.Chunk][place.Index]
            : owner.Small.Length == 0 ? owner.Single
            : owner.Small[place.Index];
    }

    /// <summary>Moves to the next item of the client.</summary>
    public bool TryNext(int client, ref StructPlace place, out int handle)
    {
        ref var owner = ref Clients[client];
        if (owner.Large is { } large)
        {
            int chunk = place.Chunk;
            int index = place.Index + 1;
            if (index == large.Counts[chunk])
            {
                if (++chunk == large.ChunkCount)
                {
                    handle = -1;
                    return false;
                }

                index = 0;
            }

            place = new StructPlace(chunk, index);
            handle = large.Chunks[chunk][index];
            return true;
        }

        if (place.Index + 1 == owner.Count)
        {
            handle = -1;
            return false;
        }

        place = new StructPlace(-1, place.Index + 1);
        handle = owner.Small[place.Index];
        return true;
    }

    /// <summary>Moves to the previous item of the client.</summary>
    private bool TryPrevious(int client, ref StructPlace place, out int handle)
    {
        ref var owner = ref Clients[client];
        if (owner.Large is { } large)
        {
            int chunk = place.Chunk;
            int index = place.Index - 1;
            if (index < 0)
            {
                if (--chunk < 0)
                {
                    handle = -1;
                    return false;
                }

                index = large.Counts[chunk] - 1;
            }

            place = new StructPlace(chunk, index);
            handle = large.Chunks[chunk][index];
            return true;
        }

        if (place.Index == 0)
        {
            handle = -1;
            return false;
        }

        place = new StructPlace(-1, place.Index - 1);
        handle = owner.Small[place.Index];
        return true;
    }

    /// <summary>Adds an item behind all others of its client and moves the client's state on.</summary>
    private void AppendStruct(int client, int handle)
    {
        ref var owner = ref Clients[client];
        ref var item = ref Items[handle];
        Touch(client, ref owner);
        owner.State = item.End;
        owner.Count++;
        if (owner.Large is { } large)
        {
            int last = large.ChunkCount - 1;
            if (large.Counts[last] == StructList.ChunkSize)
            {
                var chunk = new int[StructList.ChunkSize];
                chunk[0] = handle;
                large.AddChunk(last + 1, chunk, 1, item.Clock);
            }
            else
            {
                large.Chunks[last][large.Counts[last]++] = handle;
            }

            return;
        }

        if (owner.Count == 1 && owner.Small.Length == 0)
        {
            owner.Single = handle;
            return;
        }

        if (owner.Count > owner.Small.Length && !GrowSmall(ref owner))
        {
            owner.Count--;
            MakeLarge(ref owner);
            owner.Count++;
            var chunk = new int[StructList.ChunkSize];
            chunk[0] = handle;
            owner.Large!.AddChunk(1, chunk, 1, item.Clock);
            return;
        }

        owner.Small[owner.Count - 1] = handle;
    }

    private void Touch(int client, ref Client owner)
    {
        if (owner.Stamp != Stamp)
        {
            owner.Stamp = Stamp;
            owner.StateBefore = owner.State;
            Touched.Add(client);
        }
    }

    private static bool GrowSmall(ref Client owner)
    {
        int length = owner.Small.Length;
        if (length >= StructList.ChunkSize)
        {
            return false;
        }

        Array.Resize(ref owner.Small, Math.Min(StructList.ChunkSize, Math.Max(4, length * 2)));
        if (length == 0)
        {
            owner.Small[0] = owner.Single;
        }

        return true;
    }

    private void MakeLarge(ref Client owner)
    {
        var large = new StructList();
        large.AddChunk(0, owner.Small, owner.Count, Items[owner.Small[0]].Clock);
        owner.Large = large;
        owner.Small = [];
    }

    /// <summary>Puts the right part of a split behind the item at <paramref name="place"/>, which may have to move.</summary>
    private void InsertStruct(int client, ref StructPlace place, int handle)
    {
        ref var owner = ref Clients[client];
        if (owner.Large is null)
        {
            if (owner.Count < owner.Small.Length || GrowSmall(ref owner))
            {
                Insert(owner.Small, owner.Count++, place.Index + 1, handle);
                return;
            }

            MakeLarge(ref owner);
            place = new StructPlace(0, place.Index);
        }

        owner.Count++;
        var large = owner.Large!;
        if (large.Counts[place.Chunk] == StructList.ChunkSize)
        {
            // Cuts often come one behind or in front of the other: then the full chunk stays (nearly) full.
            int keep = place.Index + 1 >= StructList.ChunkSize - 1 ? place.Index
                : place.Index == 0 ? 1
                : StructList.ChunkSize / 2;
            var upper = new int[StructList.ChunkSize];
            int moved = StructList.ChunkSize - keep;
            Array.Copy(large.Chunks[place.Chunk], keep, upper, 0, moved);
            large.Counts[place.Chunk] = keep;
            large.AddChunk(place.Chunk + 1, upper, moved, Items[upper[0]].Clock);
            if (place.Index >= keep)
            {
                place = new StructPlace(place.Chunk + 1, place.Index - keep);
            }
        }

        Insert(large.Chunks[place.Chunk], large.Counts[place.Chunk]++, place.Index + 1, handle);
    }

    private static void Insert(int[] handles, int count, int index, int handle)
    {
        Array.Copy(handles, index, handles, index + 1, count - index);
        handles[index] = handle;
    }

    private void RemoveStruct(int client, StructPlace place)
    {
        ref var owner = ref Clients[client];
        owner.Count--;
        if (owner.Large is not { } large)
        {
            Array.Copy(owner.Small, place.Index + 1, owner.Small, place.Index, owner.Count - place.Index);
            return;
        }

        var handles = large.Chunks[place.Chunk];
        int count = --large.Counts[place.Chunk];
        if (count == 0)
        {
            large.RemoveChunk(place.Chunk);
            return;
        }

        Array.Copy(handles, place.Index + 1, handles, place.Index, count - place.Index);
        if (place.Index == 0)
        {
            large.FirstClocks[place.Chunk] = Items[handles[0]].Clock;
        }
    }
}
