namespace CodeChill.Server.Platform;

/// <summary>Where the server listens and keeps its files.</summary>
internal sealed record ServerOptions
{
    public const int DefaultPort = 5000;

    /// <summary>Where to listen, as <c>http://address:port</c>; null leaves it to ASP.NET Core's own <c>ASPNETCORE_URLS</c>.</summary>
    public required string? Url { get; init; }

    /// <summary>Absolute path of the folder for the database file, the generated secret and whatever else must survive.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The built web client, or null when there is none.</summary>
    public required string? WebRoot { get; init; }

    /// <summary>Addresses or networks (CIDR) of reverse proxies whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public required IReadOnlyList<System.Net.IPNetwork> TrustedProxies { get; init; }

    /// <summary>How long a stop waits for requests in flight and for the log to be written.</summary>
    public required TimeSpan StopTimeout { get; init; }

    /// <summary>Whether the library's event loops carry the connections (Linux) instead of Kestrel's own transport.</summary>
    public bool EventLoops { get; init; }

    public static ServerOptions Read(SettingsReader settings, string? repository) => new()
    {
        Url = ReadUrl(settings),
        DataFolder = ReadDataFolder(settings, repository),
        WebRoot = ReadWebRoot(settings, repository),
        TrustedProxies = [.. settings.List("Server:TrustedProxies").Select(text => ReadNetwork(settings, text)).OfType<System.Net.IPNetwork>()],
        StopTimeout = TimeSpan.FromSeconds(settings.Number("Server:StopTimeoutSeconds", 20, 1, 300)),
        EventLoops = settings.Flag("Server:EventLoops") ?? false,
    };

    private static string? ReadUrl(SettingsReader settings)
    {
        var given = settings.Text("Server:Port") is not null;
        var port = settings.Number("Server:Port", DefaultPort, 0, 65535);
        // A development server runs code of guests; it is nobody else's business unless somebody says so.
        var address = settings.Text("Server:ListenAddress", 255) ?? (settings.IsDevelopment ? "localhost" : "*");
        if (address is not ("localhost" or "*") && !System.Net.IPAddress.TryParse(address, out _))
        {
            settings.Refuse("Server:ListenAddress", SettingsReader.Quote(address), "an IP address of this machine, localhost, or * for all");
            return null;
        }

        // Port 0 is any free one, which "localhost" (two addresses) cannot have.
        if (port == 0 && address == "localhost")
            address = "127.0.0.1";
        return given || !settings.HasOtherUrls ? $"http://{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{port}" : null;
    }

    private static string ReadDataFolder(SettingsReader settings, string? repository)
    {
        const string key = "Server:DataFolder";
        // In a checkout the folder is beside the sources, however the server was started.
        var folder = settings.Text(key) ?? Path.Combine(repository ?? settings.ContentRoot, ".data");
        try
        {
            var full = Path.GetFullPath(folder);
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(full);
            else
                Directory.CreateDirectory(full, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var probe = Path.Combine(full, $".write-test-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return full;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            settings.Refuse(key, SettingsReader.Quote(folder), $"a folder this process may create and write ({failure.Message})");
            return Path.GetTempPath();
        }
    }

    private static string? ReadWebRoot(SettingsReader settings, string? repository)
    {
        const string key = "Server:WebRoot";
        if (settings.Text(key) is { } asked)
        {
            var full = Path.GetFullPath(asked, settings.ContentRoot);
            if (Directory.Exists(full))
                return full;
            settings.Refuse(key, SettingsReader.Quote(asked), "an existing folder with the built web client");
            return null;
        }

        string[] places = repository is null
            ? [Path.Combine(settings.ContentRoot, "wwwroot")]
            : [Path.Combine(repository, "web", "dist"), Path.Combine(settings.ContentRoot, "wwwroot")];
        return places.FirstOrDefault(place => File.Exists(Path.Combine(place, "index.html")));
    }

    private static System.Net.IPNetwork? ReadNetwork(SettingsReader settings, string text)
    {
        if (System.Net.IPNetwork.TryParse(text, out var network))
            return network;
        if (System.Net.IPAddress.TryParse(text, out var address))
            return new System.Net.IPNetwork(address, address.GetAddressBytes().Length * 8);
        settings.Refuse("Server:TrustedProxies", SettingsReader.Quote(text), "addresses or networks like 10.0.0.0/8, separated by commas");
        return null;
    }
}
