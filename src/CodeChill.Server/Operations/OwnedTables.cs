namespace CodeChill.Server.Operations;

/// <summary>What happens to a column that names a user when that user's account is purged.</summary>
internal enum UserFate
{
    /// <summary>The row goes.</summary>
    Delete,

    /// <summary>The row stays for the others; its author is "Deleted user".</summary>
    Anonymise,

    /// <summary>The row stays; the column is emptied.</summary>
    Clear,
}

internal sealed record UserColumn(string Table, string Column, UserFate Fate);

/// <summary>
/// Whose each row is. A room's purge and an account's purge follow these lists; a test compares them with the migrated schema, so a new
/// table cannot be forgotten.
/// </summary>
internal static class OwnedTables
{
    /// <summary>Tables with a <c>room_id</c>, those first whose rows refer to others.</summary>
    public static readonly IReadOnlyList<string> OfRoom =
    [
        "messages", "executions", "case_runs", "test_cases", "room_updates", "room_snapshots", "room_history", "room_checkpoints", "room_set_aside",
        "password_tries", "participants",
    ];

    public static readonly IReadOnlyList<UserColumn> OfUser =
    [
        new("messages", "user_id", UserFate.Anonymise),
        new("executions", "user_id", UserFate.Anonymise),
        new("case_runs", "user_id", UserFate.Anonymise),
        new("test_cases", "created_by", UserFate.Anonymise),
        new("room_updates", "user_id", UserFate.Clear),
        new("room_history", "user_id", UserFate.Clear),
        new("room_set_aside", "user_id", UserFate.Clear),
        new("password_tries", "user_id", UserFate.Delete),
        new("participants", "user_id", UserFate.Delete),
        new("rooms", "created_by", UserFate.Anonymise),
        new("sessions", "user_id", UserFate.Delete),
        new("ended_tokens", "user_id", UserFate.Delete),
    ];
}
