using System.Text.Json;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Documents;

/// <summary>
/// The y-protocols awareness states of a room: for each Yjs client id its clock and its state, and which socket brought it. News is passed on
/// as it came; the book is for newcomers, who are told the whole of it, and for sockets that go without a word, whose states are then cleared
/// for the others. A provider repeats what it hears of others: only a state's own socket, or a later one of the same user, may change it.
/// </summary>
internal sealed class AwarenessBook
{
    /// <summary>Client ids one socket may speak for: its own, and those of a reloaded page it still clears. A newer one takes the oldest one's place.</summary>
    private const int ClientsPerSocket = 8;

    /// <summary>Clients that went lately: a late repetition must not bring them back.</summary>
    private const int GoneClients = 256;

    private readonly Dictionary<ulong, Known> _clients = [];
    private readonly Dictionary<ulong, ulong> _gone = [];
    private readonly Queue<ulong> _goneInOrder = new();
    private long _arrivals;

    /// <summary>
    /// Takes in an update of a socket. Null when it was well-formed; otherwise nothing was taken in. <paramref name="news"/> is what the others
    /// have to hear: the update itself when all of it is new, empty when nothing is.
    /// </summary>
    public Error? Apply(string socketId, string userId, ReadOnlyMemory<byte> update, out ReadOnlyMemory<byte> news)
    {
        news = default;
        if (AwarenessUpdate.Read(update) is not { } entries)
            return DocumentErrors.InvalidAwareness;
        var taken = entries.Where(e => MayChange(socketId, userId, e)).ToList();
        if (taken.Exists(e => e.State.Length > DocumentLimits.AwarenessBytes || !IsJson(e.State.Span)))
            return DocumentErrors.InvalidAwareness;
        var told = taken.ToList();
        foreach (var entry in taken)
        {
            if (entry.IsGone)
            {
                Forget(entry.Client, entry.Clock);
                continue;
            }

            // The update's bytes are kept by whoever passes it on; the book must not pin a large one for a small state.
            _clients[entry.Client] = new Known(socketId, userId, ++_arrivals, entry with { State = entry.State.ToArray() });
            if (OldestBeyondLimit(socketId) is { } oldest)
            {
                var left = new AwarenessUpdate.Entry(oldest.Client, oldest.Clock + 1, AwarenessUpdate.Entry.Null);
                Forget(left.Client, left.Clock);
                told.Add(left);
            }
        }

        news = told.Count == 0 ? default : taken.Count == entries.Count && told.Count == taken.Count ? update : AwarenessUpdate.Write(told);
        return null;
    }

    /// <summary>All states as one update, or null when there are none.</summary>
    public byte[]? Encode() => _clients.Count == 0 ? null : AwarenessUpdate.Write([.. _clients.Values.Select(k => k.Entry)]);

    /// <summary>Forgets what a socket brought; the update tells the others, null when there was nothing.</summary>
    public byte[]? Remove(string socketId)
    {
        var gone = _clients.Values.Where(k => k.SocketId == socketId)
            .Select(k => new AwarenessUpdate.Entry(k.Entry.Client, k.Entry.Clock + 1, AwarenessUpdate.Entry.Null)).ToList();
        if (gone.Count == 0)
            return null;
        gone.ForEach(e => Forget(e.Client, e.Clock));
        return AwarenessUpdate.Write(gone);
    }

    /// <summary>The state that this socket has not renewed for the longest time, when it has one too many.</summary>
    private AwarenessUpdate.Entry? OldestBeyondLimit(string socketId)
    {
        var own = _clients.Values.Where(k => k.SocketId == socketId).ToList();
        return own.Count > ClientsPerSocket ? own.MinBy(k => k.Arrival)!.Entry : null;
    }

    private bool MayChange(string socketId, string userId, AwarenessUpdate.Entry entry)
    {
        if (!_clients.TryGetValue(entry.Client, out var known))
            return !entry.IsGone && !(_gone.TryGetValue(entry.Client, out var last) && entry.Clock <= last);
        // As y-protocols has it: the newer clock wins, and "gone" wins over a state of the same clock.
        if (known.SocketId == socketId)
            return entry.Clock > known.Entry.Clock || (entry.Clock == known.Entry.Clock && entry.IsGone);
        return known.UserId == userId && entry.Clock > known.Entry.Clock;
    }

    private void Forget(ulong client, ulong clock)
    {
        _clients.Remove(client);
        if (_gone.TryAdd(client, clock))
            _goneInOrder.Enqueue(client);
        else
            _gone[client] = clock;
        if (_goneInOrder.Count > GoneClients)
            _gone.Remove(_goneInOrder.Dequeue());
    }

    private static bool IsJson(ReadOnlySpan<byte> state)
    {
        var reader = new Utf8JsonReader(state);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    // Invalid UTF-8 within a string shows only when it is asked for.
                    _ = reader.GetString();
            }

            return true;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private sealed record Known(string SocketId, string UserId, long Arrival, AwarenessUpdate.Entry Entry);
}
