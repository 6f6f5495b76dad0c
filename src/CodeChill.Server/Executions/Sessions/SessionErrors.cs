using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions.Sessions;

internal static class SessionErrors
{
    public static readonly Error NotFound = new("session.not_found", 404, "There is no such session");
    public static readonly Error NotSupported = new("session.not_supported", 400, "Interactive sessions are not available here");
    public static readonly Error NoPrompt = new("session.no_prompt", 400, "This language has no interactive prompt; send source_code to run a program on the terminal");
    public static readonly Error InvalidSize = new(
        "session.invalid_size",
        400,
        $"A terminal has {SessionLimits.MinColumns} to {SessionLimits.MaxColumns} columns and {SessionLimits.MinRows} to {SessionLimits.MaxRows} rows");

    public static readonly Error TooManyInRoom = new("session.too_many_in_room", 429, "Too many sessions in this room, end one first", Retry.Later, ExecutionLimits.RetryAfter);
    public static readonly Error TooManyOfUser = new("session.too_many_of_user", 429, "Too many sessions, end one first", Retry.Later, ExecutionLimits.RetryAfter);
    public static readonly Error TooMany = new("session.too_many", 429, "All terminals of this server are in use", Retry.Later, TimeSpan.FromSeconds(30));
}
