namespace CodeChill.Server.Executions;

/// <summary>
/// Whose turn it is: of what waits, the room that was served longest ago, in it the user who was served longest ago, of theirs the oldest. A
/// room that queues ten holds up nobody else's first, nor does a user in a room. Not safe for use by many threads.
/// </summary>
internal sealed class FairOrder<T>(Func<T, string> roomOf, Func<T, string> userOf)
    where T : class
{
    private const int RememberedTurns = 4096;

    private readonly List<T> _waiting = [];
    private readonly Dictionary<string, long> _rooms = [];
    private readonly Dictionary<string, long> _users = [];
    private long _turn;

    public int Count => _waiting.Count;

    public void Add(T item) => _waiting.Add(item);

    public bool Remove(T item) => _waiting.Remove(item);

    /// <summary>Takes the next one out; null when nothing waits.</summary>
    public T? Next()
    {
        if (Choose(_waiting, _rooms, _users) is not { } chosen)
            return null;
        _waiting.Remove(chosen);
        Serve(chosen, _rooms, _users, ++_turn);
        if (_rooms.Count > RememberedTurns || _users.Count > RememberedTurns)
            Forget();
        return chosen;
    }

    /// <summary>Everything that waits, in the order in which it would be taken if nothing else came.</summary>
    public List<T> Foresee()
    {
        var (left, rooms, users, turn) = (new List<T>(_waiting), new Dictionary<string, long>(_rooms), new Dictionary<string, long>(_users), _turn);
        var order = new List<T>(left.Count);
        while (Choose(left, rooms, users) is { } next)
        {
            left.Remove(next);
            Serve(next, rooms, users, ++turn);
            order.Add(next);
        }

        return order;
    }

    private T? Choose(List<T> from, Dictionary<string, long> rooms, Dictionary<string, long> users)
    {
        T? best = null;
        (long Room, long User) bestTurns = default;
        foreach (var item in from)
        {
            var turns = (rooms.GetValueOrDefault(roomOf(item)), users.GetValueOrDefault(userOf(item)));
            if (best is not null && bestTurns.CompareTo(turns) <= 0)
                continue;
            (best, bestTurns) = (item, turns);
        }

        return best;
    }

    private void Serve(T item, Dictionary<string, long> rooms, Dictionary<string, long> users, long turn)
        => (rooms[roomOf(item)], users[userOf(item)]) = (turn, turn);

    /// <summary>Who was served long ago and who never was are as good as the same.</summary>
    private void Forget()
    {
        foreach (var turns in new[] { _rooms, _users })
        {
            foreach (var (key, turn) in turns.ToList())
            {
                if (turn < _turn - (RememberedTurns / 2))
                    turns.Remove(key);
            }
        }
    }
}
