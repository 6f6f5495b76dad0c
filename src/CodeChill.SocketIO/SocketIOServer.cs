using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using CodeChill.SocketIO.Adapters;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CodeChill.SocketIO;

/// <summary>
/// A Socket.IO v5 server over Engine.IO v4. Registered by <c>AddSocketIO</c> as a singleton and reachable through <c>MapSocketIO</c>. It closes
/// itself gracefully when the host stops.
/// </summary>
public sealed class SocketIOServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Namespace> _namespaces = new(StringComparer.Ordinal);
    private readonly Lock _matchedGate = new();
    private readonly Meter _meter = new("CodeChill.SocketIO");
    private readonly Counter<long> _disconnects;
    private NamespaceTemplate[] _templates = [];
    private int _matched;
    private int _unjoined;
    private int _sockets;
    private Task? _closed;
    private Cluster? _cluster;

    /// <summary>Creates a server. Applications use <c>AddSocketIO</c> instead.</summary>
    /// <param name="options">Settings; invalid ones are refused here.</param>
    /// <param name="time">Clock of all deadlines.</param>
    /// <param name="logger">Where handlers' failures are logged.</param>
    /// <param name="lifetime">Host whose stopping closes the server; null for none.</param>
    /// <exception cref="InvalidOperationException">A setting is out of range; the message names it.</exception>
    public SocketIOServer(
        IOptions<SocketIOOptions> options, TimeProvider? time = null, ILogger<SocketIOServer>? logger = null, IHostApplicationLifetime? lifetime = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options.Value;
        Time = time ?? TimeProvider.System;
        Log = new EngineLog(logger ?? NullLogger<SocketIOServer>.Instance);
        Engine = new EngineServer(Options, Time, Log, CreateSession);
        Encoder = new PacketEncoder(PacketEncoder.Prepare(Options.Json, Options.MaxDepth));
        Default = Of("/");
        _disconnects = _meter.CreateCounter<long>("socketio.disconnects", description: "Sockets ended, by reason.");
        _meter.CreateObservableGauge("socketio.sessions", () => Engine.Count, description: "Open connections.");
        _meter.CreateObservableGauge("socketio.sockets", () => SocketCount, description: "Sockets in all namespaces.");
        lifetime?.ApplicationStopping.Register(() => _ = CloseAsync());
    }

    /// <summary>The main namespace, <c>/</c>.</summary>
    public Namespace Default { get; }

    /// <summary>The namespaces that exist now.</summary>
    public IReadOnlyCollection<Namespace> Namespaces => [.. _namespaces.Values];

    /// <summary>Open connections of this node.</summary>
    public int SessionCount => Engine.Count;

    /// <summary>Connected sockets of this node, over all namespaces.</summary>
    public int SocketCount => Volatile.Read(ref _sockets);

    internal SocketIOOptions Options { get; }

    internal TimeProvider Time { get; }

    internal EngineLog Log { get; }

    internal EngineServer Engine { get; }

    internal PacketEncoder Encoder { get; }

    internal bool HasMatchers => _templates.Length > 0;

    /// <summary>A namespace by name, created if there is none.</summary>
    /// <param name="name">Name; a missing leading slash is added.</param>
    /// <exception cref="ArgumentException">The name is empty, contains a comma, or is longer than 512 bytes.</exception>
    public Namespace Of(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name[0] != '/') name = "/" + name;
        if (name.Contains(',', StringComparison.Ordinal) || System.Text.Encoding.UTF8.GetByteCount(name) > 512)
            throw new ArgumentException("A namespace's name has at most 512 bytes and no comma.", nameof(name));
        return _namespaces.GetOrAdd(name, static (n, server) => server.CreateNamespace(n, null), this);
    }

    /// <summary>Admits clients to namespaces that don't exist yet, by a rule. Such namespaces last as long as they have clients.</summary>
    /// <param name="matches">Gets the name and the handshake; rules are asked in the order they were added.</param>
    public NamespaceTemplate OfMatching(Func<string, Handshake, ValueTask<bool>> matches)
    {
        ArgumentNullException.ThrowIfNull(matches);
        var template = new NamespaceTemplate(this, matches);
        lock (_matchedGate) _templates = [.. _templates, template];
        return template;
    }

    /// <summary>Admits clients to namespaces whose name matches an expression.</summary>
    /// <param name="pattern">The expression; give it a match timeout if it can backtrack, as clients choose the names.</param>
    public NamespaceTemplate OfMatching(Regex pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return OfMatching((name, _) => ValueTask.FromResult(pattern.IsMatch(name)));
    }

    /// <summary>
    /// Joins a cluster: from now on broadcasts, joins, fetches and disconnects of all namespaces reach the sockets of the other nodes, which may be
    /// Node servers with <c>@socket.io/redis-adapter</c> (its classic protocol). Call it once, before clients are served.
    /// </summary>
    /// <param name="bus">Publish/subscribe between the nodes; the caller disposes it after the server.</param>
    /// <param name="key">Prefix of all channels.</param>
    /// <param name="requestTimeout">How long answers of other nodes are awaited; 5 seconds when null.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="InvalidOperationException">The server is in a cluster already.</exception>
    public async Task UseClusterAsync(IClusterBus bus, string key = "socket.io", TimeSpan? requestTimeout = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(bus);
        var cluster = new Cluster(bus, key, requestTimeout ?? TimeSpan.FromSeconds(5), Time, Log);
        if (Interlocked.CompareExchange(ref _cluster, cluster, null) is not null) throw new InvalidOperationException("The server is in a cluster already.");
        cluster.Start();
        foreach (var nsp in _namespaces.Values)
        {
            if (nsp.Cluster is null) await cluster.AttachAsync(nsp, ct).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Shuts down: refuses handshakes, gives sockets the reason "server shutting down", sends what is queued and ends the connections. Clients
    /// take it as a lost connection and reconnect, to another node if there is one.
    /// </summary>
    /// <param name="ct">Stops waiting; the connections are ended by their deadlines in any case.</param>
    public Task CloseAsync(CancellationToken ct = default)
    {
        lock (_matchedGate) _closed ??= CloseCoreAsync();
        return _closed.WaitAsync(ct);
    }

    /// <summary>Closes the server as <see cref="CloseAsync"/> does and frees its timer.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        Engine.Dispose();
        _meter.Dispose();
    }

    /// <summary>
    /// A namespace for one more client. A matched one is held until <see cref="Release"/>: otherwise it could go with its last client while the
    /// next is being admitted.
    /// </summary>
    internal bool TryReserve(string name, out Namespace nsp)
    {
        if (!_namespaces.TryGetValue(name, out nsp!)) return false;
        if (nsp.Template is null) return true;
        lock (_matchedGate)
        {
            if (!_namespaces.TryGetValue(name, out nsp!)) return false;
            nsp.Reservations++;
            return true;
        }
    }

    internal void Release(Namespace nsp)
    {
        if (nsp.Template is null) return;
        lock (_matchedGate)
        {
            if (--nsp.Reservations > 0) return;
            _namespaces.TryRemove(new KeyValuePair<string, Namespace>(nsp.Name, nsp));
            _matched--;
            _cluster?.Detach(nsp);
        }
    }

    internal async ValueTask<Namespace?> MatchAsync(string name, Handshake handshake)
    {
        foreach (var template in _templates)
        {
            if (!await template.Matches(name, handshake).ConfigureAwait(false)) continue;
            lock (_matchedGate)
            {
                // Another client may have brought it into being meanwhile, or the application.
                if (!_namespaces.TryGetValue(name, out var nsp))
                {
                    if (_matched >= Options.MaxMatchedNamespaces) return null;
                    _matched++;
                    _namespaces[name] = nsp = CreateNamespace(name, template);
                }

                nsp.Reservations++;
                return nsp;
            }
        }

        return null;
    }

    internal void SocketAdded() => Interlocked.Increment(ref _sockets);

    internal void SocketRemoved(string reason)
    {
        Interlocked.Decrement(ref _sockets);
        _disconnects.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }

    internal void SessionJoined() => Interlocked.Decrement(ref _unjoined);

    /// <summary>A connection that never joined gives its place back when it ends, one that joined has done so before.</summary>
    private ClientSession? CreateSession(EngineServer engine, HttpContext http)
    {
        if (Interlocked.Increment(ref _unjoined) > Options.MaxUnjoinedConnections)
        {
            Interlocked.Decrement(ref _unjoined);
            return null;
        }

        return new ClientSession(engine, this, new HandshakeRequest(http, Time.GetUtcNow()));
    }

    private Namespace CreateNamespace(string name, NamespaceTemplate? template)
    {
        var nsp = new Namespace(this, name, template);
        if (_cluster is { } cluster) _ = AttachLateAsync(cluster, nsp);
        return nsp;
    }

    private async Task AttachLateAsync(Cluster cluster, Namespace nsp)
    {
        try
        {
            await cluster.AttachAsync(nsp, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            Log.ClusterMessage("namespace not subscribed", e);
        }
    }

    private async Task CloseCoreAsync()
    {
        await Task.Yield();
        await Engine.CloseAsync().ConfigureAwait(false);
    }
}
