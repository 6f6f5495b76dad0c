using CodeChill.Server.Storage;
using MySqlConnector;

namespace CodeChill.Server.Platform;

/// <summary>Which database: the SQLite file <c>codechill.db</c> in the data folder, or MySQL/MariaDB when a host is named.</summary>
internal sealed record DatabaseOptions
{
    public const int DefaultPort = 3306;

    public required string? Host { get; init; }

    public required int Port { get; init; }

    public required string? Username { get; init; }

    public required string? Password { get; init; }

    public required string? Name { get; init; }

    public static DatabaseOptions Read(SettingsReader settings)
    {
        var options = new DatabaseOptions
        {
            Host = settings.Text("Database:Host", 255),
            Port = settings.Number("Database:Port", DefaultPort, 1, 65535),
            Username = settings.Text("Database:Username", 255),
            Password = settings.Text("Database:Password", 255),
            Name = settings.Text("Database:Name", 64),
        };
        if (options.Host is null)
        {
            // Half a MySQL configuration must not end up in a file nobody looks for.
            if (options.Username is not null || options.Password is not null || options.Name is not null)
                settings.Refuse("Database:Host", "nothing, while other MYSQL_ settings are set", "the MySQL host, or none of the MYSQL_ settings");
            return options;
        }

        if (options.Username is null)
            settings.Refuse("Database:Username", "nothing", "the MySQL user, because MYSQL_HOST is set");
        if (options.Name is null)
            settings.Refuse("Database:Name", "nothing", "the MySQL database, because MYSQL_HOST is set");
        return options;
    }

    public Database Open(ServerOptions server)
        => Host is null
            ? new SqliteDatabase(Path.Combine(server.DataFolder, "codechill.db"))
            : new MySqlDatabase(new MySqlConnectionStringBuilder
            {
                Server = Host,
                Port = (uint)Port,
                UserID = Username!,
                Password = Password ?? "",
                Database = Name!,
            });

    /// <summary>For messages: where the database is, without credentials.</summary>
    public string Describe(ServerOptions server) => Host is null ? Path.Combine(server.DataFolder, "codechill.db") : $"mysql://{Host}:{Port}/{Name}";
}
