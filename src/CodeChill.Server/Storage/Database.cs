using System.Data.Common;
using Dapper;

namespace CodeChill.Server.Storage;

/// <summary>
/// Theory of operation. Everything that must survive is in one relational database: SQLite in the data folder by default, MySQL or
/// MariaDB when <c>MYSQL_HOST</c> is set. Slices write their SQL by hand and run it through the two doors below; what differs between the
/// dialects is a property here or a pair of migrations. Times are stored as milliseconds since 1970 (UTC), ids as 36 characters.
/// A write is one transaction: it is durable when <see cref="WriteAsync{T}"/> returns, and undone when it throws.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    static Database()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new TimeHandler());
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
    }

    /// <summary>"sqlite" or "mysql": the folder of its migrations.</summary>
    public abstract string Dialect { get; }

    /// <summary>What a commit survives, for the health page: "full" (power loss) or "relaxed" with the setting that weakens it.</summary>
    public abstract Task<string> DurabilityAsync(CancellationToken cancel);

    /// <summary>Applies the migrations that are missing. Called once at start, before anything else.</summary>
    public abstract Task MigrateAsync(CancellationToken cancel);

    /// <summary>Runs a query on a connection of its own.</summary>
    public abstract Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> query, CancellationToken cancel = default);

    /// <summary>Runs <paramref name="work"/> in one transaction and commits it.</summary>
    public abstract Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> work, CancellationToken cancel = default);

    public Task WriteAsync(Func<DbConnection, DbTransaction, Task> work, CancellationToken cancel = default)
        => WriteAsync<object?>(
            async (connection, transaction) =>
            {
                await work(connection, transaction);
                return null;
            },
            cancel);

    /// <summary>True when the failure says that a row with this key is there already.</summary>
    public abstract bool IsDuplicateKey(Exception failure);

    /// <summary>The words that start an insert which a duplicate key turns into nothing.</summary>
    public abstract string InsertOrIgnore { get; }

    /// <summary>
    /// Rows that one statement inserts best: many where each statement is a message and an answer, one where a statement that is prepared once and run again and again costs
    /// less than looking its many parameters up by name.
    /// </summary>
    public abstract int RowsPerInsert { get; }

    /// <summary>Escapes the wildcards of a LIKE pattern; the SQL must say <c>ESCAPE '!'</c>.</summary>
    public static string LikePattern(string contains)
        => "%" + contains.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal)
            .Replace("_", "!_", StringComparison.Ordinal) + "%";

    public abstract ValueTask DisposeAsync();

    private sealed class TimeHandler : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(value, null));

        public override void SetValue(System.Data.IDbDataParameter parameter, DateTimeOffset value)
        {
            parameter.DbType = System.Data.DbType.Int64;
            parameter.Value = value.ToUnixTimeMilliseconds();
        }
    }
}
