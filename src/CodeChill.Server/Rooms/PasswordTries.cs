namespace CodeChill.Server.Rooms;

/// <summary>
/// Counts wrong passwords of one room: by account in a sliding quarter of an hour, and by the day over all accounts, since guessing with
/// many accounts is still guessing. Members never come here.
/// </summary>
internal sealed class PasswordTries
{
    private readonly Dictionary<string, List<DateTimeOffset>> _byUser = [];
    private readonly Queue<(DateTimeOffset At, string UserId)> _day = new();

    /// <summary>Starts from what was counted before, oldest first.</summary>
    public PasswordTries(IEnumerable<(string UserId, DateTimeOffset At)>? earlier = null)
    {
        foreach (var (userId, at) in earlier ?? [])
            Failed(userId, at);
    }

    /// <summary>How long this account has to wait before it may try, or null when it may now.</summary>
    public TimeSpan? WaitFor(string userId, DateTimeOffset now)
    {
        Expire(now);
        TimeSpan? wait = null;
        if (_byUser.TryGetValue(userId, out var tries) && tries.Count >= RoomLimits.PasswordTries)
            wait = tries[^RoomLimits.PasswordTries] + RoomLimits.PasswordWindow - now;
        if (_day.Count >= RoomLimits.PasswordTriesPerDay && _day.Peek().At + TimeSpan.FromDays(1) - now is var untilTomorrow && untilTomorrow > (wait ?? TimeSpan.Zero))
            wait = untilTomorrow;
        return wait;
    }

    public void Failed(string userId, DateTimeOffset now)
    {
        if (!_byUser.TryGetValue(userId, out var tries))
            _byUser[userId] = tries = [];
        tries.Add(now);
        _day.Enqueue((now, userId));
    }

    /// <summary>The try counted last was the right password: it and the account's earlier slips are forgiven.</summary>
    public void Succeeded(string userId)
    {
        _byUser.Remove(userId);
        var others = _day.Where(t => t.UserId != userId).ToList();
        _day.Clear();
        others.ForEach(_day.Enqueue);
    }

    private void Expire(DateTimeOffset now)
    {
        while (_day.TryPeek(out var oldest) && oldest.At + TimeSpan.FromDays(1) <= now)
            _day.Dequeue();
        foreach (var (userId, tries) in _byUser.ToList())
        {
            tries.RemoveAll(t => t + RoomLimits.PasswordWindow <= now);
            if (tries.Count == 0)
                _byUser.Remove(userId);
        }
    }
}
