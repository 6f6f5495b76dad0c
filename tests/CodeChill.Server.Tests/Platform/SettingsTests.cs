using System.Diagnostics;
using System.Text.Json;
using CodeChill.Server.Auth;
using CodeChill.Server.Platform;
using CodeChill.Server.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Events;

namespace CodeChill.Server.Tests.Platform;

public sealed class SettingsTests : IDisposable
{
    private const string Secret = "0123456789abcdef0123456789abcdef";

    private readonly string _folder = Directory.CreateTempSubdirectory("codechill-settings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Nothing_set_in_development_is_a_working_server()
    {
        var builder = Build("Development");
        builder.Settings().Problems.ShouldBeEmpty();
        builder.Options<DatabaseOptions>().Host.ShouldBeNull();
        builder.Options<ServerOptions>().DataFolder.ShouldBe(Path.Combine(_folder, ".data"));
        builder.Options<ServerOptions>().Url.ShouldBe("http://localhost:5000");
        var auth = builder.Options<AuthOptions>();
        auth.AllowGuests.ShouldBeTrue();
        auth.AllowLocalAccounts.ShouldBeTrue();
        auth.Provider.ShouldBeNull();
        builder.Options<LogOptions>().Json.ShouldBeFalse();

        var file = Path.Combine(_folder, ".data", "secret-key");
        File.ReadAllText(file).Trim().ShouldBe(auth.SecretKey);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.GetUnixFileMode(Path.GetDirectoryName(file)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        // The next start signs with the same secret.
        Build("Development").Options<AuthOptions>().SecretKey.ShouldBe(auth.SecretKey);
    }

    [Fact]
    public void Production_with_a_secret_starts_without_guests()
    {
        var builder = Build("Production", ("SECRET_KEY", Secret));
        builder.Settings().Problems.ShouldBeEmpty();
        builder.Options<AuthOptions>().AllowGuests.ShouldBeFalse();
        builder.Options<LogOptions>().Json.ShouldBeTrue();
        Build("Production", ("SECRET_KEY", Secret), ("ALLOW_GUESTS", "true")).Options<AuthOptions>().AllowGuests.ShouldBeTrue();
        // The tenant is then the only way in, unless said otherwise.
        var tenant = Build("Production", ("SECRET_KEY", Secret), ("AUTH0_DOMAIN", "t.eu.auth0.com"), ("AUTH0_AUDIENCE", "api"));
        tenant.Options<AuthOptions>().AllowLocalAccounts.ShouldBeFalse();
        tenant.Options<AuthOptions>().Provider!.Authority.AbsoluteUri.ShouldBe("https://t.eu.auth0.com/");
    }

    [Theory]
    [InlineData("Production", "SECRET_KEY", "", "SECRET_KEY: given nothing; allowed: a secret of at least 32 characters (openssl rand -base64 48)")]
    [InlineData("Production", "SECRET_KEY", "short-secret", "SECRET_KEY: given a secret of 12 characters; allowed: at least 32 characters (openssl rand -base64 48)")]
    [InlineData("Development", "SECRET_KEY", "short-secret", "SECRET_KEY: given a secret of 12 characters; allowed: at least 32 characters (openssl rand -base64 48)")]
    [InlineData("Production", "CORS_ORIGINS", "*", "CORS_ORIGINS: given \"*\"; allowed: a list of origins; * together with credentials lets every web page act for a signed-in user")]
    [InlineData("Development", "CORS_ORIGINS", "https://a.example.org, app.example.org", "CORS_ORIGINS: given \"app.example.org\"; allowed: origins like https://app.example.com, separated by commas")]
    [InlineData("Development", "CORS_ORIGINS", "https://a.example.org/path", "CORS_ORIGINS: given \"https://a.example.org/path\"; allowed: origins like https://app.example.com, separated by commas")]
    [InlineData("Development", "PORT", "80a", "PORT: given \"80a\"; allowed: a whole number from 0 to 65535")]
    [InlineData("Development", "PORT", "65536", "PORT: given \"65536\"; allowed: a whole number from 0 to 65535")]
    [InlineData("Development", "LISTEN_ADDRESS", "example.org", "LISTEN_ADDRESS: given \"example.org\"; allowed: an IP address of this machine, localhost, or * for all")]
    [InlineData("Development", "MYSQL_DATABASE", "codechill", "MYSQL_HOST: given nothing, while other MYSQL_ settings are set; allowed: the MySQL host, or none of the MYSQL_ settings")]
    [InlineData("Development", "AUTH0_AUDIENCE", "api", "AUTH0_DOMAIN: given nothing, while AUTH0_AUDIENCE is set; allowed: the tenant's host name, or neither setting")]
    [InlineData("Development", "AUTH0_DOMAIN", "t.auth0.com", "AUTH0_AUDIENCE: given nothing; allowed: the API audience, because AUTH0_DOMAIN is set")]
    [InlineData("Development", "JUDGE0_API_URL", "ftp://user:pw@judge", "JUDGE0_API_URL: given something else; allowed: a URL starting with https:// or http://")]
    [InlineData("Development", "REDIS_URL", "localhost:6379", "REDIS_URL: given something else; allowed: a URL starting with redis:// or rediss://")]
    [InlineData("Development", "LOG_LEVEL", "loud", "LOG_LEVEL: given \"loud\"; allowed: one of TRACE, VERBOSE, NOTSET, DEBUG, INFO, INFORMATION, WARN, WARNING, ERROR, CRITICAL, FATAL")]
    [InlineData("Development", "ALLOW_GUESTS", "maybe", "ALLOW_GUESTS: given \"maybe\"; allowed: true or false")]
    [InlineData("Development", "TRUSTED_PROXIES", "10.0.0.0/8,proxy", "TRUSTED_PROXIES: given \"proxy\"; allowed: addresses or networks like 10.0.0.0/8, separated by commas")]
    [InlineData("Development", "Auth:AccessTokenMinutes", "0", "Auth:AccessTokenMinutes: given \"0\"; allowed: a whole number from 1 to 1440")]
    public void Wrong_value_is_named_with_what_was_given_and_what_is_allowed(string environment, string name, string value, string problem)
    {
        (string, string)[] given = environment == "Production" && name != "SECRET_KEY" ? [("SECRET_KEY", Secret), (name, value)] : [(name, value)];
        Build(environment, given).Settings().Problems.ShouldBe([problem]);
    }

    [Theory]
    [InlineData("http://tenant.example.org")]
    [InlineData("tenant.example.org?x=1")]
    [InlineData("https://user:pw@tenant.example.org")]
    [InlineData("file:///etc/passwd")]
    public void Tenant_over_plain_http_or_odd_is_refused(string domain)
        => Build("Development", ("AUTH0_DOMAIN", domain), ("AUTH0_AUDIENCE", "api")).Settings().Problems.ShouldHaveSingleItem().ShouldStartWith("AUTH0_DOMAIN: given ");

    [Fact]
    public void All_problems_are_told_at_once_and_no_secret_is_among_them()
    {
        var problems = Build("Production", ("SECRET_KEY", "hunter2"), ("MYSQL_HOST", "db"), ("MYSQL_PASSWORD", "hunter2"), ("PORT", "x")).Settings().Problems;
        problems.Count.ShouldBe(4);
        string.Join('\n', problems).ShouldNotContain("hunter2");
    }

    [Fact]
    public void Data_folder_that_cannot_be_written_is_refused()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        Build("Development", ("CODECHILL_DATA", Path.Combine(file, "data"))).Settings().Problems.ShouldContain(p => p.StartsWith("CODECHILL_DATA: given \""));
    }

    [Fact]
    public void Env_file_is_read_and_the_real_environment_wins()
    {
        File.WriteAllText(
            Path.Combine(_folder, ".env"),
            """
            # settings of an existing deployment
            SECRET_KEY="from-the-file-from-the-file-from-the-file"
            export MYSQL_HOST=db.example.org
            MYSQL_USERNAME=codechill
            MYSQL_PASSWORD='p#ss word'
            MYSQL_DATABASE=codechill
            LOG_LEVEL=WARNING
            PORT=
            CORS_ORIGINS=https://a.example.org,https://B.example.org/
            """);
        var builder = Build("Production", ("ENV_FILE", Path.Combine(_folder, ".env")), ("MYSQL_HOST", "real.example.org"));
        builder.Settings().Problems.ShouldBeEmpty();
        builder.Options<AuthOptions>().SecretKey.ShouldBe("from-the-file-from-the-file-from-the-file");
        builder.Options<DatabaseOptions>().Host.ShouldBe("real.example.org");
        builder.Options<DatabaseOptions>().Password.ShouldBe("p#ss word");
        builder.Options<DatabaseOptions>().Describe(builder.Options<ServerOptions>()).ShouldBe("mysql://real.example.org:3306/codechill");
        builder.Options<LogOptions>().Level.ShouldBe(LogEventLevel.Warning);
        builder.Options<CorsOptions>().Origins.ShouldBe(["https://a.example.org", "https://b.example.org"]);
        builder.Options<ServerOptions>().Url.ShouldBe("http://*:5000");
        Environment.GetEnvironmentVariable("MYSQL_USERNAME").ShouldBeNull("the file must not leak into child processes");
    }

    [Fact]
    public void Existing_judge0_key_alone_means_the_public_service()
        => Build("Development", ("JUDGE0_API_KEY", "k")).Options<Judge0Options>().ApiUrl.ShouldBe(new Uri("https://judge0-ce.p.rapidapi.com"));

    [Fact]
    public void Every_setting_is_documented_in_appsettings_and_nothing_else_is()
    {
        var reader = Build("Development").Settings();
        using var document = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "appsettings.json")), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        var documented = document.RootElement.EnumerateObject()
            .SelectMany(section => section.Value.EnumerateObject().Select(key => $"{section.Name}:{key.Name}")).ToList();
        // Other slices read theirs in their own AddX; the sections of this part are complete.
        var sections = reader.Keys.Select(key => key.Split(':')[0]).ToHashSet();
        documented.Where(key => sections.Contains(key.Split(':')[0])).Order().ShouldBe(reader.Keys.Distinct().Order());
        EnvironmentNames.KeyByName.Values.Except(documented).ShouldBeEmpty();
    }

    [Fact]
    public async Task Refused_start_ends_the_process_with_a_code_and_readable_lines()
    {
        using var process = Start(("ASPNETCORE_ENVIRONMENT", "Production"), ("PORT", "abc"), ("CODECHILL_DATA", _folder));
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(Startup.RefusedExitCode);
        errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(
        [
            "CodeChill does not start:",
            "  PORT: given \"abc\"; allowed: a whole number from 0 to 65535",
            "  SECRET_KEY: given nothing; allowed: a secret of at least 32 characters (openssl rand -base64 48)",
        ]);
    }

    [Fact]
    public async Task Database_that_cannot_be_opened_ends_the_process_too()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "codechill.db"));
        using var process = Start(("ASPNETCORE_ENVIRONMENT", "Development"), ("CODECHILL_DATA", _folder), ("LOG_LEVEL", "critical"));
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(Startup.RefusedExitCode);
        errors.ShouldContain("database " + Path.Combine(_folder, "codechill.db") + ": ");
    }

    private static Process Start(params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CodeChill.Server.dll")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var name in EnvironmentNames.KeyByName.Keys)
            start.Environment.Remove(name);
        start.Environment["ENV_FILE"] = "none";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private WebApplicationBuilder Build(string environment, params (string Name, string Value)[] settings)
    {
        var all = EnvironmentNames.KeyByName.Keys.ToDictionary(name => name, _ => "");
        all["ENV_FILE"] = "none";
        all["urls"] = "";
        all["http_ports"] = "";
        foreach (var (name, value) in settings)
            all[name] = value;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            EnvironmentName = environment,
            ContentRootPath = _folder,
            Args = [.. all.Select(pair => $"--{pair.Key}={pair.Value}")],
        });
        builder.AddPlatform();
        builder.AddAccounts();
        builder.AddUsers();
        return builder;
    }
}
