using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodeChill.Server.Users;

/// <summary>A row of <c>users</c>. Never sent as it is: it carries the password hash.</summary>
internal sealed record User
{
    public required string Id { get; init; }

    public string? Email { get; init; }

    public required string Name { get; init; }

    public string? Picture { get; init; }

    public string? LoginEmail { get; init; }

    public string? PasswordHash { get; init; }

    public string? IdentityIssuer { get; init; }

    public string? IdentitySubject { get; init; }

    public bool IsGuest { get; init; }

    public bool IsActive { get; init; } = true;

    public bool IsVerified { get; init; }

    public string? GithubUsername { get; init; }

    public string? LeetcodeUsername { get; init; }

    public string? CodeforcesUsername { get; init; }

    public string? GithubStats { get; init; }

    public string? LeetcodeStats { get; init; }

    public string? CodeforcesStats { get; init; }

    public DateTimeOffset? StatsUpdatedAt { get; init; }

    /// <summary>How the last look at each platform went, see <see cref="Stats.StatsStatus"/>.</summary>
    public string? StatsStatus { get; init; }

    /// <summary>When the numbers are looked at again.</summary>
    public DateTimeOffset? StatsDueAt { get; init; }

    /// <summary>When this row was read; what is old is old as of then.</summary>
    public DateTimeOffset ReadAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public bool HasHandles => GithubUsername is not null || LeetcodeUsername is not null || CodeforcesUsername is not null;
}

/// <summary>What everybody may see of a user.</summary>
internal record PublicUser(User User)
{
    [JsonIgnore]
    public User User { get; } = User;

    public string Id => User.Id;

    public string Name => User.Name;

    public string? Picture => User.Picture;

    public string? GithubUsername => User.GithubUsername;

    public string? LeetcodeUsername => User.LeetcodeUsername;

    public string? CodeforcesUsername => User.CodeforcesUsername;

    public DateTimeOffset CreatedAt => User.CreatedAt;

    public DateTimeOffset UpdatedAt => User.UpdatedAt;

    public bool IsActive => User.IsActive;

    public bool IsVerified => User.IsVerified;

    public bool IsGuest => User.IsGuest;
}

/// <summary>With what the platforms say about the user.</summary>
internal record UserWithStats(User User) : PublicUser(User)
{
    public JsonElement? GithubStats => Stored(User.GithubStats);

    public JsonElement? LeetcodeStats => Stored(User.LeetcodeStats);

    public JsonElement? CodeforcesStats => Stored(User.CodeforcesStats);

    /// <summary>How old the numbers are, and why there are none or no newer ones.</summary>
    public IReadOnlyDictionary<string, Stats.StatsStatusView> StatsStatus => Stats.StatsStatus.Describe(User);

    private static JsonElement? Stored(string? json) => json is null ? null : JsonElement.Parse(json);
}

/// <summary>The contract's <c>user</c>: what a user sees of themself.</summary>
internal record OwnUser(User User) : UserWithStats(User)
{
    public string? Email => User.Email;
}

/// <summary><c>profile</c> of <c>GET /api/users/profile</c>.</summary>
internal sealed record OwnProfile(User User, long RoomsCreated, long RoomsJoined) : OwnUser(User);

/// <summary><c>profile</c> of <c>GET /api/users/{id}/profile</c>.</summary>
internal sealed record PublicProfile(User User, long PublicRoomsCreated) : UserWithStats(User);
