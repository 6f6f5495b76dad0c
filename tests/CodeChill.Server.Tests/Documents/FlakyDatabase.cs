using System.Data.Common;
using CodeChill.Server.Storage;

namespace CodeChill.Server.Tests.Documents;

/// <summary>A real database behind a door that can be shut.</summary>
internal sealed class FlakyDatabase(Database real) : Database
{
    private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public volatile bool Away;

    /// <summary>Done when the shut door has been tried.</summary>
    public Task Refused => _refused.Task;

    public override string Dialect => real.Dialect;

    public override string InsertOrIgnore => real.InsertOrIgnore;

    public override int RowsPerInsert => real.RowsPerInsert;

    public override Task<string> DurabilityAsync(CancellationToken cancel) => real.DurabilityAsync(cancel);

    public override Task MigrateAsync(CancellationToken cancel) => real.MigrateAsync(cancel);

    public override Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> query, CancellationToken cancel = default)
    {
        Check();
        return real.ReadAsync(query, cancel);
    }

    public override Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> work, CancellationToken cancel = default)
    {
        Check();
        return real.WriteAsync(work, cancel);
    }

    public override bool IsDuplicateKey(Exception failure) => real.IsDuplicateKey(failure);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Check()
    {
        if (!Away)
            return;
        _refused.TrySetResult();
        throw new IOException("the database is away");
    }
}
