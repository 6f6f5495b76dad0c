using System.Data.Common;
using Dapper;
using MySqlConnector;

namespace CodeChill.Server.Storage;

/// <summary>MySQL 8 or MariaDB. Durability is the server's own: <c>innodb_flush_log_at_trx_commit=1</c> and <c>sync_binlog=1</c> are checked, not set.</summary>
internal sealed class MySqlDatabase : Database
{
    private const int Attempts = 5;

    private readonly MySqlDataSource _source;

    public MySqlDatabase(MySqlConnectionStringBuilder connection)
    {
        connection.CharacterSet = "utf8mb4";
        connection.UseAffectedRows = false;
        connection.GuidFormat = MySqlGuidFormat.None;
        connection.ConnectionTimeout = 5;
        connection.DefaultCommandTimeout = 30;
        connection.AllowUserVariables = true;
        _source = new MySqlDataSourceBuilder(connection.ConnectionString).Build();
    }

    public override string Dialect => "mysql";

    public override string InsertOrIgnore => "INSERT IGNORE";

    public override int RowsPerInsert => 100;

    public override async Task<string> DurabilityAsync(CancellationToken cancel)
    {
        await using var connection = await _source.OpenConnectionAsync(cancel);
        var flush = await connection.ExecuteScalarAsync<int>("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit");
        var binlog = await connection.ExecuteScalarAsync<bool>("SELECT @@GLOBAL.log_bin");
        var sync = await connection.ExecuteScalarAsync<int>("SELECT @@GLOBAL.sync_binlog");
        return flush == 1 && (!binlog || sync == 1)
            ? "full"
            : $"relaxed (innodb_flush_log_at_trx_commit={flush}, sync_binlog={sync})";
    }

    public override async Task MigrateAsync(CancellationToken cancel)
    {
        await using var connection = await _source.OpenConnectionAsync(cancel);
        Migrations.Apply(connection, Dialect);
    }

    public override async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> query, CancellationToken cancel = default)
    {
        await using var connection = await _source.OpenConnectionAsync(cancel);
        return await query(connection);
    }

    public override async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> work, CancellationToken cancel = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var connection = await _source.OpenConnectionAsync(cancel);
            await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
            try
            {
                var result = await work(connection, transaction);
                await transaction.CommitAsync(cancel);
                return result;
            }
            catch (MySqlException failure) when (attempt < Attempts
                && failure.ErrorCode is MySqlErrorCode.LockDeadlock or MySqlErrorCode.LockWaitTimeout)
            {
                // InnoDB rolled the transaction back: the same work may simply be done again.
                await transaction.DisposeAsync();
            }
        }
    }

    public override bool IsDuplicateKey(Exception failure) => failure is MySqlException { ErrorCode: MySqlErrorCode.DuplicateKeyEntry };

    public override ValueTask DisposeAsync() => _source.DisposeAsync();
}
