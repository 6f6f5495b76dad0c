using CodeChill.Server.Platform;

namespace CodeChill.Server.Users;

internal static class UserErrors
{
    public static readonly Error NotFound = new("user.not_found", 404, "User not found");
    public static readonly Error NameLength = new("user.name_length", 400, "Name must be between 2 and 255 characters");
    public static readonly Error NameCharacters = new("user.name_characters", 400, "Name must not contain control characters");
    public static readonly Error QueryTooShort = new("user.query_too_short", 400, "Search query must be at least 2 characters");
    public static readonly Error QueryTooLong = new("user.query_too_long", 400, "Search query must be at most 100 characters");
    public static readonly Error NoPlatformAnswered = new("user.no_platform_answered", 503, "No platform answered", Retry.Later);
    public static readonly Error NothingToChange = new("user.nothing_to_change", 400, "No data provided");

    public static Error InvalidHandle(string field)
        => new("user.invalid_handle", 400, $"Invalid {field}: at most {ProfileChange.MaxHandleLength} letters, digits, dots, hyphens and underscores");
}
