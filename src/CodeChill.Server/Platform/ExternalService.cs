namespace CodeChill.Server.Platform;

/// <summary>How a service outside is doing, as its last answers say; nobody asks it just for this. <paramref name="Reason"/> is for operators and holds no secret.</summary>
internal sealed record ExternalState(string Status, string? Reason = null, DateTimeOffset? Since = null, DateTimeOffset? LastAnswerAt = null)
{
    public const string Healthy = "healthy";
    public const string Degraded = "degraded";

    /// <summary>Nothing was asked of it yet.</summary>
    public const string Unused = "unused";
}

/// <summary>
/// A service outside that this server can do without: register one as a singleton and <c>/health</c> lists it. While it fails the server is
/// degraded, never down.
/// </summary>
internal sealed class ExternalService(string name, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private ExternalState _state = new(ExternalState.Unused);

    public string Name { get; } = name;

    public ExternalState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
    }

    public void Answered()
    {
        var now = clock.GetUtcNow();
        lock (_gate)
            _state = new(ExternalState.Healthy, null, _state.Status == ExternalState.Healthy ? _state.Since : now, now);
    }

    public void Failed(string reason)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
            _state = new(ExternalState.Degraded, reason, _state.Status == ExternalState.Degraded ? _state.Since : now, _state.LastAnswerAt);
    }
}
