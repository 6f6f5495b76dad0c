namespace CodeChill.Text;

/// <summary>Settings of a <see cref="Document"/>.</summary>
public sealed class DocumentOptions
{
    /// <summary>The largest client id: 2^53 - 1, the largest integer a JavaScript peer can hold.</summary>
    public const ulong MaxClientId = (1UL << 53) - 1;

    /// <summary>The id that local edits carry.</summary>
    /// <value>Defaults to a random number of 32 bits, as Yjs picks it. Two live documents must never share one.</value>
    public ulong? ClientId { get; set; }

    /// <summary>The largest update that is accepted, in bytes.</summary>
    /// <value>Defaults to 64 MiB.</value>
    public int MaxUpdateBytes { get; set; } = 64 << 20;

    /// <summary>How many bytes of updates may wait for updates that they depend on.</summary>
    /// <value>Defaults to 8 MiB. An update that would go beyond is refused and changes nothing.</value>
    public int MaxPendingBytes { get; set; } = 8 << 20;

    /// <summary>
    /// Whether updates of format V2, where repetitions take no bytes, are refused when they may become far more items than
    /// their bytes stand for: beyond 10,000 and 0.35 for each byte up to 100 KiB, 2 for each byte above. Every struct counts
    /// one, and each of its neighbours and two for each deleted range, because they may cut others; two for each client.
    /// </summary>
    /// <value>Defaults to true. False for bytes from a trusted place.</value>
    public bool LimitExpansion { get; set; } = true;
}
