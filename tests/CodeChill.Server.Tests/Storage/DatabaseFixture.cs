using CodeChill.Server.Storage;
using Dapper;
using Microsoft.Data.Sqlite;
using MySqlConnector;

[assembly: AssemblyFixture(typeof(CodeChill.Server.Tests.Storage.DatabaseFixture))]

namespace CodeChill.Server.Tests.Storage;

/// <summary>
/// Hands out empty databases of both dialects, so that one set of store tests runs against both: take it as a constructor argument, mark
/// the test <c>[Theory, MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]</c> and ask for
/// <see cref="CreateAsync"/>. One MariaDB serves the whole run and starts with the first test that wants it. Without <c>mariadbd</c> the MySQL
/// half is skipped on a developer's machine and fails where <c>CI</c> is set.
/// </summary>
public sealed class DatabaseFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("codechill-stores-").FullName;
    private readonly Lazy<Task<MariaDb>> _mariaDb = new(MariaDb.StartAsync);
    private readonly List<Database> _opened = [];
    private int _count;

    public static TheoryData<string> Dialects => ["sqlite", "mysql"];

    /// <summary>A fresh database with every migration applied.</summary>
    internal async Task<Database> CreateAsync(string dialect)
    {
        var database = await CreateEmptyAsync(dialect);
        await database.MigrateAsync(TestContext.Current.CancellationToken);
        return database;
    }

    /// <summary>A fresh database with nothing in it.</summary>
    internal async Task<Database> CreateEmptyAsync(string dialect) => Open(dialect, await PlaceAsync(dialect));

    /// <summary>Where a new database lives; <see cref="Open"/> may be called with it more than once, as after a restart.</summary>
    internal async Task<string> PlaceAsync(string dialect)
    {
        var number = Interlocked.Increment(ref _count);
        if (dialect == "sqlite")
            return Path.Combine(_folder, $"{number}.db");

        if (MariaDb.FindServer() is null)
        {
            Assert.SkipWhen(
                string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")),
                "mariadbd is not installed: apt-get install -y --no-install-recommends mariadb-server");
            Assert.Fail("mariadbd is not installed, and CI must not skip the MySQL half");
        }
        var server = await _mariaDb.Value;
        var name = $"stores_{number}";
        await using var connection = new MySqlConnection(server.ConnectionTo(null).ConnectionString);
        await connection.ExecuteAsync($"CREATE DATABASE {name}");
        return server.ConnectionTo(name).ConnectionString;
    }

    internal Database Open(string dialect, string place)
    {
        Database database = dialect == "sqlite" ? new SqliteDatabase(place) : new MySqlDatabase(new MySqlConnectionStringBuilder(place));
        lock (_opened)
            _opened.Add(database);
        return database;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _opened)
            await database.DisposeAsync();
        SqliteConnection.ClearAllPools();
        if (_mariaDb.IsValueCreated && _mariaDb.Value.IsCompletedSuccessfully)
            await (await _mariaDb.Value).DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
