using CodeChill.SocketIO;

namespace CodeChill.Server.Platform;

/// <summary>The socket edge: the one place where failures become <c>error</c> events and acknowledgements.</summary>
internal static class SocketReplies
{
    /// <summary>Tells the sender what was wrong: by event, as the contract says, and by acknowledgement when one was asked for.</summary>
    public static void Fail(this SocketEvent e, Error error)
    {
        Instruments.Rejected("socket", error.Code);
        double? retryAfter = error.RetryAfter?.TotalSeconds;
        e.Socket.Emit("error", new FailureEvent(error.Message, error.Code, e.Name, retryAfter));
        e.Ack(new FailureAck(false, error.Message, error.Code, error.Retry, retryAfter));
    }
}
