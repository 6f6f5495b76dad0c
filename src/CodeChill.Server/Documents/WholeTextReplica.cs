namespace CodeChill.Server.Documents;

/// <summary>
/// What the server knows of the text that one whole-text client holds. Such a client names only a version, and may have several changes in
/// flight that were all typed on the same one; so a change's base is that version <em>plus the client's own changes since, as long as it
/// has not replaced its text by one we sent</em>. An epoch begins with each text sent: own changes count only within their epoch.
/// </summary>
internal sealed class WholeTextReplica
{
    private readonly List<long> _sentVersions = [];

    /// <summary>The newest version whose text this client is known to hold or to have been sent.</summary>
    public long Held { get; private set; }

    /// <summary>
    /// Whether a change typed on <paramref name="version"/> may have been crossed by a text on its way to the client: then the client loses
    /// its own change to that text for a moment, and has to be sent the merged one even if it equals what it typed.
    /// </summary>
    public bool IsCrossed(long version) => _sentVersions.Count > 0 && _sentVersions[^1] > version;

    /// <summary>The client was sent the text of <paramref name="version"/> and replaces its own by it.</summary>
    public void Sent(long version)
    {
        if (_sentVersions.Count == 0 || _sentVersions[^1] < version)
            _sentVersions.Add(version);
        Held = Math.Max(Held, version);
    }

    /// <summary>The client's text was taken as it is: it holds <paramref name="version"/> without having been sent it.</summary>
    public void TakenAsIs(long version) => Held = Math.Max(Held, version);

    /// <summary>The version whose sent text a change typed on <paramref name="version"/> goes back to.</summary>
    public long EpochOf(long version)
    {
        var index = _sentVersions.BinarySearch(version);
        if (index >= 0)
            return version;
        return ~index > 0 ? _sentVersions[~index - 1] : 0;
    }

    /// <summary>Forgets what lies before the versions that are still known.</summary>
    public void Forget(long before)
    {
        var keepFrom = _sentVersions.FindLastIndex(v => v <= before);
        if (keepFrom > 0)
            _sentVersions.RemoveRange(0, keepFrom);
    }
}
