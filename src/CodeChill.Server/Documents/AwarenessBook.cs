using System.Text;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Documents;

/// <summary>
/// The y-protocols awareness states of a room: for each Yjs client id its clock and its state, and which socket brought it. States are
/// passed on as they came; the book is for newcomers, who are told the whole of it, and for sockets that go without a word, whose states
/// are then cleared for the others. Wire form: count, then per client: id, clock, state as JSON text ("null" = gone).
/// </summary>
internal sealed class AwarenessBook
{
    /// <summary>Client ids one socket may speak for: its own, and those of a reloaded page it still clears.</summary>
    private const int ClientsPerSocket = 8;

    private readonly Dictionary<ulong, Entry> _entries = [];

    /// <summary>Takes in an update of a socket. Null when it was well-formed; otherwise nothing was taken in.</summary>
    public Error? Apply(string socketId, ReadOnlySpan<byte> update)
    {
        var read = new List<(ulong Client, ulong Clock, string State)>();
        var rest = update;
        if (!TryVarUint(ref rest, out var count) || count > ClientsPerSocket * 8)
            return DocumentErrors.InvalidAwareness;
        for (ulong i = 0; i < count; i++)
        {
            if (!TryVarUint(ref rest, out var client) || !TryVarUint(ref rest, out var clock) || !TryVarUint(ref rest, out var length)
                || length > (ulong)rest.Length)
                return DocumentErrors.InvalidAwareness;
            string state;
            try
            {
                state = Strict.GetString(rest[..(int)length]);
                using var json = System.Text.Json.JsonDocument.Parse(state);
            }
            catch (Exception malformed) when (malformed is DecoderFallbackException or System.Text.Json.JsonException)
            {
                return DocumentErrors.InvalidAwareness;
            }

            read.Add((client, clock, state));
            rest = rest[(int)length..];
        }

        if (!rest.IsEmpty)
            return DocumentErrors.InvalidAwareness;
        foreach (var (client, clock, state) in read)
        {
            var known = _entries.TryGetValue(client, out var entry);
            // A state that another socket brought is not this one's to change; only its owner and time take it away.
            if (known && (entry!.SocketId != socketId || entry.Clock > clock))
                continue;
            if (state == "null")
                _entries.Remove(client);
            else if (known || _entries.Values.Count(e => e.SocketId == socketId) < ClientsPerSocket)
                _entries[client] = new Entry(socketId, clock, state);
        }

        return null;
    }

    /// <summary>All states as one update, or null when there are none.</summary>
    public byte[]? Encode() => _entries.Count == 0 ? null : Encode(_entries.Select(e => (e.Key, e.Value.Clock, e.Value.State)));

    /// <summary>Forgets what a socket brought; the update tells the others, null when there was nothing.</summary>
    public byte[]? Remove(string socketId)
    {
        var gone = _entries.Where(e => e.Value.SocketId == socketId).ToList();
        if (gone.Count == 0)
            return null;
        gone.ForEach(e => _entries.Remove(e.Key));
        return Encode(gone.Select(e => (e.Key, e.Value.Clock + 1, "null")));
    }

    private static readonly UTF8Encoding Strict = new(false, true);

    private static byte[] Encode(IEnumerable<(ulong Client, ulong Clock, string State)> states)
    {
        var list = states.ToList();
        var bytes = new List<byte>();
        AddVarUint(bytes, (ulong)list.Count);
        foreach (var (client, clock, state) in list)
        {
            AddVarUint(bytes, client);
            AddVarUint(bytes, clock);
            var text = Encoding.UTF8.GetBytes(state);
            AddVarUint(bytes, (ulong)text.Length);
            bytes.AddRange(text);
        }

        return [.. bytes];
    }

    private static void AddVarUint(List<byte> bytes, ulong value)
    {
        while (value > 0x7f)
        {
            bytes.Add((byte)(0x80 | (value & 0x7f)));
            value >>= 7;
        }

        bytes.Add((byte)value);
    }

    /// <summary>lib0's variable-length unsigned integer, at most 53 bits as JavaScript counts.</summary>
    private static bool TryVarUint(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 56 && !rest.IsEmpty; shift += 7)
        {
            var b = rest[0];
            rest = rest[1..];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value < 1UL << 53;
        }

        return false;
    }

    private sealed record Entry(string SocketId, ulong Clock, string State);
}
