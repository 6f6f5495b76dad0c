namespace CodeChill.Sandbox;

/// <summary>Where a piece of output came from.</summary>
public enum OutputStream
{
    /// <summary>The program's standard output.</summary>
    Stdout,

    /// <summary>The program's standard error.</summary>
    Stderr,

    /// <summary>What the compiler said.</summary>
    Compile,
}

/// <summary>A piece of output, delivered while the program runs.</summary>
/// <param name="Stream">The stream it was written to.</param>
/// <param name="Bytes">The bytes exactly as written. The memory belongs to the receiver.</param>
/// <param name="Seq">Counts up by one from 0 within a run, over all streams.</param>
public readonly record struct OutputChunk(OutputStream Stream, ReadOnlyMemory<byte> Bytes, int Seq)
{
    /// <summary>
    /// The text of this chunk. Joining the texts of one stream gives the stream decoded as UTF-8: a character cut by a chunk
    /// boundary is held back and appears whole in the next chunk, and invalid bytes appear as U+FFFD. May be empty, and
    /// the last chunk of a stream may have text but no bytes (a character that was never finished).
    /// </summary>
    public string Text { get; init; } = "";
}
