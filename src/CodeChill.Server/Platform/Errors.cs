namespace CodeChill.Server.Platform;

/// <summary>Whether trying the same thing again can help.</summary>
internal enum Retry
{
    Never,
    Later,
    AfterLogin,
}

/// <summary>
/// An expected failure. Each slice keeps its own catalogue of these; the edges (REST, acknowledgement, <c>error</c> event) translate them
/// in one place each. <paramref name="Code"/> is stable, <paramref name="Message"/> is what the wire contract prescribes.
/// </summary>
[GenerateSerializer, Immutable]
internal sealed record Error(
    [property: Id(0)] string Code,
    [property: Id(1)] int Status,
    [property: Id(2)] string Message,
    [property: Id(3)] Retry Retry = Retry.Never,
    [property: Id(4)] TimeSpan? RetryAfter = null);

/// <summary>A value or an expected failure.</summary>
[GenerateSerializer, Immutable]
internal readonly record struct Outcome<T>([property: Id(0)] T? Value, [property: Id(1)] Error? Error)
{
    public bool IsError => Error is not null;

    public static implicit operator Outcome<T>(Error error) => new(default, error);

    public static implicit operator Outcome<T>(T value) => new(value, null);
}

/// <summary>Failures that belong to no slice.</summary>
internal static class PlatformErrors
{
    public static readonly Error RateLimited = new("platform.rate_limited", 429, "Rate limit exceeded", Retry.Later);
    public static readonly Error Unavailable = new("platform.unavailable", 503, "Service temporarily unavailable", Retry.Later);
    public static readonly Error NotFound = new("platform.not_found", 404, "Not found");
    public static readonly Error MethodNotAllowed = new("platform.method_not_allowed", 405, "Method not allowed");
    public static readonly Error BadRequest = new("platform.bad_request", 400, "Bad request");
    public static readonly Error BadJson = new("platform.bad_json", 400, "Invalid JSON body");
    public static readonly Error TooLarge = new("platform.too_large", 413, "Request body too large");
    public static readonly Error Internal = new("platform.internal", 500, "Internal server error", Retry.Later);

    public static Error Invalid(string message) => new("platform.invalid", 400, message);
}
