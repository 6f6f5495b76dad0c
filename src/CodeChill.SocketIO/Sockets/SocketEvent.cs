using System.Text.Json;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO;

/// <summary>One event received from a client, as handlers see it.</summary>
public sealed class SocketEvent
{
    // Who lets the socket's next event start: the dispatcher while the handler's synchronous part runs, then whoever comes first of the
    // handler's end and Release.
    private const int Synchronous = 0;
    private const int ReleasedEarly = 1;
    private const int Waiting = 2;
    private const int Over = 3;

    private readonly long _ackId;
    private int _turn;
    private int _acknowledged;

    internal SocketEvent(Socket socket, string name, SocketArguments arguments, long ackId)
    {
        Socket = socket;
        Name = name;
        Arguments = arguments;
        _ackId = ackId;
    }

    /// <summary>Who sent it.</summary>
    public Socket Socket { get; }

    /// <summary>Name of the event. A numeric name appears as its JSON text.</summary>
    public string Name { get; }

    /// <summary>The arguments as received; pass them to <c>Emit</c> or <see cref="Ack"/> to forward them unchanged.</summary>
    public SocketArguments Arguments { get; }

    /// <summary>Number of arguments.</summary>
    public int Count => Arguments.Count;

    /// <summary>Whether the client asked for an acknowledgement.</summary>
    public bool WantsAck => _ackId >= 0;

    /// <summary>Decodes one argument with the server's JSON options.</summary>
    /// <typeparam name="T">The expected shape.</typeparam>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">The argument is missing or has another shape.</exception>
    public T? Get<T>(int index) => Arguments.Get<T>(index);

    /// <summary>One argument as JSON (binary members appear as their placeholders).</summary>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">There is no such argument.</exception>
    public JsonElement GetElement(int index) => Arguments.GetElement(index);

    /// <summary>The bytes of a binary argument, without a copy.</summary>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">The argument is missing or not binary.</exception>
    public ReadOnlyMemory<byte> GetBinary(int index) => Arguments.GetBinary(index);

    /// <summary>
    /// Answers the event. The first call counts, later ones do nothing, and so does any when the client asked for no answer or has gone.
    /// </summary>
    /// <param name="args">The answer's arguments.</param>
    public void Ack(params ReadOnlySpan<object?> args)
    {
        if (_ackId < 0 || Interlocked.Exchange(ref _acknowledged, 1) != 0) return;
        Socket.SendAck(_ackId, args);
    }

    /// <summary>
    /// Lets the socket's next event start before this handler has ended; for handlers that hand work to something with an order of its
    /// own. Further calls do nothing.
    /// </summary>
    public void Release()
    {
        if (Interlocked.CompareExchange(ref _turn, ReleasedEarly, Synchronous) == Synchronous) return;
        if (Interlocked.CompareExchange(ref _turn, Over, Waiting) == Waiting) Socket.ContinueElsewhere();
    }

    /// <summary>The handler returned an unfinished task. False: it was released already and the dispatcher goes on.</summary>
    internal bool BeginWaiting() => Interlocked.CompareExchange(ref _turn, Waiting, Synchronous) == Synchronous;

    /// <summary>The handler's task ended. True when nobody has let the next event start yet.</summary>
    internal bool EndWaiting() => Interlocked.CompareExchange(ref _turn, Over, Waiting) == Waiting;
}
