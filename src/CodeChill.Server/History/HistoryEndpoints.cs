using System.Globalization;
using CodeChill.Server.Auth;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Text;

namespace CodeChill.Server.History;

/// <summary>The routes of a room's past: for its members; restoring for those who may.</summary>
internal static class HistoryEndpoints
{
    /// <summary>Restores that met typing which is too fast are tried again.</summary>
    private const int RestoreTries = 3;

    public static void AddHistory(this WebApplicationBuilder builder)
        => builder.Services
            .AddSingleton(HistoryOptions.Read(builder.Settings()))
            .AddSingleton<HistoryStore>()
            .AddSingleton<HistoryKeeper>()
            .AddSingleton<HistoryService>();

    public static void MapHistory(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/rooms/{id}").RequireCaller();
        group.MapGet("/history", ListAsync);
        group.MapGet("/history/{version}", ReadAsync);
        group.MapPost("/history/{version}/restore", RestoreAsync);
        group.MapGet("/replay", ReplayAsync);
    }

    private static async Task<IResult> ListAsync(string id, HttpContext http, RoomStore rooms, HistoryService history)
    {
        var (roomId, refused) = await AdmitAsync(id, http, rooms, history, RoomAction.Read, 1);
        if (refused is not null)
            return Replies.From(refused);
        if (!TryBound(http, "from", 0, out var from) || !TryBound(http, "to", long.MaxValue, out var to))
            return Replies.From(HistoryErrors.InvalidRange);
        var page = PageRequest.From(http, HistoryLimits.PerPage, HistoryLimits.MaxPerPage);
        return Replies.Ok(await history.ListAsync(roomId, from, to, page, http.RequestAborted), found => found);
    }

    private static async Task<IResult> ReadAsync(string id, string version, HttpContext http, RoomStore rooms, HistoryService history)
    {
        var (roomId, refused) = await AdmitAsync(id, http, rooms, history, RoomAction.Read, 1);
        if (refused is not null)
            return Replies.From(refused);
        return TryVersion(version, out var number)
            ? Replies.Ok(await history.ReadAsync(roomId, number, http.RequestAborted), found => found)
            : Replies.From(HistoryErrors.VersionNotFound);
    }

    private static async Task<IResult> RestoreAsync(
        string id, string version, HttpContext http, RoomStore rooms, HistoryService history, IGrainFactory grains)
    {
        var (roomId, refused) = await AdmitAsync(id, http, rooms, history, RoomAction.Restore, 3);
        if (refused is not null)
            return Replies.From(refused);
        if (!TryVersion(version, out var number))
            return Replies.From(HistoryErrors.VersionNotFound);
        var past = await history.ReadAsync(roomId, number, http.RequestAborted);
        if (past.Error is { } unknown)
            return Replies.From(unknown);
        // Not what was asked for: an older text must not be put in its place unasked.
        if (past.Value!.Damaged == true)
            return Replies.From(HistoryErrors.Damaged);

        var room = grains.GetGrain<IRoomGrain>(roomId);
        var userId = http.Caller().UserId;
        for (var tries = 0; ; tries++)
        {
            var present = await room.GetTextAsync(userId, RoomAction.Restore);
            if (present.Error is { } denied)
                return Replies.From(denied);
            // Compared here and not in the room's turn: typing goes on meanwhile, and is merged.
            var edits = TextDiff.Compute(present.Value!.Text, past.Value.Content);
            var restored = await room.RestoreAsync(
                userId, [.. edits.Select(e => new RestoreEdit(e.Index, e.DeleteLength, e.Insert))], present.Value.Version);
            if (restored.Error == HistoryErrors.Moving && tries < RestoreTries)
                continue;
            return Replies.Ok(restored, now => new { message = "Version restored successfully", version = now.Version, content = now.Text });
        }
    }

    private static async Task<IResult> ReplayAsync(
        string id, HttpContext http, RoomStore rooms, HistoryService history, HistoryStore store, HistoryKeeper keeper)
    {
        var (roomId, refused) = await AdmitAsync(id, http, rooms, history, RoomAction.Read, 5);
        if (refused is not null)
            return Replies.From(refused);
        if (await rooms.FindAsync(roomId) is not { IsActive: true } room)
            return Replies.From(RoomErrors.NotFound);
        var written = await history.WithinTimeAsync<bool>(
            HistoryLimits.ReplayDeadline,
            async within =>
            {
                http.Response.ContentType = "application/x-ndjson; charset=utf-8";
                using var replay = new ReplayWriter(history, store, keeper, room, http.Response.Body);
                await replay.WriteAsync(within);
                return true;
            },
            http.RequestAborted);
        if (written.Error is not { } late)
            return Results.Empty;
        // Half a replay must not look like a whole one.
        if (http.Response.HasStarted)
            http.Abort();
        else
            http.Response.ContentType = null;
        return http.Response.HasStarted ? Results.Empty : Replies.From(late);
    }

    private static async Task<(string RoomId, Error? Refused)> AdmitAsync(
        string id, HttpContext http, RoomStore rooms, HistoryService history, RoomAction action, double cost)
    {
        var (roomId, refused) = await rooms.AdmitAsync(id, http, action);
        return (roomId, refused ?? history.Refuse(http.Caller().UserId, cost));
    }

    private static bool TryVersion(string text, out long version)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out version);

    private static bool TryBound(HttpContext http, string name, long fallback, out long bound)
    {
        bound = fallback;
        var given = http.Request.Query[name].ToString();
        return given.Length == 0 || TryVersion(given, out bound);
    }
}
