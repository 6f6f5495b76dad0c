using CodeChill.Server.Platform;

namespace CodeChill.Server.History;

internal static class HistoryErrors
{
    public static readonly Error VersionNotFound = new("history.version_not_found", 404, "Version not found");
    public static readonly Error Damaged = new("history.damaged", 503, "This part of the room's history is damaged");
    public static readonly Error Busy = new("history.busy", 503, "History takes too long at the moment", Retry.Later, TimeSpan.FromSeconds(5));
    public static readonly Error Moving = new("history.moving", 409, "The document changes too fast to be restored now", Retry.Later);
    public static readonly Error InvalidRange = new("history.invalid_range", 400, "from and to are version numbers");
}
