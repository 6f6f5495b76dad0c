using CodeChill.Text;

namespace CodeChill.Server.History;

/// <summary>
/// Which user brought which operations of a document. Yjs numbers the operations of each client; a range of them goes to the user whose
/// edit brought it. The clients of whole-text users share the server's client id, so a client is not a user. A browser's own client is: what
/// somebody else's replica brings back of it, after a crash, stays its first user's.
/// </summary>
internal sealed class AuthorLedger
{
    private readonly List<string?> _users = [];
    private readonly Dictionary<string, int> _indices = [];
    private readonly Dictionary<ulong, Client> _clients = [];

    public void Add(IdRange range, string? userId, bool isReplica)
    {
        if (!_clients.TryGetValue(range.Client, out var client))
            _clients[range.Client] = client = new Client { Owner = isReplica ? IndexOf(userId) : -1 };
        var user = isReplica && client.Owner >= 0 ? client.Owner : IndexOf(userId);
        var ranges = client.Ranges;
        var at = ranges.Count;
        while (at > 0 && ranges[at - 1].Start > range.Clock)
            at--;
        if (at > 0 && ranges[at - 1] is var before && before.End == range.Clock && before.User == user)
            ranges[at - 1] = before with { End = range.End };
        else
            ranges.Insert(at, new Range(range.Clock, range.End, user));
    }

    /// <summary>The users of a range of operations, in order; a null user where nobody is known.</summary>
    public IEnumerable<(int Length, string? UserId)> Find(IdRange range)
    {
        var at = range.Clock;
        if (_clients.TryGetValue(range.Client, out var client))
        {
            for (var i = FirstEndingAfter(client.Ranges, at); i < client.Ranges.Count && at < range.End; i++)
            {
                var known = client.Ranges[i];
                if (known.Start > at)
                {
                    var gap = Math.Min(known.Start, range.End) - at;
                    yield return (gap, null);
                    at += gap;
                }

                if (at >= range.End)
                    break;
                var length = Math.Min(known.End, range.End) - at;
                yield return (length, _users[known.User]);
                at += length;
            }
        }

        if (at < range.End)
            yield return (range.End - at, null);
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write7BitEncodedInt(_users.Count);
        foreach (var user in _users)
            writer.Write(user ?? "");
        writer.Write7BitEncodedInt(_clients.Count);
        foreach (var (id, client) in _clients)
        {
            writer.Write(id);
            writer.Write7BitEncodedInt(client.Owner + 1);
            writer.Write7BitEncodedInt(client.Ranges.Count);
            foreach (var (start, end, user) in client.Ranges)
            {
                writer.Write7BitEncodedInt(start);
                writer.Write7BitEncodedInt(end - start);
                writer.Write7BitEncodedInt(user);
            }
        }
    }

    public static AuthorLedger Read(BinaryReader reader)
    {
        var ledger = new AuthorLedger();
        for (var users = reader.Read7BitEncodedInt(); users > 0; users--)
            ledger.IndexOf(reader.ReadString() is { Length: > 0 } user ? user : null);
        for (var clients = reader.Read7BitEncodedInt(); clients > 0; clients--)
        {
            var client = ledger._clients[reader.ReadUInt64()] = new Client { Owner = reader.Read7BitEncodedInt() - 1 };
            for (var ranges = reader.Read7BitEncodedInt(); ranges > 0; ranges--)
            {
                var start = reader.Read7BitEncodedInt();
                client.Ranges.Add(new Range(start, start + reader.Read7BitEncodedInt(), reader.Read7BitEncodedInt()));
            }
        }

        return ledger;
    }

    private static int FirstEndingAfter(List<Range> ranges, int clock)
    {
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].End <= clock)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private int IndexOf(string? user)
    {
        if (_indices.TryGetValue(user ?? "", out var index))
            return index;
        _users.Add(user);
        return _indices[user ?? ""] = _users.Count - 1;
    }

    private sealed class Client
    {
        /// <summary>The index of the user whose browser this is; -1 for a client of ours.</summary>
        public required int Owner { get; init; }

        public List<Range> Ranges { get; } = [];
    }

    private readonly record struct Range(int Start, int End, int User);
}
