namespace CodeChill.Server.Platform;

/// <summary>How many requests one address and one user may make. Bursts are generous: an office shares an address, a page loads many things.</summary>
internal sealed record LimitOptions
{
    public required int AddressBurst { get; init; }

    public required int AddressPerSecond { get; init; }

    /// <summary>For <c>/api/auth</c>, beside the limit on wrong passwords.</summary>
    public required int SignInBurst { get; init; }

    public required int SignInPerSecond { get; init; }

    public required int UserBurst { get; init; }

    public required int UserPerSecond { get; init; }

    /// <summary>The largest request body; a program of 100,000 characters fits with every one of them escaped.</summary>
    public required int BodyBytes { get; init; }

    /// <summary>The largest body of account and profile routes.</summary>
    public const int AccountBodyBytes = 128 * 1024;

    public static LimitOptions Read(SettingsReader settings) => new()
    {
        AddressBurst = settings.Number("Limits:AddressBurst", 2000, 1, 1_000_000),
        AddressPerSecond = settings.Number("Limits:AddressPerSecond", 200, 1, 1_000_000),
        SignInBurst = settings.Number("Limits:SignInBurst", 300, 1, 1_000_000),
        SignInPerSecond = settings.Number("Limits:SignInPerSecond", 5, 1, 1_000_000),
        UserBurst = settings.Number("Limits:UserBurst", 500, 1, 1_000_000),
        UserPerSecond = settings.Number("Limits:UserPerSecond", 50, 1, 1_000_000),
        BodyBytes = settings.Number("Limits:BodyBytes", 2 * 1024 * 1024, 64 * 1024, 100 * 1024 * 1024),
    };
}
