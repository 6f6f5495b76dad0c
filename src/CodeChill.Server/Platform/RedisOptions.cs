namespace CodeChill.Server.Platform;

/// <summary>The Redis that several nodes share; null for one node alone.</summary>
internal sealed record RedisOptions
{
    public required Uri? Url { get; init; }

    public static RedisOptions Read(SettingsReader settings) => new() { Url = settings.Url("Redis:Url", "redis", "rediss") };
}
