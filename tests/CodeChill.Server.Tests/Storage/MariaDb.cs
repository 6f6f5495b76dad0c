using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using MySqlConnector;

namespace CodeChill.Server.Tests.Storage;

/// <summary>
/// A MariaDB server of our own: a data folder under the temp folder, a free loopback port, Debian's binaries, no service manager. It is
/// ready when it says so on its error stream; it is stopped by its own process, never by name.
/// </summary>
internal sealed class MariaDb : IAsyncDisposable
{
    private static readonly TimeSpan _installLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _startLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _stopLimit = TimeSpan.FromSeconds(30);

    private readonly Process _server;
    private readonly string _folder;
    private readonly int _port;

    private MariaDb(Process server, string folder, int port)
    {
        _server = server;
        _folder = folder;
        _port = port;
        // A test run that is torn down without disposing its fixtures must not leave a server behind.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Kill();
    }

    /// <summary>Where Debian and most others put the server, or null when it is not installed.</summary>
    public static string? FindServer() => Find("mariadbd");

    public static async Task<MariaDb> StartAsync()
    {
        var binary = FindServer() ?? throw new InvalidOperationException("mariadbd is not installed");
        var installer = Find("mariadb-install-db") ?? throw new InvalidOperationException("mariadb-install-db is not installed");
        var folder = Directory.CreateTempSubdirectory("codechill-mariadb-").FullName;
        var data = Path.Combine(folder, "data");
        string[] user = Environment.UserName == "root" ? ["--user=root"] : [];

        var install = Start(
            installer,
            ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", $"--datadir={data}", .. user]);
        // Both streams are drained, or a talkative installer blocks on a full pipe.
        var said = Task.WhenAll(install.StandardOutput.ReadToEndAsync(), install.StandardError.ReadToEndAsync());
        await install.WaitForExitAsync().WaitAsync(_installLimit);
        if (install.ExitCode != 0)
            throw new InvalidOperationException("mariadb-install-db failed: " + string.Join('\n', await said));

        var port = FreePort();
        var server = Start(
            binary,
            [
                "--no-defaults", $"--datadir={data}", $"--port={port}", "--bind-address=127.0.0.1", $"--socket={Path.Combine(folder, "s")}",
                $"--pid-file={Path.Combine(folder, "pid")}", "--innodb-buffer-pool-size=48M", "--innodb-flush-log-at-trx-commit=1",
                "--skip-name-resolve", .. user,
            ]);
        var database = new MariaDb(server, folder, port);
        try
        {
            await database.ReadyAsync().WaitAsync(_startLimit);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public MySqlConnectionStringBuilder ConnectionTo(string? database) => new()
    {
        Server = "127.0.0.1",
        Port = (uint)_port,
        UserID = "root",
        Database = database ?? "",
    };

    public async ValueTask DisposeAsync()
    {
        if (!_server.HasExited)
        {
            using (var terminate = Start("/bin/kill", ["-TERM", _server.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
                await terminate.WaitForExitAsync();
            try
            {
                await _server.WaitForExitAsync().WaitAsync(_stopLimit);
            }
            catch (TimeoutException)
            {
                Kill();
            }
        }
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ReadyAsync()
    {
        _ = _server.StandardOutput.ReadToEndAsync();
        var said = new List<string>();
        while (await _server.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (line.Contains("ready for connections", StringComparison.Ordinal))
            {
                _ = _server.StandardError.ReadToEndAsync();
                return;
            }
        }
        throw new InvalidOperationException("mariadbd ended before it was ready: " + string.Join('\n', said));
    }

    private void Kill()
    {
        try
        {
            _server.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended, or was disposed of, already.
        }
    }

    private static Process Start(string file, IEnumerable<string> arguments)
        => Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{file} did not start");

    private static string? Find(string name)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/usr/local/sbin"])
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
