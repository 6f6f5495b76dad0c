using System.Text.Json;

namespace CodeChill.SocketIO;

/// <summary>How waiting for an acknowledgement ended.</summary>
public enum AckStatus
{
    /// <summary>The client answered.</summary>
    Acknowledged,

    /// <summary>The time was up. The client may have handled the event all the same.</summary>
    TimedOut,

    /// <summary>The socket was or went away. The client may have handled the event all the same.</summary>
    Disconnected,
}

/// <summary>The outcome of an event sent with an acknowledgement.</summary>
public sealed class AckResult
{
    internal AckResult(Socket? socket, AckStatus status, SocketArguments? arguments)
    {
        Socket = socket;
        Status = status;
        Arguments = arguments;
    }

    /// <summary>Who was asked; null for a client of another node.</summary>
    public Socket? Socket { get; }

    /// <summary>How it ended.</summary>
    public AckStatus Status { get; }

    /// <summary>True when the client answered.</summary>
    public bool IsAcknowledged => Status == AckStatus.Acknowledged;

    /// <summary>The answer's arguments; null unless acknowledged.</summary>
    public SocketArguments? Arguments { get; }

    /// <summary>Number of arguments in the answer.</summary>
    public int Count => Arguments?.Count ?? 0;

    /// <summary>Decodes one argument of the answer.</summary>
    /// <typeparam name="T">The expected shape.</typeparam>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">There is no answer, no such argument, or it has another shape.</exception>
    public T? Get<T>(int index) => Require(index).Get<T>(index);

    /// <summary>One argument of the answer as JSON.</summary>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">There is no answer or no such argument.</exception>
    public JsonElement GetElement(int index) => Require(index).GetElement(index);

    /// <summary>The bytes of a binary argument.</summary>
    /// <param name="index">Position, from 0.</param>
    /// <exception cref="SocketIOArgumentException">There is no answer, no such argument, or it isn't binary.</exception>
    public ReadOnlyMemory<byte> GetBinary(int index) => Require(index).GetBinary(index);

    private SocketArguments Require(int index) => Arguments ?? throw new SocketIOArgumentException(index, $"No answer: {Status}.", null);
}

/// <summary>The answers to a broadcast with acknowledgements.</summary>
public sealed class BroadcastAckResult
{
    internal BroadcastAckResult(IReadOnlyList<AckResult> answers, int expected)
    {
        Answers = answers;
        Expected = expected;
    }

    /// <summary>The answers that came in time, in order of arrival.</summary>
    public IReadOnlyList<AckResult> Answers { get; }

    /// <summary>How many clients were asked.</summary>
    public int Expected { get; }

    /// <summary>True when every client answered in time.</summary>
    public bool IsComplete => Answers.Count == Expected;
}
