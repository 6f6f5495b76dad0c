using CodeChill.Server.Auth;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>The question that routes about a room begin with.</summary>
internal static class RoomAccess
{
    /// <summary>The room that a route names, and why its caller may not do this in it.</summary>
    public static async Task<(string RoomId, Error? Refused)> AdmitAsync(this RoomStore rooms, string id, HttpContext http, RoomAction action)
        => Ids.Canonical(id) is { } roomId
            ? (roomId, await rooms.AuthorizeAsync(roomId, http.Caller().UserId, action))
            : ("", RoomErrors.NotFound);
}
