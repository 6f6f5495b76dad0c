using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>Who helps the owner, and who is put out.</summary>
internal sealed partial class RoomGrain
{
    public async Task<Outcome<bool>> SetRoleAsync(string actorId, string userId, string role)
    {
        await _membership.WaitAsync();
        try
        {
            if (Authorize(actorId, RoomAction.ChangeRoles) is { } denied)
                return denied == RoomErrors.AccessDenied ? RoomErrors.OwnerOnly : denied;
            if (RoleOf(userId) is not { } before)
                return RoomErrors.NoSuchParticipant;
            if (before == RoomPermissions.Owner)
                return RoomErrors.OwnerKeepsRole;
            if (before == role)
                return true;
            await rooms.SetRoleAsync(RoomId, userId, role);
            _roles[userId] = role;
            Broadcast("participant_updated", new ParticipantUpdatedEvent(RoomId, userId, role));
            return true;
        }
        finally
        {
            _membership.Release();
        }
    }

    /// <summary>
    /// Ends a membership. The person's sockets lose the room at once, whatever they were doing; coming back is joining anew, with the password
    /// where there is one.
    /// </summary>
    public async Task<Outcome<bool>> RemoveMemberAsync(string actorId, string userId)
    {
        await _membership.WaitAsync();
        try
        {
            if (Authorize(actorId, RoomAction.RemoveMembers) is { } denied)
                return denied;
            if (RoleOf(userId) is not { } role)
                return RoomErrors.NoSuchParticipant;
            if (role == RoomPermissions.Owner)
                return RoomErrors.OwnerCannotBeRemoved;
            if (role == RoomPermissions.Moderator && userId != actorId && !RoomPermissions.Allows(RoleOf(actorId), RoomAction.ChangeRoles))
                return RoomErrors.OwnerOnly;
            await rooms.RemoveMemberAsync(RoomId, userId);
            _roles.Remove(userId);
            PutOut(userId, "kicked", new KickedEvent(RoomId, "You were removed from this room"));
            Broadcast("participant_removed", new ParticipantRemovedEvent(RoomId, userId));
            return true;
        }
        finally
        {
            _membership.Release();
        }
    }
}

[GenerateSerializer, Immutable]
internal sealed record ParticipantUpdatedEvent([property: Id(0)] string RoomId, [property: Id(1)] string UserId, [property: Id(2)] string Role);

[GenerateSerializer, Immutable]
internal sealed record ParticipantRemovedEvent([property: Id(0)] string RoomId, [property: Id(1)] string UserId);

[GenerateSerializer, Immutable]
internal sealed record KickedEvent([property: Id(0)] string RoomId, [property: Id(1)] string Message);
