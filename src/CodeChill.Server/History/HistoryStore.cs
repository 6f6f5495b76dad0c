using System.Data.Common;
using CodeChill.Server.Documents;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.History;

/// <summary>
/// The SQL of history. A room's past lies in two places: what was merged, and the log behind it. What is in both, because a move was
/// interrupted, counts as merged.
/// </summary>
internal sealed class HistoryStore(Database database)
{
    private const string MergedColumns = "first_seq, seq, version, user_id, client_kind, first_at, created_at, crc";
    private const string LogColumns = "seq AS first_seq, seq, version, user_id, client_kind, created_at AS first_at, created_at, crc";

    /// <summary>Everything, as one list: merged first, then the log.</summary>
    private const string Outline =
        $"""
        (SELECT {MergedColumns} FROM room_history WHERE room_id = @roomId
         UNION ALL
         SELECT {LogColumns} FROM room_updates WHERE room_id = @roomId
           AND seq > (SELECT COALESCE(MAX(seq), 0) FROM room_history WHERE room_id = @roomId)) e
        """;

    /// <summary>The next entries after a seq, not beyond <paramref name="upTo"/>: a batch, bounded in number and bytes.</summary>
    public Task<IReadOnlyList<HistoryEntry>> ReadAsync(string roomId, long after, long upTo, CancellationToken cancel)
        => database.ReadAsync(
            async connection =>
            {
                foreach (var (columns, table) in new[] { (MergedColumns, "room_history"), (LogColumns, "room_updates") })
                {
                    var sizes = await connection.QueryAsync<(long Seq, long Bytes)>(new CommandDefinition(
                        $"SELECT seq, LENGTH(payload) FROM {table} WHERE room_id = @roomId AND seq > @after AND seq <= @upTo ORDER BY seq LIMIT {HistoryLimits.Batch}",
                        new { roomId, after, upTo },
                        cancellationToken: cancel));
                    var (last, bytes) = (0L, 0L);
                    foreach (var (seq, length) in sizes)
                    {
                        if ((bytes += length) > HistoryLimits.BatchBytes && last > 0)
                            break;
                        last = seq;
                    }

                    if (last > 0)
                    {
                        return (IReadOnlyList<HistoryEntry>)(await connection.QueryAsync<HistoryEntry>(new CommandDefinition(
                            $"SELECT {columns}, payload FROM {table} WHERE room_id = @roomId AND seq > @after AND seq <= @last ORDER BY seq",
                            new { roomId, after, last },
                            cancellationToken: cancel))).AsList();
                    }
                }

                return [];
            },
            cancel);

    /// <summary>The entry that made a version or, when that was skipped or merged away, the nearest older one; without its payload.</summary>
    public Task<HistoryEntry?> FindAsync(string roomId, long version, CancellationToken cancel)
        => database.ReadAsync(
            async connection =>
            {
                foreach (var (columns, table) in new[] { (LogColumns, "room_updates"), (MergedColumns, "room_history") })
                {
                    var found = await connection.QueryFirstOrDefaultAsync<HistoryEntry>(new CommandDefinition(
                        $"SELECT {columns} FROM {table} WHERE room_id = @roomId AND version <= @version ORDER BY seq DESC LIMIT 1",
                        new { roomId, version },
                        cancellationToken: cancel));
                    // A record of the log that has been merged already is found as a part of its burst.
                    if (found is null || (table == "room_updates" && await connection.ExecuteScalarAsync<bool>(
                        "SELECT EXISTS (SELECT 1 FROM room_history WHERE room_id = @roomId AND seq >= @Seq)", new { roomId, found.Seq })))
                        continue;
                    return found;
                }

                return null;
            },
            cancel);

    /// <summary>A page of entries, newest first, without payloads, and how many there are.</summary>
    public Task<(IReadOnlyList<HistoryEntry> Entries, long Total)> ListAsync(string roomId, long from, long to, int limit, int offset, CancellationToken cancel)
        => database.ReadAsync(
            async connection =>
            {
                var arguments = new { roomId, from, to, limit, offset };
                var total = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                    $"SELECT COUNT(*) FROM {Outline} WHERE version BETWEEN @from AND @to", arguments, cancellationToken: cancel));
                var entries = await connection.QueryAsync<HistoryEntry>(new CommandDefinition(
                    $"SELECT * FROM {Outline} WHERE version BETWEEN @from AND @to ORDER BY seq DESC LIMIT @limit OFFSET @offset", arguments, cancellationToken: cancel));
                return ((IReadOnlyList<HistoryEntry>)entries.AsList(), total);
            },
            cancel);

    /// <summary>The first and the last entry, without payloads; null when there is none.</summary>
    public Task<(HistoryEntry First, HistoryEntry Last)?> EndsAsync(string roomId, CancellationToken cancel)
        => database.ReadAsync<(HistoryEntry, HistoryEntry)?>(
            async connection =>
            {
                HistoryEntry? first = null, last = null;
                foreach (var (columns, table) in new[] { (MergedColumns, "room_history"), (LogColumns, "room_updates") })
                {
                    first ??= await connection.QueryFirstOrDefaultAsync<HistoryEntry>(new CommandDefinition(
                        $"SELECT {columns} FROM {table} WHERE room_id = @roomId ORDER BY seq LIMIT 1", new { roomId }, cancellationToken: cancel));
                    last = await connection.QueryFirstOrDefaultAsync<HistoryEntry>(new CommandDefinition(
                        $"SELECT {columns} FROM {table} WHERE room_id = @roomId ORDER BY seq DESC LIMIT 1", new { roomId }, cancellationToken: cancel)) ?? last;
                }

                return first is null ? null : (first, last!);
            },
            cancel);

    /// <summary>The seq from which a replay within its bounds can start.</summary>
    public Task<long> ReplayStartAsync(string roomId, CancellationToken cancel)
        => database.ReadAsync(
            async connection =>
            {
                var sizes = await connection.QueryAsync<(long FirstSeq, long Bytes)>(new CommandDefinition(
                    $"""
                    SELECT first_seq, bytes FROM
                      (SELECT first_seq, seq, LENGTH(payload) AS bytes FROM room_history WHERE room_id = @roomId
                       UNION ALL
                       SELECT seq, seq, LENGTH(payload) FROM room_updates WHERE room_id = @roomId
                         AND seq > (SELECT COALESCE(MAX(seq), 0) FROM room_history WHERE room_id = @roomId)) e
                    ORDER BY seq DESC LIMIT {HistoryLimits.ReplayEdits}
                    """,
                    new { roomId },
                    cancellationToken: cancel));
                var (start, bytes) = (1L, 0L);
                foreach (var (firstSeq, length) in sizes)
                {
                    if ((bytes += length) > HistoryLimits.ReplayBytes)
                        break;
                    start = firstSeq;
                }

                return start;
            },
            cancel);

    /// <summary>The checkpoints at or before a seq, newest first, states included one at a time.</summary>
    public async IAsyncEnumerable<CheckpointRow> CheckpointsAsync(string roomId, long upTo, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        for (var below = upTo + 1; ;)
        {
            var limit = below;
            var row = await database.ReadAsync(
                connection => connection.QueryFirstOrDefaultAsync<CheckpointRow>(new CommandDefinition(
                    "SELECT seq, version, created_at, crc, state FROM room_checkpoints WHERE room_id = @roomId AND seq < @limit ORDER BY seq DESC LIMIT 1",
                    new { roomId, limit },
                    cancellationToken: cancel)),
                cancel);
            if (row is null)
                yield break;
            yield return row;
            below = row.Seq;
        }
    }

    /// <summary>The first checkpoint at or after a seq.</summary>
    public Task<CheckpointRow?> NextCheckpointAsync(string roomId, long from, CancellationToken cancel)
        => database.ReadAsync(
            connection => connection.QueryFirstOrDefaultAsync<CheckpointRow>(new CommandDefinition(
                "SELECT seq, version, created_at, crc, state FROM room_checkpoints WHERE room_id = @roomId AND seq >= @from ORDER BY seq LIMIT 1",
                new { roomId, from },
                cancellationToken: cancel)),
            cancel);

    /// <summary>The seqs of all checkpoints, ascending.</summary>
    public Task<IReadOnlyList<long>> CheckpointSeqsAsync(string roomId, CancellationToken cancel)
        => database.ReadAsync(
            async connection => (IReadOnlyList<long>)(await connection.QueryAsync<long>(new CommandDefinition(
                "SELECT seq FROM room_checkpoints WHERE room_id = @roomId ORDER BY seq", new { roomId }, cancellationToken: cancel))).AsList(),
            cancel);

    /// <summary>The oldest snapshot of the document, where a log that was shortened before history was kept begins.</summary>
    public Task<CheckpointRow?> OldestSnapshotAsync(string roomId, CancellationToken cancel)
        => database.ReadAsync(
            connection => connection.QueryFirstOrDefaultAsync<CheckpointRow>(new CommandDefinition(
                "SELECT seq, version, created_at, crc, state FROM room_snapshots WHERE room_id = @roomId ORDER BY seq LIMIT 1",
                new { roomId },
                cancellationToken: cancel)),
            cancel);

    public Task AddCheckpointAsync(string roomId, long seq, long version, DateTimeOffset at, byte[] state)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "INSERT INTO room_checkpoints (room_id, seq, version, created_at, crc, state) VALUES (@roomId, @seq, @version, @at, @crc, @state)",
            new { roomId, seq, version, at, crc = (long)LogEntry.Checksum(state), state },
            transaction));

    public Task DropCheckpointAsync(string roomId, long seq)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "DELETE FROM room_checkpoints WHERE room_id = @roomId AND seq = @seq", new { roomId, seq }, transaction));

    public Task AddMergedAsync(string roomId, IReadOnlyList<HistoryEntry> entries)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            INSERT INTO room_history (room_id, seq, first_seq, version, user_id, client_kind, first_at, created_at, crc, payload)
            VALUES (@roomId, @Seq, @FirstSeq, @Version, @UserId, @ClientKind, @FirstAt, @CreatedAt, @Crc, @Payload)
            """,
            entries.Select(e => new { roomId, e.Seq, e.FirstSeq, e.Version, e.UserId, e.ClientKind, e.FirstAt, e.CreatedAt, e.Crc, e.Payload }),
            transaction));

    public Task<long> LastMergedAsync(string roomId, CancellationToken cancel)
        => database.ReadAsync(
            connection => connection.ExecuteScalarAsync<long>(new CommandDefinition(
                "SELECT COALESCE(MAX(seq), 0) FROM room_history WHERE room_id = @roomId", new { roomId }, cancellationToken: cancel)),
            cancel);

    /// <summary>Takes records out of the log that history has.</summary>
    public Task DropFromLogAsync(string roomId, long upTo)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "DELETE FROM room_updates WHERE room_id = @roomId AND seq <= @upTo", new { roomId, upTo }, transaction));

    /// <summary>The merged entries' bytes up to each checkpoint, and when the checkpoint's last edit was made; ascending.</summary>
    public Task<(IReadOnlyList<(long Seq, DateTimeOffset At)> Checkpoints, IReadOnlyList<(long Seq, long Bytes)> Merged)> SizesAsync(string roomId, CancellationToken cancel)
        => database.ReadAsync(
            async connection =>
            {
                var checkpoints = await connection.QueryAsync<CheckpointRow>(new CommandDefinition(
                    "SELECT seq, created_at FROM room_checkpoints WHERE room_id = @roomId ORDER BY seq", new { roomId }, cancellationToken: cancel));
                var merged = await connection.QueryAsync<(long, long)>(new CommandDefinition(
                    "SELECT seq, LENGTH(payload) FROM room_history WHERE room_id = @roomId ORDER BY seq", new { roomId }, cancellationToken: cancel));
                return ((IReadOnlyList<(long, DateTimeOffset)>)[.. checkpoints.Select(c => (c.Seq, c.CreatedAt))], (IReadOnlyList<(long, long)>)merged.AsList());
            },
            cancel);

    /// <summary>Ends history at a checkpoint: what lies before it is dropped.</summary>
    public Task CutAsync(string roomId, long checkpoint)
        => database.WriteAsync(async (connection, transaction) =>
        {
            await connection.ExecuteAsync("DELETE FROM room_history WHERE room_id = @roomId AND seq <= @checkpoint", new { roomId, checkpoint }, transaction);
            await connection.ExecuteAsync("DELETE FROM room_checkpoints WHERE room_id = @roomId AND seq < @checkpoint", new { roomId, checkpoint }, transaction);
        });

    /// <summary>The names of users, whatever became of their accounts.</summary>
    public Task<IReadOnlyDictionary<string, string>> NamesAsync(IReadOnlyCollection<string> userIds, CancellationToken cancel)
        => database.ReadAsync(
            async connection => (IReadOnlyDictionary<string, string>)(userIds.Count == 0 ? [] : await connection.QueryAsync<(string Id, string Name)>(
                new CommandDefinition("SELECT id, name FROM users WHERE id IN @userIds", new { userIds }, cancellationToken: cancel)))
                .ToDictionary(u => u.Id, u => u.Name),
            cancel);

    /// <summary>Everybody who typed, ran or said something.</summary>
    public Task<IReadOnlyList<string>> PeopleAsync(string roomId, CancellationToken cancel)
        => database.ReadAsync(
            async connection => (IReadOnlyList<string>)(await connection.QueryAsync<string>(new CommandDefinition(
                """
                SELECT user_id FROM room_history WHERE room_id = @roomId AND user_id IS NOT NULL
                UNION SELECT user_id FROM room_updates WHERE room_id = @roomId AND user_id IS NOT NULL
                UNION SELECT user_id FROM executions WHERE room_id = @roomId
                UNION SELECT user_id FROM messages WHERE room_id = @roomId
                """,
                new { roomId },
                cancellationToken: cancel))).AsList(),
            cancel);

    public Task<IReadOnlyList<RunRow>> RunsAsync(string roomId, DateTimeOffset from, CancellationToken cancel)
        => ListAsync<RunRow>(
            $"""
            SELECT id, user_id, language, status, COALESCE(NULLIF(output, ''), NULLIF(error_output, ''), compile_output) AS output,
                   COALESCE(started_at, created_at) AS started_at, completed_at
            FROM executions WHERE room_id = @roomId AND created_at >= @from ORDER BY seq DESC LIMIT {HistoryLimits.ReplayRuns}
            """,
            roomId,
            from,
            cancel);

    public Task<IReadOnlyList<MessageRow>> MessagesAsync(string roomId, DateTimeOffset from, CancellationToken cancel)
        => ListAsync<MessageRow>(
            $"""
            SELECT id, user_id, content, created_at FROM messages
            WHERE room_id = @roomId AND created_at >= @from AND is_deleted = 0 ORDER BY seq DESC LIMIT {HistoryLimits.ReplayMessages}
            """,
            roomId,
            from,
            cancel);

    private Task<IReadOnlyList<T>> ListAsync<T>(string sql, string roomId, DateTimeOffset from, CancellationToken cancel)
        => database.ReadAsync(
            async connection => (IReadOnlyList<T>)(await connection.QueryAsync<T>(new CommandDefinition(sql, new { roomId, from }, cancellationToken: cancel))).AsList(),
            cancel);
}

/// <summary>A run, for the replay's timeline.</summary>
internal sealed class RunRow
{
    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public string Language { get; init; } = "";

    public string Status { get; init; } = "";

    public string? Output { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>A chat message, for the replay's timeline.</summary>
internal sealed class MessageRow
{
    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public string Content { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }
}
