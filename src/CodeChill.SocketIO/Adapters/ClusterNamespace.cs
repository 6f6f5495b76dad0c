namespace CodeChill.SocketIO.Adapters;

/// <summary>One namespace's connection to the other nodes. Methods send; what other nodes send is applied to the namespace locally.</summary>
internal abstract class ClusterNamespace
{
    public abstract void Broadcast(BroadcastOperator target, string ev, ReadOnlySpan<object?> args);

    /// <summary>The answers of the clients of other nodes, and how many were asked.</summary>
    public abstract Task<(List<SocketArguments> Answers, int Clients)> BroadcastWithAck(
        BroadcastOperator target, string ev, object?[] args, TimeSpan timeout, CancellationToken ct);

    public abstract void SocketsJoin(BroadcastOperator target, string room);

    public abstract void SocketsLeave(BroadcastOperator target, string room);

    public abstract void DisconnectSockets(BroadcastOperator target, bool close);

    public abstract Task<IReadOnlyList<RemoteSocket>> FetchSocketsAsync(BroadcastOperator target, CancellationToken ct);
}
