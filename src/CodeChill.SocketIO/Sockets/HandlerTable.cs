using System.Text;

namespace CodeChill.SocketIO.Sockets;

/// <summary>
/// The handlers of one socket. A handful of names is the rule, so it is an array that is searched in order; it costs an idle socket
/// little and finds a name straight from the received bytes. Copied on write: handlers may be added while events are dispatched.
/// </summary>
internal sealed class HandlerTable
{
    private Entry[] _entries = [];

    public void Add(string name, Func<SocketEvent, ValueTask> handler)
    {
        var entries = _entries;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].Name != name) continue;
            var copy = (Entry[])entries.Clone();
            copy[i] = new Entry(name, [.. entries[i].Handlers, handler]);
            _entries = copy;
            return;
        }

        _entries = [.. entries, new Entry(name, [handler])];
    }

    public void Remove(string name) => _entries = [.. _entries.Where(e => e.Name != name)];

    public Func<SocketEvent, ValueTask>[] Find(string name)
    {
        foreach (var entry in _entries)
        {
            if (ReferenceEquals(entry.Name, name) || entry.Name == name) return entry.Handlers;
        }

        return [];
    }

    /// <summary>The registered string for a received name, so that known events allocate none.</summary>
    public string? Known(ReadOnlySpan<byte> utf8)
    {
        foreach (var entry in _entries)
        {
            if (entry.Name.Length == utf8.Length && Ascii.Equals(utf8, entry.Name)) return entry.Name;
        }

        return null;
    }

    private readonly record struct Entry(string Name, Func<SocketEvent, ValueTask>[] Handlers);
}
