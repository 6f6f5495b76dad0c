using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CodeChill.Server.Storage;

/// <summary>
/// SQLite in WAL mode with <c>synchronous=FULL</c>: a commit survives power loss, not only a crash of the process. All writes of the
/// process go through one connection behind a gate, because SQLite has one writer anyway and waiting on its lock is a sleeping poll.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private const int ConstraintPrimaryKey = 1555;
    private const int ConstraintUnique = 2067;

    private readonly string _connectionString;
    private readonly SemaphoreSlim _writeGate = new(1, 1);
    private SqliteConnection? _writer;
    private int _disposed;

    public SqliteDatabase(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            DefaultTimeout = 10,
            ForeignKeys = true,
        }.ToString();
    }

    public override string Dialect => "sqlite";

    public override string InsertOrIgnore => "INSERT OR IGNORE";

    public override int RowsPerInsert => 1;

    public override async Task<string> DurabilityAsync(CancellationToken cancel)
    {
        await _writeGate.WaitAsync(cancel);
        try
        {
            var writer = await WriterAsync(cancel);
            var synchronous = await writer.ExecuteScalarAsync<int>("PRAGMA synchronous");
            var journal = await writer.ExecuteScalarAsync<string>("PRAGMA journal_mode");
            return synchronous >= 2 && string.Equals(journal, "wal", StringComparison.OrdinalIgnoreCase)
                ? "full"
                : $"relaxed (journal_mode={journal}, synchronous={synchronous})";
        }
        finally
        {
            _writeGate.Release();
        }
    }

    public override async Task MigrateAsync(CancellationToken cancel)
    {
        // WAL is a property of the file: set once, before other connections come.
        await using (var connection = await OpenAsync(cancel))
        {
            await connection.ExecuteAsync("PRAGMA journal_mode=WAL");
        }

        await using var migrating = await OpenAsync(cancel);
        Migrations.Apply(migrating, Dialect);
    }

    public override async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> query, CancellationToken cancel = default)
    {
        await using var connection = await OpenAsync(cancel);
        return await query(connection);
    }

    public override async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> work, CancellationToken cancel = default)
    {
        await _writeGate.WaitAsync(cancel);
        try
        {
            var writer = await WriterAsync(cancel);
            await using var transaction = writer.BeginTransaction(deferred: false);
            var result = await work(writer, transaction);
            transaction.Commit();
            return result;
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode is 10 or 11 or 13 or 26)
        {
            // I/O error, corruption, disk full: the connection may be unusable; the next write opens a fresh one.
            await CloseWriterAsync();
            throw;
        }
        finally
        {
            _writeGate.Release();
        }
    }

    public override bool IsDuplicateKey(Exception failure)
        => failure is SqliteException { SqliteExtendedErrorCode: ConstraintPrimaryKey or ConstraintUnique };

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _writeGate.WaitAsync();
        await CloseWriterAsync();
        _writeGate.Dispose();
        using var pool = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(pool);
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken cancel)
    {
        var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(cancel);
        return connection;
    }

    private async Task<SqliteConnection> WriterAsync(CancellationToken cancel)
    {
        if (_writer is not null)
            return _writer;
        var writer = await OpenAsync(cancel);
        // NORMAL would survive kill -9 but may roll back a commit on power loss.
        await writer.ExecuteAsync("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2000;");
        return _writer = writer;
    }

    private async Task CloseWriterAsync()
    {
        if (_writer is null)
            return;
        await _writer.DisposeAsync();
        _writer = null;
    }
}
