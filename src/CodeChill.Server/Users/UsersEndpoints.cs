using System.Text.Json;
using CodeChill.Server.Auth;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Server.Users.Stats;

namespace CodeChill.Server.Users;

/// <summary>The routes under <c>/api/users</c>, and the profile and stats routes under <c>/api/auth</c>, which are the same in other words.</summary>
internal static class UsersEndpoints
{
    private const int MinQueryLength = 2;
    private const int MaxQueryLength = 100;
    private const int DashboardRooms = 5;

    public static void AddUsers(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<UserStore>();
        builder.AddStats();
    }

    public static void MapUsers(this WebApplication app)
    {
        var auth = app.MapGroup("/api/auth").RequireCaller();
        auth.MapGet("/profile", GetOwnAsync);
        auth.MapPut("/profile", PutOwnAsync);
        auth.MapPost("/stats/refresh", RefreshOwnAsync);

        var users = app.MapGroup("/api/users").RequireCaller();
        users.MapGet("/profile", GetProfileAsync);
        users.MapPut("/profile", PutProfileAsync);
        users.MapGet("/{id}/profile", GetPublicAsync);
        users.MapGet("/search", SearchAsync);
        users.MapPost("/stats/refresh", RefreshProfileAsync);
        users.MapGet("/dashboard", DashboardAsync);
        users.MapGet("/rooms", RoomsAsync);
    }

    private static async Task<IResult> GetOwnAsync(HttpContext http, UserStore users)
        => Replies.Ok(await OwnAsync(http, users), user => new { User = new OwnUser(user) });

    private static async Task<IResult> PutOwnAsync(HttpContext http, UserStore users, SessionRegistry sessions, StatsRefresher stats, TimeProvider clock)
        => Replies.Ok(
            await ChangeAsync(http, users, sessions, stats, clock),
            user => new { Message = "Profile updated successfully", User = new OwnUser(user) });

    private static async Task<IResult> RefreshOwnAsync(HttpContext http, StatsService stats)
        => Replies.Ok(
            await stats.RefreshAsync(http.Caller().UserId, StatsLimits.RequestPatience, http.RequestAborted),
            user => new { Message = "Stats refreshed successfully", User = new OwnUser(user) });

    private static async Task<IResult> GetProfileAsync(HttpContext http, UserStore users)
    {
        var user = await OwnAsync(http, users);
        return user.Error is { } error ? Replies.From(error) : Replies.Ok(new { Profile = await ProfileAsync(user.Value!, users) });
    }

    private static async Task<IResult> PutProfileAsync(HttpContext http, UserStore users, SessionRegistry sessions, StatsRefresher stats, TimeProvider clock)
    {
        var user = await ChangeAsync(http, users, sessions, stats, clock);
        return user.Error is { } error
            ? Replies.From(error)
            : Replies.Ok(new { Message = "Profile updated successfully", Profile = await ProfileAsync(user.Value!, users) });
    }

    private static async Task<IResult> RefreshProfileAsync(HttpContext http, UserStore users, StatsService stats)
    {
        var user = await stats.RefreshAsync(http.Caller().UserId, StatsLimits.RequestPatience, http.RequestAborted);
        return user.Error is { } error
            ? Replies.From(error)
            : Replies.Ok(new { Message = "Stats refreshed successfully", Profile = await ProfileAsync(user.Value!, users) });
    }

    private static async Task<IResult> GetPublicAsync(string id, HttpContext http, UserStore users)
    {
        if (Ids.Canonical(id) is not { } userId || await users.FindAsync(userId, http.RequestAborted) is not { IsActive: true } user)
            return Replies.From(UserErrors.NotFound);
        var counts = await users.CountRoomsAsync(userId, http.RequestAborted);
        return Replies.Ok(new { Profile = new PublicProfile(user, counts.CreatedPublic) });
    }

    private static async Task<IResult> SearchAsync(HttpContext http, UserStore users)
    {
        var query = http.Request.Query["q"].ToString().Trim();
        if (query.Length < MinQueryLength)
            return Replies.From(UserErrors.QueryTooShort);
        if (query.Length > MaxQueryLength)
            return Replies.From(UserErrors.QueryTooLong);
        var page = PageRequest.From(http, defaultPerPage: 20, maxPerPage: 50);
        var (found, total) = await users.SearchAsync(query, page, http.RequestAborted);
        return Replies.Ok(new { Users = found.Select(user => new PublicUser(user)).ToList(), Query = query, Pagination = page.Describe(total) });
    }

    private static async Task<IResult> RoomsAsync(HttpContext http, RoomStore rooms)
    {
        var mine = await rooms.ListMineAsync(http.Caller().UserId);
        return Replies.Ok(new { Rooms = await ShapeAsync(mine, rooms) });
    }

    private static async Task<IResult> DashboardAsync(HttpContext http, UserStore users, RoomStore rooms)
    {
        var user = await OwnAsync(http, users);
        if (user.Error is { } error)
            return Replies.From(error);
        var mine = await rooms.ListMineAsync(user.Value!.Id);
        var counts = await users.CountRoomsAsync(user.Value.Id, http.RequestAborted);
        return Replies.Ok(new
        {
            Dashboard = new
            {
                User = new OwnUser(user.Value),
                RecentRooms = await ShapeAsync([.. mine.Take(DashboardRooms)], rooms),
                OwnedRooms = await ShapeAsync([.. mine.Where(room => room.CreatedBy == user.Value.Id).Take(DashboardRooms)], rooms),
                Stats = new { TotalRoomsCreated = counts.Created, TotalRoomsJoined = counts.Joined, ActiveParticipations = counts.Active },
            },
        });
    }

    private static async Task<List<MyRoomView>> ShapeAsync(IReadOnlyList<RoomRow> rows, RoomStore rooms)
    {
        var members = await rooms.MembersAsync([.. rows.Select(row => row.Id)]);
        return [.. rows.Select(row => RoomShapes.Mine(row, members[row.Id]))];
    }

    private static async Task<Outcome<User>> OwnAsync(HttpContext http, UserStore users)
        => await users.FindAsync(http.Caller().UserId, http.RequestAborted) is { IsActive: true } user ? user : UserErrors.NotFound;

    private static async Task<Outcome<User>> ChangeAsync(
        HttpContext http, UserStore users, SessionRegistry sessions, StatsRefresher stats, TimeProvider clock)
    {
        var body = await Replies.ReadAsync<Dictionary<string, JsonElement>>(http);
        if (body.Error is { } unreadable)
            return unreadable;
        var caller = http.Caller();
        var changed = await users.ChangeProfileAsync(caller.UserId, user => ProfileChange.Apply(user, body.Value!, clock.GetUtcNow()), http.RequestAborted);
        if (changed.Error is not null)
            return changed;
        sessions.Refresh(caller.SessionId!);
        stats.Wake(changed.Value!);
        return changed;
    }

    private static async Task<OwnProfile> ProfileAsync(User user, UserStore users)
    {
        var counts = await users.CountRoomsAsync(user.Id);
        return new OwnProfile(user, counts.Created, counts.Joined);
    }
}
