using System.Text.Json;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Users;

/// <summary>
/// The body of <c>PUT …/profile</c>. A name that is absent stays as it is; a handle that is null or empty is taken away. Only these fields
/// are read, so no client can make itself verified or active.
/// </summary>
internal static class ProfileChange
{
    public const int MinNameLength = 2;
    public const int MaxNameLength = 255;
    public const int MaxHandleLength = 100;

    public static Outcome<User> Apply(User user, IReadOnlyDictionary<string, JsonElement> body, DateTimeOffset now)
    {
        var changed = user;
        var touched = false;
        foreach (var (field, value) in body)
        {
            var outcome = field switch
            {
                "name" => Name(changed, value),
                "github_username" => Handle(field, value, changed.GithubUsername, handle => changed with { GithubUsername = handle, GithubStats = null, StatsDueAt = now }, changed),
                "leetcode_username" => Handle(field, value, changed.LeetcodeUsername, handle => changed with { LeetcodeUsername = handle, LeetcodeStats = null, StatsDueAt = now }, changed),
                "codeforces_username" => Handle(field, value, changed.CodeforcesUsername, handle => changed with { CodeforcesUsername = handle, CodeforcesStats = null, StatsDueAt = now }, changed),
                _ => default(Outcome<User>?),
            };
            if (outcome is not { } known)
                continue;
            if (known.Error is { } error)
                return error;
            touched = true;
            changed = known.Value!;
        }

        if (!touched)
            return UserErrors.NothingToChange;
        return changed with { UpdatedAt = now, StatsDueAt = changed.HasHandles ? changed.StatsDueAt : null };
    }

    private static Outcome<User> Name(User user, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String || Json.Text(value)?.Trim() is not { Length: >= MinNameLength and <= MaxNameLength } name)
            return UserErrors.NameLength;
        return name.Any(char.IsControl) ? UserErrors.NameCharacters : user with { Name = name };
    }

    /// <summary>Handles become part of other sites' URLs, so only what those sites allow in one is let through.</summary>
    private static Outcome<User> Handle(string field, JsonElement value, string? current, Func<string?, User> change, User unchanged)
    {
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            return UserErrors.InvalidHandle(field);
        if (value.ValueKind == JsonValueKind.String && Json.Text(value) is null)
            return UserErrors.InvalidHandle(field);
        var handle = Json.Text(value)?.Trim();
        if (handle is null or "")
            return change(null);
        if (handle.Length > MaxHandleLength || !handle.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || handle.All(c => c == '.'))
            return UserErrors.InvalidHandle(field);
        // The same handle again keeps the numbers fetched for it.
        return handle == current ? unchanged : change(handle);
    }
}
