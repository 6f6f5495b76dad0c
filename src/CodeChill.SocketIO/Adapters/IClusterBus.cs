namespace CodeChill.SocketIO;

/// <summary>
/// Publish/subscribe between nodes, all a cluster needs (<see cref="SocketIOServer.UseClusterAsync"/>). <c>AddSocketIORedis</c> brings one for Redis;
/// implement it to put another broker underneath. Delivery may be lossy; order per publisher must hold.
/// </summary>
public interface IClusterBus : IAsyncDisposable
{
    /// <summary>Sets the receiver of all messages: channel and body. The bus calls it one message at a time, in order.</summary>
    /// <param name="onMessage">The receiver; it doesn't block.</param>
    void Listen(Action<string, ReadOnlyMemory<byte>> onMessage);

    /// <summary>Subscribes to channels by name and by prefix, before the task ends and again after every reconnect.</summary>
    /// <param name="channels">Exact names.</param>
    /// <param name="prefix">Everything that starts with this.</param>
    /// <param name="ct">Gives up.</param>
    Task SubscribeAsync(IReadOnlyList<string> channels, string prefix, CancellationToken ct);

    /// <summary>Ends a subscription of <see cref="SubscribeAsync"/>.</summary>
    /// <param name="channels">Exact names.</param>
    /// <param name="prefix">The prefix.</param>
    void Unsubscribe(IReadOnlyList<string> channels, string prefix);

    /// <summary>Sends a message; returns at once. Messages of one node arrive in the order of these calls.</summary>
    /// <param name="channel">Name of the channel.</param>
    /// <param name="message">The body.</param>
    void Publish(string channel, ReadOnlyMemory<byte> message);

    /// <summary>How many nodes are subscribed to a channel by name.</summary>
    /// <param name="channel">Name of the channel.</param>
    /// <param name="ct">Gives up.</param>
    Task<long> CountSubscribersAsync(string channel, CancellationToken ct);
}
