namespace CodeChill.SocketIO;

/// <summary>Where the Redis server of a cluster is, for <c>AddSocketIORedis</c>.</summary>
public sealed class SocketIORedisOptions
{
    /// <summary>Name or address of the server.</summary>
    /// <value><c>localhost</c>.</value>
    public string Host { get; set; } = "localhost";

    /// <summary>Port of the server.</summary>
    /// <value>6379.</value>
    public int Port { get; set; } = 6379;

    /// <summary>User of the access list; null for the default user.</summary>
    /// <value>Null.</value>
    public string? User { get; set; }

    /// <summary>Password; null for none.</summary>
    /// <value>Null.</value>
    public string? Password { get; set; }

    /// <summary>Whether to connect over TLS.</summary>
    /// <value>False.</value>
    public bool Tls { get; set; }

    /// <summary>Prefix of all channels; the option <c>key</c> of the reference's adapter.</summary>
    /// <value><c>socket.io</c>.</value>
    public string Key { get; set; } = "socket.io";

    /// <summary>How long answers of other nodes are awaited; what came by then is the result.</summary>
    /// <value>5 seconds.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
