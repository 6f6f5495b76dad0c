using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CodeChill.Server.Platform;
using CodeChill.Server.Tests.Storage;

namespace CodeChill.Server.Tests.Platform;

/// <summary>What an operator sees of a start that cannot succeed: a line that says what to do, an exit code, and no stack trace.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("codechill-start-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Port_in_use()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(null, null);
        await RefusedAsync("PORT: the port is in use. Set PORT to a free one.", ("PORT", port), ("LISTEN_ADDRESS", "127.0.0.1"));
    }

    [Fact]
    public Task Address_of_another_machine()
        => RefusedAsync("LISTEN_ADDRESS: this machine has no such address.", ("LISTEN_ADDRESS", "192.0.2.1"), ("PORT", "5999"));

    [Fact]
    public Task Database_file_that_is_something_else()
    {
        File.WriteAllText(Path.Combine(_folder, "codechill.db"), string.Concat(Enumerable.Repeat("not a database ", 1000)));
        return RefusedAsync($"database {Path.Combine(_folder, "codechill.db")}: the file is not a database. Put it aside, or restore a backup.");
    }

    [Fact]
    public Task Data_folder_that_is_a_file()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        return RefusedAsync("CODECHILL_DATA: given \"" + file + "\"; allowed: a folder this process may create and write", ("CODECHILL_DATA", file));
    }

    [Fact]
    public async Task Database_server_that_is_not_there()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port.ToString(null, null);
        free.Stop();
        await RefusedAsync("Check MYSQL_HOST and MYSQL_PORT, and that the server runs.", MySql(port, "anything"));
    }

    [Fact]
    public async Task Wrong_database_password()
    {
        Assert.SkipWhen(MariaDb.FindServer() is null, "mariadbd is not installed: apt-get install -y --no-install-recommends mariadb-server");
        await using var server = await MariaDb.StartAsync();
        var errors = await RefusedAsync("Check MYSQL_USERNAME and MYSQL_PASSWORD.", MySql(server.ConnectionTo(null).Port.ToString(null, null), "hunter2"));
        errors.ShouldNotContain("hunter2");
    }

    private static (string, string)[] MySql(string port, string password)
        => [("MYSQL_HOST", "127.0.0.1"), ("MYSQL_PORT", port), ("MYSQL_USERNAME", "nobody"), ("MYSQL_PASSWORD", password), ("MYSQL_DATABASE", "codechill")];

    private async Task<string> RefusedAsync(string line, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CodeChill.Server.dll")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var name in EnvironmentNames.KeyByName.Keys)
            start.Environment.Remove(name);
        foreach (var (name, value) in settings.Prepend(("CODECHILL_DATA", _folder)).Prepend(("ENV_FILE", "none")).Prepend(("ASPNETCORE_ENVIRONMENT", "Development")))
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(Startup.RefusedExitCode, await output);
        var lines = (await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(2, await errors);
        lines[0].ShouldBe("CodeChill does not start:");
        lines[1].ShouldStartWith("  ");
        lines[1].ShouldContain(line);
        (await output).ShouldNotContain("   at ");
        return await errors + await output;
    }
}
