using System.Diagnostics;
using System.Net.Sockets;

namespace CodeChill.SocketIO.Tests.Support;

/// <summary>A Redis of the test's own: a free port, a private folder, nothing saved.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private RedisServer(Process process, string folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Why there can be no Redis; null when there can. Where the whole suite is owed (CI is set) the absence is a failure.</summary>
    public static string? Missing()
    {
        bool found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(static folder => File.Exists(Path.Combine(folder, "redis-server")));
        return found || Environment.GetEnvironmentVariable("CI") is not null ? null : "redis-server is not installed (apt-get install redis-server)";
    }

    public static async Task<RedisServer> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory("redis-test-").FullName;
        int port = EchoHost.FreePort();
        var info = new ProcessStartInfo("redis-server") { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (string arg in (string[])["--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]) info.ArgumentList.Add(arg);
        var process = Process.Start(info)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal)) break;
        }

        process.HasExited.ShouldBeFalse();
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return new RedisServer(process, folder, port);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
