using CodeChill.Server.Platform;

namespace CodeChill.Server.Auth;

/// <summary>Who may sign in, and with what tokens.</summary>
internal sealed record AuthOptions
{
    /// <summary>HS256 wants a key of at least its output's size (RFC 7518 §3.2).</summary>
    public const int MinSecretLength = 32;

    /// <summary>The secret all own keys are derived from.</summary>
    public required string SecretKey { get; init; }

    /// <summary>The identity provider, or null when only this application's accounts exist.</summary>
    public required ProviderOptions? Provider { get; init; }

    public required bool AllowGuests { get; init; }

    /// <summary>E-mail and password accounts kept by this application.</summary>
    public required bool AllowLocalAccounts { get; init; }

    public required TimeSpan AccessTokenLifetime { get; init; }

    /// <summary>How long a session lives after its last refresh.</summary>
    public required TimeSpan SessionLifetime { get; init; }

    /// <summary>Password hashes computed at the same time; each costs a core 0.1–0.3 s.</summary>
    public required int PasswordConcurrency { get; init; }

    /// <summary>PBKDF2-SHA512 rounds (OWASP's figure for it).</summary>
    public required int PasswordIterations { get; init; }

    public static AuthOptions Read(SettingsReader settings, string dataFolder)
    {
        var provider = ProviderOptions.Read(settings);
        return new()
        {
            SecretKey = ReadSecret(settings, dataFolder),
            Provider = provider,
            // Guests are anonymous writers: outside Development somebody has to want them.
            AllowGuests = settings.Flag("Auth:AllowGuests") ?? settings.IsDevelopment,
            AllowLocalAccounts = settings.Flag("Auth:AllowLocalAccounts") ?? (settings.IsDevelopment || provider is null),
            AccessTokenLifetime = TimeSpan.FromMinutes(settings.Number("Auth:AccessTokenMinutes", 15, 1, 24 * 60)),
            SessionLifetime = TimeSpan.FromDays(settings.Number("Auth:SessionDays", 30, 1, 365)),
            PasswordConcurrency = settings.Number("Auth:PasswordConcurrency", Math.Max(1, Environment.ProcessorCount / 2), 1, 64),
            PasswordIterations = settings.Number("Auth:PasswordIterations", 210_000, settings.IsDevelopment ? 1_000 : 100_000, 10_000_000),
        };
    }

    private static string ReadSecret(SettingsReader settings, string dataFolder)
    {
        const string key = "Auth:SecretKey";
        var given = settings.Text(key);
        if (given is { Length: >= MinSecretLength })
            return given;
        if (given is not null)
            settings.Refuse(key, $"a secret of {given.Length} characters", $"at least {MinSecretLength} characters (openssl rand -base64 48)");
        else if (!settings.IsDevelopment)
            settings.Refuse(key, "nothing", $"a secret of at least {MinSecretLength} characters (openssl rand -base64 48)");
        else
            return ReadSecretFile(settings, key, Path.Combine(dataFolder, "secret-key"));
        return new string('-', MinSecretLength);
    }

    private static string ReadSecretFile(SettingsReader settings, string key, string path)
    {
        try
        {
            return SecretFile.ReadOrCreate(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            settings.Refuse(key, "nothing", $"a secret, or a readable file in the data folder ({failure.Message})");
            return new string('-', MinSecretLength);
        }
    }
}
