using Serilog.Events;

namespace CodeChill.Server.Platform;

/// <summary>What is logged and where.</summary>
internal sealed record LogOptions
{
    /// <summary>The names of .NET and of Python's logging, which existing <c>.env</c> files use.</summary>
    public static readonly IReadOnlyDictionary<string, LogEventLevel> Levels = new Dictionary<string, LogEventLevel>
    {
        ["TRACE"] = LogEventLevel.Verbose,
        ["VERBOSE"] = LogEventLevel.Verbose,
        ["NOTSET"] = LogEventLevel.Verbose,
        ["DEBUG"] = LogEventLevel.Debug,
        ["INFO"] = LogEventLevel.Information,
        ["INFORMATION"] = LogEventLevel.Information,
        ["WARN"] = LogEventLevel.Warning,
        ["WARNING"] = LogEventLevel.Warning,
        ["ERROR"] = LogEventLevel.Error,
        ["CRITICAL"] = LogEventLevel.Fatal,
        ["FATAL"] = LogEventLevel.Fatal,
    };

    public required LogEventLevel Level { get; init; }

    /// <summary>A file that is written beside the console, a new one each day and every 64 MiB, 14 kept; null for none.</summary>
    public required string? File { get; init; }

    /// <summary>One JSON object a line (default outside Development) instead of text for people.</summary>
    public required bool Json { get; init; }

    public static LogOptions Read(SettingsReader settings) => new()
    {
        Level = settings.Choice("Log:Level", LogEventLevel.Information, Levels),
        File = ReadFile(settings),
        Json = settings.Flag("Log:Json") ?? !settings.IsDevelopment,
    };

    private static string? ReadFile(SettingsReader settings)
    {
        const string key = "Log:File";
        if (settings.Text(key) is not { } file)
            return null;
        try
        {
            var full = Path.GetFullPath(file);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            if (!Directory.Exists(full))
                return full;
            settings.Refuse(key, SettingsReader.Quote(file), "a file, not a folder");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            settings.Refuse(key, SettingsReader.Quote(file), $"a file this process may write ({failure.Message})");
        }

        return null;
    }
}
