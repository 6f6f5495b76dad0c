namespace CodeChill.SocketIO;

/// <summary>A socket with flags for what is sent next; see <see cref="Socket.Volatile"/> and <see cref="Socket.Compress"/>.</summary>
public readonly struct SocketOperator : IEquatable<SocketOperator>
{
    private readonly Socket _socket;
    private readonly bool _volatile;
    private readonly bool _compress;

    internal SocketOperator(Socket socket, bool isVolatile, bool compress)
    {
        _socket = socket;
        _volatile = isVolatile;
        _compress = compress;
    }

    /// <summary>The same, dropping events the client can't take at once.</summary>
    public SocketOperator Volatile => new(_socket, true, _compress);

    /// <summary>The same, with or without compression.</summary>
    /// <param name="compress">False to send as is.</param>
    public SocketOperator Compress(bool compress) => new(_socket, _volatile, compress);

    /// <summary>Sends an event with these flags.</summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="args">Arguments, as for <see cref="Socket.Emit(string, ReadOnlySpan{object?})"/>.</param>
    public void Emit(string ev, params ReadOnlySpan<object?> args) => _socket.Emit(ev, args, _volatile, _compress);

    /// <inheritdoc/>
    public bool Equals(SocketOperator other) =>
        ReferenceEquals(_socket, other._socket) && _volatile == other._volatile && _compress == other._compress;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SocketOperator other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_socket, _volatile, _compress);

    /// <summary>Same socket, same flags.</summary>
    public static bool operator ==(SocketOperator left, SocketOperator right) => left.Equals(right);

    /// <summary>Not the same.</summary>
    public static bool operator !=(SocketOperator left, SocketOperator right) => !left.Equals(right);
}
