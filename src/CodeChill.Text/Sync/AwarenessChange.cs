namespace CodeChill.Text.Sync;

/// <summary>What a call changed in an <see cref="Awareness"/>, by client id.</summary>
/// <param name="Added">Clients that have a state now and had none.</param>
/// <param name="Updated">Clients whose state was sent again, changed or not.</param>
/// <param name="Changed">Those of <paramref name="Updated"/> whose state is another one now.</param>
/// <param name="Removed">Clients that have no state any more.</param>
public sealed record AwarenessChange(
    IReadOnlyList<ulong> Added, IReadOnlyList<ulong> Updated, IReadOnlyList<ulong> Changed, IReadOnlyList<ulong> Removed)
{
    /// <summary>Whether nothing happened: everything was known already or older than what is known.</summary>
    public bool IsEmpty => Added.Count == 0 && Updated.Count == 0 && Removed.Count == 0;

    /// <summary>All clients that peers should hear of.</summary>
    public IReadOnlyList<ulong> All => [.. Added, .. Updated, .. Removed];
}
