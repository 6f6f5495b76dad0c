using CodeChill.Server.Auth;
using CodeChill.Server.Documents;
using CodeChill.Server.Executions;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>The <c>/api/rooms</c> routes.</summary>
internal static class RoomsEndpoints
{
    private sealed class CreateBody
    {
        public string? Name { get; init; }
        public string? Description { get; init; }
        public string? Language { get; init; }
        public bool? IsPrivate { get; init; }
        public string? Password { get; init; }
        public int? MaxParticipants { get; init; }
    }

    private sealed class JoinBody
    {
        public string? Password { get; init; }
    }

    public static void MapRoomRoutes(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/rooms").RequireCaller();
        group.MapGet("/", ListAsync);
        group.MapPost("/", CreateAsync);
        group.MapGet("/my-rooms", ListMineAsync);
        group.MapGet("/{id}", GetAsync);
        group.MapPut("/{id}", UpdateAsync);
        group.MapDelete("/{id}", DeleteAsync);
        group.MapPost("/{id}/join", JoinAsync);
        group.MapPost("/{id}/leave", LeaveAsync);
        group.MapGet("/{id}/participants", ParticipantsAsync);
    }

    private static async Task<IResult> ListAsync(HttpContext http, RoomStore rooms)
    {
        var page = PageRequest.From(http, RoomLimits.PerPage, RoomLimits.MaxPerPage);
        var (found, total) = await rooms.ListPublicAsync(Filled(http.Request.Query["search"]), Filled(http.Request.Query["language"]), page);
        var members = await rooms.MembersAsync([.. found.Select(r => r.Id)]);
        return Replies.Ok(new { rooms = found.Select(r => RoomShapes.Room(r, members[r.Id])), pagination = page.Describe(total) });
    }

    private static async Task<IResult> ListMineAsync(HttpContext http, RoomStore rooms)
    {
        var found = await rooms.ListMineAsync(http.Caller().UserId);
        var members = await rooms.MembersAsync([.. found.Select(r => r.Id)]);
        return Replies.Ok(new { rooms = found.Select(r => RoomShapes.Mine(r, members[r.Id])) });
    }

    private static async Task<IResult> CreateAsync(HttpContext http, RoomStore rooms, Passwords passwords)
    {
        var read = await Replies.ReadAsync<CreateBody>(http);
        if (read.Error is { } unreadable)
            return Replies.From(unreadable);
        var body = read.Value!;
        var language = body.Language ?? LanguageCatalog.Default;
        var isPrivate = body.IsPrivate ?? false;
        var password = string.IsNullOrEmpty(body.Password) ? null : body.Password;
        if ((CheckName(body.Name) ?? CheckCommon(body.Description, language, body.MaxParticipants) ?? CheckPassword(isPrivate, password)) is { } invalid)
            return Replies.From(invalid);

        string? passwordHash = null;
        if (password is not null)
        {
            var hashed = await passwords.HashAsync(password, http.RequestAborted);
            if (hashed.Error is { } busy)
                return Replies.From(busy);
            passwordHash = hashed.Value;
        }

        var template = LanguageCatalog.TemplateOf(language);
        var created = await rooms.CreateAsync(new NewRoom(
            body.Name!.Trim(),
            body.Description,
            isPrivate,
            passwordHash,
            body.MaxParticipants ?? RoomLimits.DefaultParticipants,
            language,
            http.Caller().UserId,
            RoomDocument.Template(template),
            template));
        return created.Error is { } error
            ? Replies.From(error)
            : Replies.Ok(new { message = "Room created successfully", room = await DetailsAsync(rooms, created.Value!, http.Caller().UserId) }, 201);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, RoomStore rooms)
    {
        var (room, error) = await ReadableAsync(id, http, rooms);
        return error is not null ? Replies.From(error) : Replies.Ok(new { room });
    }

    private static async Task<IResult> ParticipantsAsync(string id, HttpContext http, RoomStore rooms)
    {
        var (room, error) = await ReadableAsync(id, http, rooms);
        if (error is null && !RoomPermissions.Allows(room!.UserRole, RoomAction.Read))
            error = RoomErrors.AccessDenied;
        return error is not null ? Replies.From(error) : Replies.Ok(new { participants = room!.Participants });
    }

    private static async Task<IResult> UpdateAsync(string id, HttpContext http, RoomStore rooms, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        var read = await Replies.ReadAsync<CreateBody>(http);
        if (read.Error is { } unreadable)
            return Replies.From(unreadable);
        var body = read.Value!;
        var invalid = (body.Name is null ? null : CheckName(body.Name)) ?? CheckCommon(body.Description, body.Language ?? LanguageCatalog.Default, body.MaxParticipants);
        if (invalid is not null)
            return Replies.From(invalid);
        var updated = await grains.GetGrain<IRoomGrain>(roomId)
            .UpdateAsync(http.Caller().UserId, new RoomChanges(body.Name?.Trim(), body.Description, body.Language, body.MaxParticipants));
        return updated.Error is { } error
            ? Replies.From(error)
            : Replies.Ok(new { message = "Room updated successfully", room = await DetailsAsync(rooms, roomId, http.Caller().UserId) });
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext http, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        var deleted = await grains.GetGrain<IRoomGrain>(roomId).DeleteAsync(http.Caller().UserId);
        return Replies.Ok(deleted, _ => new { message = "Room deleted successfully" });
    }

    private static async Task<IResult> JoinAsync(string id, HttpContext http, RoomStore rooms, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        var read = await Replies.ReadAsync<JoinBody>(http);
        if (read.Error is { } unreadable)
            return Replies.From(unreadable);
        var joined = await grains.GetGrain<IRoomGrain>(roomId).JoinAsync(http.Caller(), read.Value!.Password);
        return joined.Error is { } error
            ? Replies.From(error)
            : Replies.Ok(new
            {
                message = joined.Value!.AlreadyIn ? "Already in room" : "Joined room successfully",
                room = await DetailsAsync(rooms, roomId, http.Caller().UserId),
            });
    }

    private static async Task<IResult> LeaveAsync(string id, HttpContext http, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        var left = await grains.GetGrain<IRoomGrain>(roomId).LeaveAsync(http.Caller().UserId);
        return Replies.Ok(left, _ => new { message = "Left room successfully" });
    }

    /// <summary>The room as the caller may see it: public rooms are open to read about, private ones to their members.</summary>
    private static async Task<(RoomDetailsView? Room, Error? Error)> ReadableAsync(string id, HttpContext http, RoomStore rooms)
    {
        if (Ids.Canonical(id) is not { } roomId || await DetailsAsync(rooms, roomId, http.Caller().UserId) is not { IsActive: true } room)
            return (null, RoomErrors.NotFound);
        return room is { IsPrivate: true, IsParticipant: false } ? (null, RoomErrors.AccessDenied) : (room, null);
    }

    private static async Task<RoomDetailsView?> DetailsAsync(RoomStore rooms, string roomId, string userId)
        => await rooms.FindAsync(roomId) is { } row ? RoomShapes.Details(row, (await rooms.MembersAsync([roomId]))[roomId], userId) : null;

    private static string? Filled(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    private static Error? CheckName(string? name)
        => name?.Trim().Length is >= RoomLimits.NameMin and <= RoomLimits.NameMax ? null : RoomErrors.InvalidName;

    private static Error? CheckCommon(string? description, string language, int? maxParticipants)
        => description is { Length: > RoomLimits.DescriptionMax } ? RoomErrors.InvalidDescription
            : LanguageCatalog.Find(language) is null ? RoomErrors.InvalidLanguage
            : maxParticipants is < 1 or > RoomLimits.MaxParticipants ? RoomErrors.InvalidCapacity
            : null;

    private static Error? CheckPassword(bool isPrivate, string? password)
        => password is null
            ? isPrivate ? RoomErrors.PasswordRequired : null
            : password.Length is >= RoomLimits.PasswordMin and <= RoomLimits.PasswordMax ? null : RoomErrors.InvalidNewPassword;
}
