namespace CodeChill.Text;

/// <summary>
/// An update, state vector, position or awareness message is malformed, or goes beyond a limit of the receiver.
/// Whatever was being changed is as it was before the call.
/// </summary>
public sealed class UpdateFormatException : FormatException
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public UpdateFormatException()
        : base("The update is malformed.")
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and where it is known, at which byte.</param>
    public UpdateFormatException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">The failure underneath.</param>
    public UpdateFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
