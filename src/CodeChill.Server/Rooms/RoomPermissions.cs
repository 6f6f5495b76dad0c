namespace CodeChill.Server.Rooms;

/// <summary>What can be done in a room.</summary>
internal enum RoomAction
{
    Read,
    Write,
    Chat,
    Execute,
    ModerateChat,
    Restore,
    EditCases,
    RemoveMembers,
    ChangeRoles,
    Manage,
    Delete,
}

/// <summary>The one table of role × action. Routes and the grain both ask here; nowhere else is a role compared.</summary>
internal static class RoomPermissions
{
    public const string Owner = "owner";
    public const string Moderator = "moderator";
    public const string Participant = "participant";

    /// <param name="role">The role of an active member, or null for everybody else.</param>
    /// <param name="action">What is to be done.</param>
    public static bool Allows(string? role, RoomAction action) => role switch
    {
        Owner => true,
        Moderator => action is not (RoomAction.ChangeRoles or RoomAction.Manage or RoomAction.Delete),
        Participant => action is RoomAction.Read or RoomAction.Write or RoomAction.Chat or RoomAction.Execute,
        _ => false,
    };
}
