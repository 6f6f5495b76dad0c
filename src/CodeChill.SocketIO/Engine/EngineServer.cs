using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Transports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CodeChill.SocketIO.Engine;

/// <summary>
/// The HTTP edge of Engine.IO v4: checks a request in the reference's order (transport, origin, session, method, version), opens
/// sessions and hands requests to their transport. It knows nothing of Socket.IO; what a session does with messages is its subclass's.
/// </summary>
internal sealed class EngineServer : IDisposable
{
    private readonly ConcurrentDictionary<string, EngineSession> _sessions = new(StringComparer.Ordinal);
    private readonly Func<EngineServer, HttpContext, EngineSession?> _create;
    private readonly OriginPolicy _origins;
    private readonly bool _polling;
    private readonly bool _webSocket;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _closing;
    private int _connections;

    public EngineServer(SocketIOOptions options, TimeProvider time, EngineLog log, Func<EngineServer, HttpContext, EngineSession?> create)
    {
        options.Validate();
        Options = options;
        Time = time;
        Log = log;
        _create = create;
        _origins = new OriginPolicy(options);
        _polling = options.Transports.Contains("polling");
        _webSocket = options.Transports.Contains("websocket");
        PingIntervalMs = Ms(options.PingInterval);
        PingTimeoutMs = Ms(options.PingTimeout);
        UpgradeTimeoutMs = Ms(options.UpgradeTimeout);

        // Fine enough that a deadline is late by a few per cent at most, coarse enough to be free.
        double shortest = new[] { options.PingInterval, options.PingTimeout, options.UpgradeTimeout, options.ConnectTimeout, options.AttachmentTimeout }
            .Min().TotalMilliseconds;
        Wheel = new TimerWheel(time, TimeSpan.FromMilliseconds(Math.Clamp(shortest / 40, 5, 100)));
        Flusher = new FlushScheduler(Environment.ProcessorCount);
    }

    public SocketIOOptions Options { get; }

    public TimeProvider Time { get; }

    public EngineLog Log { get; }

    public TimerWheel Wheel { get; }

    public FlushScheduler Flusher { get; }

    public long PingIntervalMs { get; }

    public long PingTimeoutMs { get; }

    public long UpgradeTimeoutMs { get; }

    public int Count => _sessions.Count;

    /// <summary>Refuses handshakes, ends all sessions after what they have queued and completes when their connections are over.</summary>
    public Task CloseAsync()
    {
        _closing = true;
        foreach (var session in _sessions.Values) session.Close(DisconnectReasons.ServerShuttingDown, null, CloseKind.Flush);
        CheckDrained();
        return _drained.Task;
    }

    public void Remove(EngineSession session)
    {
        if (_sessions.TryRemove(new KeyValuePair<string, EngineSession>(session.Id, session))) CheckDrained();
    }

    public void Dispose() => Wheel.Dispose();

    public Task HandleAsync(HttpContext http)
    {
        if (!http.Request.Path.Value!.EndsWith('/'))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        if (!_origins.Allows(http.Request)) return EngineError.Forbidden.WriteAsync(http);
        if (_origins.Configured && HttpMethods.IsOptions(http.Request.Method))
        {
            _origins.Preflight(http);
            return Task.CompletedTask;
        }

        _origins.Apply(http);
        var query = http.Request.Query;
        string? transport = query["transport"] is { Count: 1 } t ? t[0] : null;
        bool webSocket = transport == "websocket";
        if (!(webSocket ? _webSocket : transport == "polling" && _polling)) return EngineError.UnknownTransport.WriteAsync(http);

        bool upgrade = IsUpgrade(http);
        var sid = query["sid"];
        if (sid.Count == 0 || (sid.Count == 1 && string.IsNullOrEmpty(sid[0]))) return OpenAsync(http, webSocket, upgrade);
        if (sid.Count > 1 || !_sessions.TryGetValue(sid[0]!, out var session) || !session.CheckAlive())
            return EngineError.UnknownSession.WriteAsync(http);
        if (webSocket != upgrade) return EngineError.BadRequest.WriteAsync(http);
        if (upgrade) return AcceptAsync(http, session, isNew: false);
        if (session.IsWebSocket) return EngineError.BadRequest.WriteAsync(http);
        if (HttpMethods.IsGet(http.Request.Method)) return PollingTransport.PollAsync(session, http);
        if (HttpMethods.IsPost(http.Request.Method)) return PollingTransport.PostAsync(session, http);
        return EngineError.MethodNotAllowed.WriteAsync(http);
    }

    /// <summary>Origin, headers and cookies of a handshake were checked by the caller; this is the rest.</summary>
    private async Task OpenAsync(HttpContext http, bool webSocket, bool upgrade)
    {
        bool connect = WebSocketUpgrade.IsExtended(http);
        var error = !HttpMethods.IsGet(http.Request.Method) && !connect ? EngineError.BadMethod
            : webSocket != upgrade ? EngineError.BadRequest
            : http.Request.Query["EIO"] is not { Count: 1 } version || version[0] != "4" ? EngineError.UnsupportedVersion
            : _closing ? EngineError.ShuttingDown
            : await RefusalAsync(http).ConfigureAwait(false);
        if (error is { } refusal)
        {
            await refusal.WriteAsync(http).ConfigureAwait(false);
            return;
        }

        if (webSocket && !WebSocketUpgrade.IsHandshake(http))
        {
            await EngineError.BadRequest.WriteAsync(http).ConfigureAwait(false);
            return;
        }

        var session = _create(this, http);
        if (session is null)
        {
            await EngineError.Overloaded.WriteAsync(http).ConfigureAwait(false);
            return;
        }

        if (Options.Cookie is { } cookie) http.Response.Cookies.Append(cookie.Name, session.Id, cookie.Options);
        if (webSocket)
        {
            await AcceptAsync(http, session, isNew: true).ConfigureAwait(false);
            return;
        }

        Register(session);
        var payload = new ArrayBufferWriter<byte>(160);
        OpenPacket(session, _webSocket).WritePolling(payload, true);
        await PollingTransport.AnswerAsync(this, http, payload.WrittenMemory).ConfigureAwait(false);
    }

    private async ValueTask<EngineError?> RefusalAsync(HttpContext http)
    {
        if (Options.AllowRequest is not { } allow) return null;
        try
        {
            return await allow(http).ConfigureAwait(false) is { } message ? EngineError.Forbidden with { Message = message } : null;
        }
#pragma warning disable CA1031 // The application's code: whatever it throws is a refusal.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.AllowRequestFailed(e);
            return EngineError.Forbidden;
        }
    }

    private async Task AcceptAsync(HttpContext http, EngineSession session, bool isNew)
    {
        if (!isNew && !WebSocketUpgrade.IsHandshake(http))
        {
            await EngineError.BadRequest.WriteAsync(http).ConfigureAwait(false);
            return;
        }

        int? threshold = Options.WebSocketCompressionThresholdBytes;
        if (threshold is not null && !MessageDeflate.Accepts(http.Request.Headers.SecWebSocketExtensions)) threshold = null;
        WebSocketStreams streams;
        try
        {
            streams = await WebSocketStreams.AcceptAsync(http, threshold is not null, Options.DirectSocketWrites).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // Gone while we answered (CVE-2022-41940); a new session hasn't been registered yet.
            if (isNew) session.Close(DisconnectReasons.TransportError, "handshake not completed", CloseKind.PeerGone);
            http.Abort();
            return;
        }

        var connection = new WebSocketConnection(session, http, streams, active: isNew, threshold);
        bool batch = FlushScheduler.Begin();
        if (isNew)
        {
            session.Attach(connection);
            Register(session);
            session.Send(OpenPacket(session, upgradable: false));
        }
        else if (!session.TryBeginProbe(connection))
        {
            connection.BeginClose(0);
        }

        if (batch) FlushScheduler.End();
        Interlocked.Increment(ref _connections);
        if (streams.Raw is not null)
        {
            connection.StartRaw();
            return;
        }

        await connection.RunAsync().ConfigureAwait(false);
        ConnectionOver();
    }

    /// <summary>A WebSocket's bytes are through.</summary>
    internal void ConnectionOver()
    {
        Interlocked.Decrement(ref _connections);
        CheckDrained();
    }

    private void CheckDrained()
    {
        if (_closing && Volatile.Read(ref _connections) == 0 && _sessions.IsEmpty) _drained.TrySetResult();
    }

    private void Register(EngineSession session)
    {
        _sessions[session.Id] = session;
        session.Start();
        // A shutdown that listed the sessions a moment ago didn't see this one.
        if (_closing) session.Close(DisconnectReasons.ServerShuttingDown, null, CloseKind.Flush);
    }

    private OutPacket OpenPacket(EngineSession session, bool upgradable) => OutPacket.Text(Encoding.UTF8.GetBytes(
        $"0{{\"sid\":\"{session.Id}\",\"upgrades\":[{(upgradable ? "\"websocket\"" : "")}],\"pingInterval\":{PingIntervalMs},\"pingTimeout\":{PingTimeoutMs},\"maxPayload\":{Options.MaxPayloadBytes}}}"));

    private static bool IsUpgrade(HttpContext http) =>
        http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        || WebSocketUpgrade.IsExtended(http);

    private static long Ms(TimeSpan time) => Math.Max(1, (long)time.TotalMilliseconds);
}
