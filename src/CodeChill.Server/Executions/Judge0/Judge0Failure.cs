namespace CodeChill.Server.Executions.Judge0;

internal enum Judge0Trouble
{
    /// <summary>No answer, or an error of the service: it may be back in a moment.</summary>
    Unreachable,

    /// <summary>Its queue is full or our quota is used up.</summary>
    Busy,

    /// <summary>An answer that is none.</summary>
    Broken,

    /// <summary>More output than is read.</summary>
    TooLarge,

    /// <summary>It does not know the token, or not any more.</summary>
    UnknownToken,

    /// <summary>It found a field of the submission wanting.</summary>
    Invalid,

    /// <summary>It does not accept our key: nothing works until an operator mends that.</summary>
    RefusedKey,
}

/// <summary>Why Judge0 could not do what was asked. The message is for the people in the room: it never repeats what Judge0 wrote, which may hold anything.</summary>
internal sealed class Judge0Failure(Judge0Trouble trouble, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    public Judge0Trouble Trouble { get; } = trouble;

    public TimeSpan? RetryAfter { get; } = retryAfter;
}
