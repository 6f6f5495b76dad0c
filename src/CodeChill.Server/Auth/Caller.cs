namespace CodeChill.Server.Auth;

/// <summary>Who is asking, after every check of a token passed. <see cref="SessionId"/> is null for an identity provider's token, which has no session here.</summary>
[GenerateSerializer, Immutable]
internal sealed record Caller(
    [property: Id(0)] string UserId,
    [property: Id(1)] string Name,
    [property: Id(2)] string? Picture,
    [property: Id(3)] string? SessionId,
    [property: Id(4)] DateTimeOffset ExpiresAt,
    [property: Id(5)] bool IsGuest);
