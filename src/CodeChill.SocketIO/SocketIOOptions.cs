using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CodeChill.SocketIO;

/// <summary>
/// Settings of a Socket.IO server. They are read when the server is created; changing them later has no effect. Sizes are in bytes of
/// the wire form unless said otherwise.
/// </summary>
public sealed class SocketIOOptions
{
    /// <summary>Time between the server's pings; the first comes this long after the handshake.</summary>
    /// <value>25 seconds.</value>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Time a client has to answer a ping; past it the connection ends with <see cref="DisconnectReasons.PingTimeout"/>.</summary>
    /// <value>20 seconds.</value>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Time a WebSocket that probes an upgrade has to finish it; past it the probe is closed and polling goes on.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan UpgradeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time a connection may exist without having joined a namespace, from its handshake on.</summary>
    /// <value>45 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// Largest message (WebSocket: all fragments together) and largest polling request body. Beyond it a WebSocket is closed with
    /// 1009 and a POST is answered with 413.
    /// </summary>
    /// <value>1,000,000 bytes.</value>
    public long MaxPayloadBytes { get; set; } = 1_000_000;

    /// <summary>Most attachments one packet may announce; above it the connection is closed as a protocol error.</summary>
    /// <value>10.</value>
    public int MaxAttachments { get; set; } = 10;

    /// <summary>Most bytes one packet may have together with its attachments.</summary>
    /// <value>5,000,000 bytes.</value>
    public long MaxPacketBytes { get; set; } = 5_000_000;

    /// <summary>Time all attachments of a packet have to arrive in; past it the connection is closed.</summary>
    /// <value>20 seconds.</value>
    public TimeSpan AttachmentTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Deepest nesting of JSON accepted and produced.</summary>
    /// <value>64 levels, the arguments array being the first.</value>
    public int MaxDepth { get; set; } = 64;

    /// <summary>Transports offered: <c>polling</c> and <c>websocket</c>.</summary>
    /// <value>Both.</value>
    public IList<string> Transports { get; } = ["polling", "websocket"];

    /// <summary>
    /// Origins (<c>https://example.org</c>) that may connect from a browser, checked on every request of both transports. Empty: only
    /// the origin the server itself is reached under, and clients that send no <c>Origin</c> header. <c>*</c>: any. CORS headers are
    /// sent only when the list isn't empty.
    /// </summary>
    /// <value>Empty.</value>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>Whether browsers may send cookies across origins (<c>Access-Control-Allow-Credentials</c>).</summary>
    /// <value>False.</value>
    public bool AllowCredentials { get; set; }

    /// <summary>
    /// Most bytes waiting to be sent to one connection. A packet that would exceed it ends the connection with
    /// <see cref="DisconnectReasons.SlowConsumer"/>; volatile packets are dropped long before.
    /// </summary>
    /// <value>1,048,576 bytes.</value>
    public long MaxSendQueueBytes { get; set; } = 1 << 20;

    /// <summary>
    /// Most received events of one connection that may wait for handlers. Beyond it reading from the connection pauses (so the
    /// client's own sending stalls) until half of them are handled.
    /// </summary>
    /// <value>256.</value>
    public int MaxQueuedEvents { get; set; } = 256;

    /// <summary>Most connections that have not joined a namespace; further handshakes are answered with 503.</summary>
    /// <value>10,000.</value>
    public int MaxUnjoinedConnections { get; set; } = 10_000;

    /// <summary>Most namespaces one connection may join.</summary>
    /// <value>32.</value>
    public int MaxNamespacesPerConnection { get; set; } = 32;

    /// <summary>Most namespaces created by matchers that may exist at a time; beyond it clients are refused.</summary>
    /// <value>1,000.</value>
    public int MaxMatchedNamespaces { get; set; } = 1_000;

    /// <summary>Most rooms a socket may be in, its own included; <see cref="Socket.Join"/> throws beyond it.</summary>
    /// <value>1,000.</value>
    public int MaxRoomsPerSocket { get; set; } = 1_000;

    /// <summary>Most acknowledgements the server may await from one socket.</summary>
    /// <value>1,000.</value>
    public int MaxPendingAcks { get; set; } = 1_000;

    /// <summary>
    /// Whether the next event of a socket waits for the previous handler's task. When false only the synchronous part of a handler is
    /// waited for. A handler can also let go early with <see cref="SocketEvent.Release"/>.
    /// </summary>
    /// <value>True.</value>
    public bool SequentialHandlers { get; set; } = true;

    /// <summary>
    /// JSON settings for arguments. The server takes a copy and adds converters for <c>byte[]</c>, <c>Memory&lt;byte&gt;</c> and
    /// <c>ReadOnlyMemory&lt;byte&gt;</c>, which travel as attachments.
    /// </summary>
    /// <value>The web defaults: camelCase, case-insensitive reading.</value>
    public JsonSerializerOptions Json { get; set; } = new(JsonSerializerDefaults.Web);

    /// <summary>
    /// Asked before each handshake; a text refuses it with HTTP 403 and that text, null lets it pass. Exceptions count as refusal
    /// without a text.
    /// </summary>
    /// <value>Null: all handshakes pass.</value>
    public Func<HttpContext, ValueTask<string?>>? AllowRequest { get; set; }

    /// <summary>Polling answers from this size on are compressed when the client accepts gzip or deflate; null never.</summary>
    /// <value>1,024 bytes.</value>
    public int? PollingCompressionThresholdBytes { get; set; } = 1024;

    /// <summary>
    /// WebSocket messages from this size on are compressed (permessage-deflate without context takeover) for clients that offer it;
    /// null never negotiates the extension.
    /// </summary>
    /// <value>Null.</value>
    public int? WebSocketCompressionThresholdBytes { get; set; }

    /// <summary>A cookie that carries the Engine.IO session id, for balancers that need one to be sticky; null sets none.</summary>
    /// <value>Null.</value>
    public SocketIOCookie? Cookie { get; set; }

    /// <summary>Connection state recovery; null leaves it off.</summary>
    /// <value>Null.</value>
    public SocketIORecoveryOptions? Recovery { get; set; }

    /// <summary>
    /// Whether frames are written straight to the connection's socket when nothing (TLS, a connection middleware) stands between it and
    /// the server: one system call per batch and no thread hop. Turn off if a connection middleware replaces bytes unseen.
    /// </summary>
    /// <value>True.</value>
    public bool DirectSocketWrites { get; set; } = true;

    internal void Validate()
    {
        Positive(PingInterval, nameof(PingInterval));
        Positive(PingTimeout, nameof(PingTimeout));
        Positive(UpgradeTimeout, nameof(UpgradeTimeout));
        Positive(ConnectTimeout, nameof(ConnectTimeout));
        Positive(AttachmentTimeout, nameof(AttachmentTimeout));
        InRange(MaxPayloadBytes, 1_000, 256 * 1024 * 1024, nameof(MaxPayloadBytes));
        InRange(MaxPacketBytes, MaxPayloadBytes, 1024 * 1024 * 1024, nameof(MaxPacketBytes));
        InRange(MaxAttachments, 0, 10_000, nameof(MaxAttachments));
        InRange(MaxDepth, 2, 512, nameof(MaxDepth));
        InRange(MaxSendQueueBytes, 1_000, int.MaxValue, nameof(MaxSendQueueBytes));
        InRange(MaxQueuedEvents, 1, 1_000_000, nameof(MaxQueuedEvents));
        InRange(MaxUnjoinedConnections, 1, int.MaxValue, nameof(MaxUnjoinedConnections));
        InRange(MaxNamespacesPerConnection, 1, int.MaxValue, nameof(MaxNamespacesPerConnection));
        InRange(MaxMatchedNamespaces, 0, int.MaxValue, nameof(MaxMatchedNamespaces));
        InRange(MaxRoomsPerSocket, 1, int.MaxValue, nameof(MaxRoomsPerSocket));
        InRange(MaxPendingAcks, 1, int.MaxValue, nameof(MaxPendingAcks));
        if (Transports.Count == 0 || Transports.Any(static t => t is not ("polling" or "websocket")))
            throw new InvalidOperationException($"{nameof(Transports)}: got \"{string.Join(", ", Transports)}\", allowed are polling and websocket.");
        if (AllowCredentials && AllowedOrigins.Contains("*"))
            throw new InvalidOperationException($"{nameof(AllowCredentials)} with the origin * would give every site the user's cookies; list the origins.");
    }

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero) throw new InvalidOperationException($"{name}: got {value}, must be above zero.");
    }

    private static void InRange(long value, long low, long high, string name)
    {
        if (value < low || value > high) throw new InvalidOperationException($"{name}: got {value}, allowed are {low} to {high}.");
    }
}

/// <summary>The sticky-session cookie, see <see cref="SocketIOOptions.Cookie"/>.</summary>
public sealed class SocketIOCookie
{
    /// <summary>Name of the cookie.</summary>
    /// <value><c>io</c>.</value>
    public string Name { get; set; } = "io";

    /// <summary>Path, SameSite, Secure, domain and lifetime.</summary>
    /// <value>Path <c>/</c>, HttpOnly, SameSite Lax, a session cookie.</value>
    public CookieOptions Options { get; set; } = new() { Path = "/", HttpOnly = true, SameSite = SameSiteMode.Lax };
}

/// <summary>
/// Connection state recovery (Socket.IO protocol v5, "Connection state recovery"): a client that lost its connection gets its id, rooms and
/// state back, and the packets it missed. It is an optimisation: it can fail, and events from the client are not covered.
/// </summary>
public sealed class SocketIORecoveryOptions
{
    /// <summary>How long the state of a lost connection is kept.</summary>
    /// <value>2 minutes.</value>
    public TimeSpan MaxDisconnectionDuration { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether middlewares are passed over when the state was restored.</summary>
    /// <value>True.</value>
    public bool SkipMiddlewares { get; set; } = true;

    /// <summary>Most bytes of sent packets one namespace keeps for replay; the oldest go first.</summary>
    /// <value>16 MiB.</value>
    public long MaxBufferedBytes { get; set; } = 16 << 20;

    /// <summary>Most lost connections whose state one namespace keeps; the oldest go first.</summary>
    /// <value>10,000.</value>
    public int MaxSessions { get; set; } = 10_000;
}
