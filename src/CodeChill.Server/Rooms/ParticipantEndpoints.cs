using CodeChill.Server.Auth;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>The routes under <c>/api/rooms/{id}/participants/{userId}</c>.</summary>
internal static class ParticipantEndpoints
{
    private sealed class RoleBody
    {
        public string? Role { get; init; }
    }

    public static void MapParticipants(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/rooms/{id}/participants/{userId}").RequireCaller();
        group.MapPut("/", SetRoleAsync);
        group.MapDelete("/", RemoveAsync);
    }

    private static async Task<IResult> SetRoleAsync(string id, string userId, HttpContext http, IGrainFactory grains)
    {
        var read = await Replies.ReadAsync<RoleBody>(http);
        if (read.Error is { } unreadable)
            return Replies.From(unreadable);
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        if (read.Value!.Role is not (RoomPermissions.Moderator or RoomPermissions.Participant))
            return Replies.From(RoomErrors.InvalidRole);
        var changed = Ids.Canonical(userId) is { } member
            ? await grains.GetGrain<IRoomGrain>(roomId).SetRoleAsync(http.Caller().UserId, member, read.Value.Role)
            : RoomErrors.NoSuchParticipant;
        return Replies.Ok(changed, _ => new { message = "Role changed successfully", user_id = Ids.Canonical(userId), role = read.Value.Role });
    }

    private static async Task<IResult> RemoveAsync(string id, string userId, HttpContext http, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        var removed = Ids.Canonical(userId) is { } member
            ? await grains.GetGrain<IRoomGrain>(roomId).RemoveMemberAsync(http.Caller().UserId, member)
            : RoomErrors.NoSuchParticipant;
        return Replies.Ok(removed, _ => new { message = "Participant removed successfully" });
    }
}
