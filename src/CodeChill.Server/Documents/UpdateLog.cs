using System.Data.Common;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Documents;

/// <summary>
/// Theory of operation. All rooms of this process append to one queue; one loop takes whatever has gathered, writes it in a single
/// transaction and only then completes the appends (group commit: the sync is paid once a batch, and batches grow by themselves while a
/// commit runs). While the database is gone the batch is kept and tried again: edits wait in memory, bounded in bytes, and nothing is
/// acknowledged. The primary key (room_id, seq) is the fence between two owners of a room: who finds its seq taken by a foreign row is told
/// so and must reload. A row that is there already and equals ours is our own earlier try whose answer was lost: that is a success.
/// </summary>
internal sealed class UpdateLog(Database database, TimeProvider clock, ILogger<UpdateLog> logger) : BackgroundService
{
    /// <summary>What may wait in memory while the database is away (the guarantee's cap).</summary>
    public const long MaxBacklogBytes = 64 * 1024 * 1024;

    private const int MaxBatchRows = 1000;
    private const long MaxBatchBytes = 4 * 1024 * 1024;

    private static readonly string[] Columns = ["room_id", "seq", "version", "user_id", "client_kind", "operation_id", "created_at", "crc", "payload"];
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(2);

    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private long _backlogBytes;
    private long _failingSince;
    private long _oldestTaken;

    /// <summary>Bytes accepted and not yet durable.</summary>
    public long BacklogBytes => Interlocked.Read(ref _backlogBytes);

    /// <summary>Since when every commit has failed; null while all is well.</summary>
    public DateTimeOffset? FailingSince
        => Interlocked.Read(ref _failingSince) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>How long the oldest edit that is not yet durable has waited; zero when none waits.</summary>
    public TimeSpan Lag => Interlocked.Read(ref _oldestTaken) is var taken and not 0 ? clock.GetElapsedTime(taken) : TimeSpan.Zero;

    /// <summary>Queues an entry. The task ends when it is durable, or will never be.</summary>
    public Task<Commit> Append(LogEntry entry)
    {
        if (Interlocked.Add(ref _backlogBytes, entry.Payload.Length) > MaxBacklogBytes)
        {
            Interlocked.Add(ref _backlogBytes, -entry.Payload.Length);
            return Task.FromResult(Commit.Refused);
        }

        var pending = new Pending(entry, clock.GetTimestamp());
        if (_queue.Writer.TryWrite(pending))
            return pending.Outcome.Task;
        Interlocked.Add(ref _backlogBytes, -entry.Payload.Length);
        return Task.FromResult(Commit.Refused);
    }

    /// <summary>Takes no more and waits until what was taken is durable (or the host's patience ends).</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        if (ExecuteTask is { } loop)
            await Task.WhenAny(loop, Task.Delay(Timeout.Infinite, cancellationToken));
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Pending>(MaxBatchRows);
        // Not stoppingToken: StopAsync ends the loop by completing the queue, so that a stop drains instead of dropping.
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            long bytes = 0;
            while (batch.Count < MaxBatchRows && bytes < MaxBatchBytes && _queue.Reader.TryRead(out var pending))
            {
                batch.Add(pending);
                bytes += pending.Entry.Payload.Length;
            }

            Interlocked.Exchange(ref _oldestTaken, batch[0].TakenAt);
            await CommitAsync(batch, stoppingToken);
            Interlocked.Exchange(ref _oldestTaken, 0);
            Interlocked.Add(ref _backlogBytes, -bytes);
            batch.Clear();
        }
    }

    private async Task CommitAsync(List<Pending> batch, CancellationToken stopping)
    {
        var wait = FirstRetry;
        while (true)
        {
            try
            {
                await WriteAsync(batch);
                Recovered();
                foreach (var pending in batch)
                    pending.Outcome.TrySetResult(Commit.Done);
                return;
            }
            catch (Exception failure) when (database.IsDuplicateKey(failure))
            {
                await CommitRoomByRoomAsync(batch, stopping);
                return;
            }
            catch (Exception failure)
            {
                Failed(failure, batch.Count);
                if (stopping.IsCancellationRequested)
                {
                    Abandon(batch);
                    return;
                }

                await Task.Delay(wait, clock, CancellationToken.None);
                wait = wait * 2 < LastRetry ? wait * 2 : LastRetry;
            }
        }
    }

    /// <summary>Some row is there already: rooms are tried one at a time, so that one fenced room does not hold up the others.</summary>
    private async Task CommitRoomByRoomAsync(List<Pending> batch, CancellationToken stopping)
    {
        foreach (var room in batch.GroupBy(p => p.Entry.RoomId).Select(g => g.ToList()).ToList())
        {
            var wait = FirstRetry;
            while (true)
            {
                try
                {
                    var left = room;
                    // Rows of an earlier try whose commit succeeded although its answer was lost.
                    while (left.Count > 0 && await IsOursAsync(left[0].Entry))
                    {
                        left[0].Outcome.TrySetResult(Commit.Done);
                        left = left[1..];
                    }

                    if (left.Count > 0)
                        await WriteAsync(left);
                    Recovered();
                    left.ForEach(p => p.Outcome.TrySetResult(Commit.Done));
                    break;
                }
                catch (Exception failure) when (database.IsDuplicateKey(failure))
                {
                    logger.LogWarning("Room {RoomId} was fenced at seq {Seq}: another owner wrote it", room[0].Entry.RoomId, room[0].Entry.Seq);
                    room.ForEach(p => p.Outcome.TrySetResult(Commit.Fenced));
                    break;
                }
                catch (Exception failure)
                {
                    Failed(failure, room.Count);
                    if (stopping.IsCancellationRequested)
                    {
                        Abandon(room);
                        break;
                    }

                    await Task.Delay(wait, clock, CancellationToken.None);
                    wait = wait * 2 < LastRetry ? wait * 2 : LastRetry;
                }
            }
        }
    }

    private async Task WriteAsync(List<Pending> batch)
    {
        var began = Instruments.Now();
        using var span = Instruments.LogCommit(batch.Count);
        await WriteRowsAsync(batch);
        Instruments.Committed(batch.Count, began);
    }

    private Task WriteRowsAsync(List<Pending> batch)
        => database.WriteAsync(async (connection, transaction) =>
        {
            for (var start = 0; start < batch.Count;)
            {
                var rows = Math.Min(database.RowsPerInsert, batch.Count - start);
                await using var insert = Insert(connection, transaction, rows);
                for (; start + rows <= batch.Count; start += rows)
                {
                    for (var i = 0; i < rows; i++)
                        Bind(insert.Parameters, i * Columns.Length, batch[start + i].Entry);
                    await insert.ExecuteNonQueryAsync();
                }
            }

            await using var update = Command(
                connection,
                transaction,
                """
                UPDATE rooms SET content_seq = @seq, content_version = @version, last_activity = @at,
                       version_limit = CASE WHEN version_limit < @limit THEN @limit ELSE version_limit END WHERE id = @room
                """,
                ["@seq", "@version", "@at", "@limit", "@room"]);
            foreach (var head in batch.GroupBy(p => p.Entry.RoomId).Select(g => g.Last().Entry))
            {
                Set(update.Parameters, 0, head.Seq, head.Version, head.CreatedAt.ToUnixTimeMilliseconds(), head.Version + DocumentLimits.VersionsAhead, head.RoomId);
                await update.ExecuteNonQueryAsync();
            }
        });

    private static DbCommand Insert(DbConnection connection, DbTransaction transaction, int rows)
    {
        var names = Enumerable.Range(0, rows).SelectMany(i => Columns.Select(c => $"@{c}{i}")).ToArray();
        var places = names.Chunk(Columns.Length).Select(row => $"({string.Join(',', row)})");
        return Command(connection, transaction, $"INSERT INTO room_updates ({string.Join(", ", Columns)}) VALUES {string.Join(',', places)}", names);
    }

    private static DbCommand Command(DbConnection connection, DbTransaction transaction, string sql, string[] names)
    {
        var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, sql);
        foreach (var name in names)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static void Bind(DbParameterCollection parameters, int at, LogEntry entry) => Set(
        parameters,
        at,
        entry.RoomId,
        entry.Seq,
        entry.Version,
        entry.UserId,
        entry.ClientKind,
        entry.OperationId,
        entry.CreatedAt.ToUnixTimeMilliseconds(),
        (long)entry.Crc,
        MemoryMarshal.TryGetArray(entry.Payload, out var whole) && whole.Offset == 0 && whole.Count == whole.Array!.Length ? whole.Array : entry.Payload.ToArray());

    private static void Set(DbParameterCollection parameters, int at, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            parameters[at + i].Value = values[i] ?? DBNull.Value;
    }

    private Task<bool> IsOursAsync(LogEntry entry)
        => database.ReadAsync(async connection =>
        {
            var row = await connection.QuerySingleOrDefaultAsync<StoredRow>(
                "SELECT user_id, created_at, crc, payload FROM room_updates WHERE room_id = @RoomId AND seq = @Seq",
                new { entry.RoomId, entry.Seq });
            return row is not null && row.UserId == entry.UserId && row.Crc == entry.Crc
                && row.CreatedAt == entry.CreatedAt.ToUnixTimeMilliseconds() && row.Payload.AsSpan().SequenceEqual(entry.Payload.Span);
        });

    private void Failed(Exception failure, int rows)
    {
        Instruments.CommitFailed();
        if (Interlocked.CompareExchange(ref _failingSince, clock.GetUtcNow().Ticks, 0) == 0)
            logger.LogError(failure, "The log cannot be written: {Rows} edits wait in memory and are not acknowledged", rows);
        else
            logger.LogDebug(failure, "The log still cannot be written");
    }

    private void Recovered()
    {
        if (Interlocked.Exchange(ref _failingSince, 0) is var since and not 0)
            logger.LogWarning("The log is written again after {Seconds:0.0} s", (clock.GetUtcNow().Ticks - since) / (double)TimeSpan.TicksPerSecond);
    }

    private void Abandon(List<Pending> batch)
    {
        logger.LogCritical("{Rows} edits could not be made durable before the stop; none of them was acknowledged", batch.Count);
        batch.ForEach(p => p.Outcome.TrySetResult(Commit.Refused));
    }

    private sealed class Pending(LogEntry entry, long takenAt)
    {
        public long TakenAt { get; } = takenAt;

        public LogEntry Entry { get; } = entry;

        public TaskCompletionSource<Commit> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class StoredRow
    {
        public string? UserId { get; init; }

        public long CreatedAt { get; init; }

        public long Crc { get; init; }

        public byte[] Payload { get; init; } = [];
    }
}
