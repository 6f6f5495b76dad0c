using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

internal static class RoomErrors
{
    public static readonly Error NotFound = new("room.not_found", 404, "Room not found");
    public static readonly Error AccessDenied = new("room.access_denied", 403, "Access denied");
    public static readonly Error OwnerOnly = new("room.owner_only", 403, "Only room owner can do this");
    public static readonly Error Full = new("room.full", 400, "Room is full", Retry.Later);
    public static readonly Error InvalidPassword = new("room.invalid_password", 401, "Invalid password");
    public static readonly Error NotInRoom = new("room.not_in_room", 400, "Not in a room");
    public static readonly Error NotInThisRoom = new("room.not_in_this_room", 400, "Not in this room");
    public static readonly Error OwnerCannotLeave = new("room.owner_cannot_leave", 400, "Room owner cannot leave. Delete the room instead.");
    public static readonly Error NoSuchParticipant = new("room.no_such_participant", 404, "Participant not found");
    public static readonly Error OwnerKeepsRole = new("room.owner_keeps_role", 400, "The owner's role cannot be changed");
    public static readonly Error OwnerCannotBeRemoved = new("room.owner_cannot_be_removed", 400, "The owner cannot be removed. Delete the room instead.");
    public static readonly Error InvalidRole = new("room.invalid_role", 400, "role must be moderator or participant");
    public static readonly Error IdRequired = new("room.id_required", 400, "Room ID required");
    public static readonly Error TooManyRooms = new("room.too_many", 400, $"Maximum of {RoomLimits.ActiveRoomsPerUser} active rooms reached");
    public static readonly Error TooManySockets = new("room.too_many_sockets", 400, "Too many connections to this room");
    public static readonly Error InvalidName = new("room.invalid_name", 400, $"Room name must be {RoomLimits.NameMin} to {RoomLimits.NameMax} characters");
    public static readonly Error InvalidDescription = new("room.invalid_description", 400, $"Description must be at most {RoomLimits.DescriptionMax} characters");
    public static readonly Error InvalidLanguage = new("room.invalid_language", 400, "Unsupported language");
    public static readonly Error InvalidCapacity = new("room.invalid_capacity", 400, $"max_participants must be between 1 and {RoomLimits.MaxParticipants}");
    public static readonly Error CapacityBelowCurrent = new("room.capacity_below_current", 400, "Cannot set capacity below current participants");
    public static readonly Error InvalidNewPassword = new(
        "room.invalid_new_password", 400, $"Password must be {RoomLimits.PasswordMin} to {RoomLimits.PasswordMax} characters");
    public static readonly Error PasswordRequired = new("room.password_required", 400, "Password required for a private room");

    /// <summary>Too many wrong passwords; members are never held up by it.</summary>
    public static Error PasswordLocked(TimeSpan wait)
        => new("room.password_locked", 429, "Too many wrong passwords", Retry.Later, wait);
}
