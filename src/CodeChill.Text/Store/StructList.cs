namespace CodeChill.Text.Store;

/// <summary>Where an item is among those of its client; good until the next insertion or removal.</summary>
internal readonly record struct StructPlace(int Chunk, int Index);

/// <summary>
/// The items of a client with many of them, in clock order, in chunks, so that a split in the middle moves at most one
/// chunk's handles.
/// </summary>
internal sealed class StructList
{
    public const int ChunkSize = 512;

    public int[][] Chunks = new int[4][];
    public int[] Counts = new int[4];
    public int[] FirstClocks = new int[4];
    public int ChunkCount;

    public void AddChunk(int at, int[] chunk, int count, int firstClock)
    {
        if (ChunkCount == Chunks.Length)
        {
            Array.Resize(ref Chunks, ChunkCount * 2);
            Array.Resize(ref Counts, ChunkCount * 2);
            Array.Resize(ref FirstClocks, ChunkCount * 2);
        }

        Array.Copy(Chunks, at, Chunks, at + 1, ChunkCount - at);
        Array.Copy(Counts, at, Counts, at + 1, ChunkCount - at);
        Array.Copy(FirstClocks, at, FirstClocks, at + 1, ChunkCount - at);
        Chunks[at] = chunk;
        Counts[at] = count;
        FirstClocks[at] = firstClock;
        ChunkCount++;
    }

    public void RemoveChunk(int at)
    {
        ChunkCount--;
        Array.Copy(Chunks, at + 1, Chunks, at, ChunkCount - at);
        Array.Copy(Counts, at + 1, Counts, at, ChunkCount - at);
        Array.Copy(FirstClocks, at + 1, FirstClocks, at, ChunkCount - at);
        Chunks[ChunkCount] = null!;
    }
}
