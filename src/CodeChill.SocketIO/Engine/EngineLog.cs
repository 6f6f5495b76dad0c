using Microsoft.Extensions.Logging;

namespace CodeChill.SocketIO.Engine;

/// <summary>What the library logs. Clients' faults are Debug: whoever can send a packet must not be able to fill a disk.</summary>
internal sealed partial class EngineLog(ILogger logger)
{
    [LoggerMessage(1, LogLevel.Debug, "Session {Session} closed: {Reason} ({Description})")]
    private static partial void LogClosed(ILogger logger, string session, string reason, string? description);

    [LoggerMessage(2, LogLevel.Error, "Handler of {Event} in {Namespace} failed")]
    private static partial void LogHandlerFailed(ILogger logger, Exception error, string @event, string @namespace);

    [LoggerMessage(3, LogLevel.Debug, "Socket {Socket} refused in {Namespace}: {Message}")]
    private static partial void LogRefused(ILogger logger, string socket, string @namespace, string message);

    [LoggerMessage(4, LogLevel.Error, "The check of a handshake failed")]
    private static partial void LogAllowRequestFailed(ILogger logger, Exception error);

    [LoggerMessage(5, LogLevel.Warning, "Message of another node ignored: {Reason}")]
    private static partial void LogClusterMessage(ILogger logger, string reason, Exception? error);

    public void Closed(string session, string reason, string? description)
    {
        // The session id is a secret while it lives; a few characters are enough to follow it.
        if (logger.IsEnabled(LogLevel.Debug)) LogClosed(logger, session[..6], reason, description);
    }

    public void HandlerFailed(Exception error, string name, string nsp) => LogHandlerFailed(logger, error, name, nsp);

    public void Refused(string socket, string nsp, string message) => LogRefused(logger, socket, nsp, message);

    public void AllowRequestFailed(Exception error) => LogAllowRequestFailed(logger, error);

    public void ClusterMessage(string reason, Exception? error = null) => LogClusterMessage(logger, reason, error);
}
