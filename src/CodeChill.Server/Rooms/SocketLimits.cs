using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>
/// How fast one user may send events on this node, over all their sockets: edits and cursors generously, what is costly or reaches people
/// less so. The design's burst is 200 edits a second in a room; one typist stays far below.
/// </summary>
internal sealed class SocketLimits(TimeProvider clock)
{
    /// <summary>Connected sockets of one user on this node: tabs and devices, not a flood.</summary>
    public const int SocketsPerUser = 40;

    /// <summary>Connected sockets from one address: a school behind one router, not a flood.</summary>
    public const int SocketsPerAddress = 2_000;

    private readonly EventRateLimiter _edits = new(400, 120, clock);
    private readonly EventRateLimiter _presence = new(400, 120, clock);
    private readonly EventRateLimiter _messages = new(40, 5, clock);
    private readonly EventRateLimiter _rooms = new(200, 10, clock);
    private readonly EventRateLimiter _runs = new(10, 1, clock);
    private readonly EventRateLimiter _keys = new(400, 60, clock);

    /// <summary>Takes one event's worth; the time to wait when there is none left.</summary>
    public TimeSpan? Take(string userId, string eventName)
        => Of(eventName).TryTake(userId, out var wait) ? null : wait;

    private EventRateLimiter Of(string eventName) => eventName switch
    {
        "code_change" or "doc_update" => _edits,
        "cursor_update" or "awareness_update" => _presence,
        "send_message" => _messages,
        "execute_code" or "execution_stop" or "session_start" or "session_stop" or "cases_run" or "cases_stop" => _runs,
        "execution_input" or "session_input" or "session_resize" => _keys,
        _ => _rooms,
    };
}
