using System.Text.Json;
using System.Text.Unicode;
using CodeChill.Text.Encoding;

namespace CodeChill.Text.Sync;

/// <summary>
/// Who is there and what they point at: the awareness protocol of y-protocols 1. Each client has one JSON state with a
/// clock; the newer clock wins; a state that is not renewed in time goes. Nothing of it is part of a document.
/// Not thread-safe.
/// </summary>
public sealed class Awareness
{
    private static readonly JsonReaderOptions JsonOptions = new() { MaxDepth = 64 };

    private readonly Dictionary<ulong, Entry> _clients = [];
    private readonly AwarenessOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates an empty one.</summary>
    /// <param name="options">Settings; the defaults when null.</param>
    /// <param name="time">The clock for timeouts; the system's when null.</param>
    public Awareness(AwarenessOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new AwarenessOptions();
        _time = time ?? TimeProvider.System;
    }

    // State is null for a client that is gone: its clock must be remembered, or an old message would bring it back.
    private readonly record struct Entry(int Clock, string? State, long Renewed);

    /// <summary>The present clients and their states as JSON.</summary>
    public IReadOnlyDictionary<ulong, string> States =>
        _clients.Where(static c => c.Value.State is not null).ToDictionary(static c => c.Key, static c => c.Value.State!);

    /// <summary>The state of a client as JSON; null when it is not there.</summary>
    /// <param name="client">Its id.</param>
    /// <returns>The JSON text.</returns>
    public string? StateOf(ulong client) => _clients.TryGetValue(client, out var entry) ? entry.State : null;

    /// <summary>Applies an awareness update of a peer.</summary>
    /// <param name="update">The update as y-protocols' <c>encodeAwarenessUpdate</c> writes it.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="UpdateFormatException">The update is malformed or over a limit; nothing changed.</exception>
    public AwarenessChange Apply(ReadOnlySpan<byte> update)
    {
        var entries = Read(update, out int unknown);
        var (added, updated, changed, removed) = NewLists();
        _clients.EnsureCapacity(Math.Min(_options.MaxClients, _clients.Count + unknown));
        added.EnsureCapacity(unknown);
        long now = _time.GetTimestamp();
        foreach (var (client, clock, state) in entries)
        {
            bool known = _clients.TryGetValue(client, out var entry);
            if (known && clock < entry.Clock || (known && clock == entry.Clock && (state is not null || entry.State is null)))
            {
                continue;
            }

            if (!known && clock == 0 && state is null)
            {
                continue;
            }

            _clients[client] = new Entry(clock, state, now);
            if (state is null)
            {
                if (known && entry.State is not null)
                {
                    removed.Add(client);
                }
            }
            else if (!known || entry.State is null)
            {
                added.Add(client);
            }
            else
            {
                updated.Add(client);
                if (state != entry.State)
                {
                    changed.Add(client);
                }
            }
        }

        return new AwarenessChange(added, updated, changed, removed);
    }

    /// <summary>Sets or removes the state of a client that this side speaks for; its clock goes up by one.</summary>
    /// <param name="client">Its id.</param>
    /// <param name="json">The state, or null to remove it.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="ArgumentException">The state is not JSON or too large.</exception>
    public AwarenessChange Set(ulong client, string? json)
    {
        if (json is not null)
        {
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(json);
            if (bytes.Length > _options.MaxStateBytes || !IsJson(bytes) || json == "null")
            {
                throw new ArgumentException("The state is not a JSON value, or too large.", nameof(json));
            }
        }

        bool known = _clients.TryGetValue(client, out var entry);
        _clients[client] = new Entry(known ? entry.Clock + 1 : 0, json, _time.GetTimestamp());
        bool present = known && entry.State is not null;
        return (json, present) switch
        {
            (null, true) => new AwarenessChange([], [], [], [client]),
            (null, false) => new AwarenessChange([], [], [], []),
            (_, false) => new AwarenessChange([client], [], [], []),
            _ => new AwarenessChange([], [client], entry.State == json ? [] : [client], []),
        };
    }

    /// <summary>Removes clients, for example those of a connection that ended.</summary>
    /// <param name="clients">Their ids; unknown ones are ignored.</param>
    /// <returns>What changed; <see cref="Encode"/> of the removed ones tells peers.</returns>
    public AwarenessChange Remove(IEnumerable<ulong> clients)
    {
        ArgumentNullException.ThrowIfNull(clients);
        var removed = new List<ulong>();
        foreach (ulong client in clients)
        {
            if (_clients.TryGetValue(client, out var entry) && entry.State is not null)
            {
                _clients[client] = entry with { State = null };
                removed.Add(client);
            }
        }

        return new AwarenessChange([], [], [], removed);
    }

    /// <summary>Removes the states that were not renewed within <see cref="AwarenessOptions.Timeout"/>. To be called now and then.</summary>
    /// <returns>What changed.</returns>
    public AwarenessChange RemoveOutdated()
    {
        var outdated = _clients.Where(c => _time.GetElapsedTime(c.Value.Renewed) >= _options.Timeout).ToArray();

        // Ten timeouts after a client has gone no message of it is under way any more.
        foreach (var (client, entry) in outdated)
        {
            if (entry.State is null && _time.GetElapsedTime(entry.Renewed) >= _options.Timeout * 10)
            {
                _clients.Remove(client);
            }
        }

        return Remove(outdated.Select(static c => c.Key));
    }

    /// <summary>Writes an awareness update.</summary>
    /// <param name="clients">The clients to tell about, gone ones included; all present ones when null.</param>
    /// <returns>The update; unknown clients are left out.</returns>
    public byte[] Encode(IEnumerable<ulong>? clients = null)
    {
        var known = (clients ?? _clients.Where(static c => c.Value.State is not null).Select(static c => c.Key))
            .Where(_clients.ContainsKey).ToArray();
        var writer = new ByteWriter();
        writer.WriteVarUint(known.Length);
        foreach (ulong client in known)
        {
            var entry = _clients[client];
            writer.WriteVarUint(client);
            writer.WriteVarUint(entry.Clock);
            writer.WriteVarString(entry.State ?? "null");
        }

        return writer.ToArray();
    }

    private static (List<ulong> Added, List<ulong> Updated, List<ulong> Changed, List<ulong> Removed) NewLists() => ([], [], [], []);

    private List<(ulong Client, int Clock, string? State)> Read(ReadOnlySpan<byte> update, out int unknown)
    {
        var reader = new ByteReader(update);
        int count = reader.ReadCount(3);
        var entries = new List<(ulong, int, string?)>(Math.Min(count, _options.MaxClients + 64));
        unknown = 0;
        for (int i = 0; i < count; i++)
        {
            ulong client = reader.ReadVarUint();
            int clock = reader.ReadClock();
            var json = reader.ReadVarBytes();
            if (json.Length > _options.MaxStateBytes)
            {
                reader.Throw($"A state has {json.Length} bytes; {_options.MaxStateBytes} are allowed");
            }

            if (!Utf8.IsValid(json) || !IsJson(json))
            {
                reader.Throw("A state is not valid JSON");
            }

            unknown += _clients.ContainsKey(client) ? 0 : 1;
            entries.Add((client, clock, json.SequenceEqual("null"u8) ? null : System.Text.Encoding.UTF8.GetString(json)));
        }

        if (reader.Remaining > 0)
        {
            reader.Throw("Bytes follow the end of the awareness update");
        }

        if (unknown > 0 && _clients.Count + unknown > _options.MaxClients)
        {
            reader.Throw($"More than {_options.MaxClients} clients");
        }

        return entries;
    }

    private static bool IsJson(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, JsonOptions);
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
