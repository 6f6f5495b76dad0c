using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Documents;

/// <summary>
/// Reads a room's document back and compacts its log. Loading either yields the whole document or throws <see cref="DocumentDamagedException"/>:
/// a half-read document is never opened, so it can never be written over the real one.
/// </summary>
internal sealed class DocumentStore(Database database, TimeProvider clock)
{
    public async Task<StoredDocument> LoadAsync(string roomId, CancellationToken cancel = default)
        => await database.ReadAsync(
            async connection =>
            {
                var snapshots = await connection.QueryAsync<SnapshotRow>(
                    "SELECT seq, version, crc, state FROM room_snapshots WHERE room_id = @roomId ORDER BY seq DESC", new { roomId });
                SnapshotRow? snapshot = null;
                var damaged = 0;
                foreach (var candidate in snapshots)
                {
                    if (LogEntry.Checksum(candidate.State) == candidate.Crc)
                    {
                        snapshot = candidate;
                        break;
                    }

                    damaged++;
                }

                var after = snapshot?.Seq ?? 0;
                var rows = (await connection.QueryAsync<UpdateRow>(
                    "SELECT seq, version, user_id, client_kind, operation_id, created_at, crc, payload FROM room_updates WHERE room_id = @roomId AND seq > @after ORDER BY seq",
                    new { roomId, after })).AsList();
                var expected = after + 1;
                foreach (var row in rows)
                {
                    if (row.Seq != expected++)
                        throw new DocumentDamagedException(roomId, $"the log misses seq {expected - 1}");
                    if (LogEntry.Checksum(row.Payload) != row.Crc)
                        throw new DocumentDamagedException(roomId, $"the record at seq {row.Seq} does not match its checksum");
                }

                if (snapshot is null && damaged > 0 && rows.Count == 0)
                    throw new DocumentDamagedException(roomId, "no snapshot matches its checksum");

                var head = await connection.QuerySingleAsync<HeadRow>("SELECT content_seq, closed_seq, version_limit FROM rooms WHERE id = @roomId", new { roomId });
                if (head.ContentSeq > expected - 1)
                    throw new DocumentDamagedException(roomId, $"the log ends at seq {expected - 1} but {head.ContentSeq} was acknowledged");
                var operations = (await connection.QueryAsync<OperationRow>(
                    "SELECT operation_id, version, created_at FROM room_updates WHERE room_id = @roomId AND operation_id IS NOT NULL AND created_at > @since AND seq > @since_seq ORDER BY seq",
                    new { roomId, since = clock.GetUtcNow() - DocumentLimits.OperationsKnown, since_seq = expected - 1 - DocumentLimits.MaxOperations })).AsList();
                return new StoredDocument(after, snapshot?.Version ?? 0, snapshot?.State, rows, head.ClosedSeq == expected - 1 ? null : head.VersionLimit)
                {
                    Operations = operations,
                };
            },
            cancel);

    /// <summary>
    /// Writes a snapshot, reads it back, and only when what was read restores to the same text drops the snapshots that recovery does not
    /// need any more. The log is not touched: history takes from it what it has kept.
    /// </summary>
    public async Task CompactAsync(string roomId, long seq, long version, byte[] state, string text, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await database.WriteAsync(
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync(
                    $"{database.InsertOrIgnore} INTO room_snapshots (room_id, seq, version, created_at, crc, state) VALUES (@roomId, @seq, @version, @now, @crc, @state)",
                    new { roomId, seq, version, now, crc = (long)LogEntry.Checksum(state), state },
                    transaction);
                await connection.ExecuteAsync("UPDATE rooms SET current_content = @text WHERE id = @roomId", new { roomId, text }, transaction);
            },
            cancel);

        var stored = await database.ReadAsync(
            connection => connection.QuerySingleAsync<SnapshotRow>(
                "SELECT seq, version, crc, state FROM room_snapshots WHERE room_id = @roomId AND seq = @seq", new { roomId, seq }),
            cancel);
        if (LogEntry.Checksum(stored.State) != stored.Crc || RoomDocument.TextOf(stored.State) != text)
            throw new DocumentDamagedException(roomId, $"the snapshot at seq {seq} does not read back; the log is kept");

        await database.WriteAsync(
            async (connection, transaction) =>
            {
                // The snapshot before this one stays, with every record after it: one damaged snapshot is not the end.
                var previous = await connection.ExecuteScalarAsync<long?>(
                    "SELECT MAX(seq) FROM room_snapshots WHERE room_id = @roomId AND seq < @seq", new { roomId, seq }, transaction);
                if (previous is not { } keepFrom)
                    return;
                await connection.ExecuteAsync("DELETE FROM room_snapshots WHERE room_id = @roomId AND seq < @keepFrom", new { roomId, keepFrom }, transaction);
            },
            cancel);
    }

    /// <summary>Lets <c>rooms.current_content</c> follow the document between snapshots.</summary>
    public Task SaveTextAsync(string roomId, string text)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE rooms SET current_content = @text WHERE id = @roomId", new { roomId, text }, transaction));

    /// <summary>Marks the room open: until it is closed again, versions up to <paramref name="limit"/> may be given out that are never committed.</summary>
    public Task OpenAsync(string roomId, long limit)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE rooms SET closed_seq = NULL, version_limit = CASE WHEN version_limit < @limit THEN @limit ELSE version_limit END WHERE id = @roomId",
            new { roomId, limit },
            transaction));

    /// <summary>Marks the room closed in good order at <paramref name="seq"/>, unless another owner has gone on since.</summary>
    public Task CloseAsync(string roomId, long seq)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE rooms SET closed_seq = @seq WHERE id = @roomId AND content_seq = @seq", new { roomId, seq }, transaction));

    private sealed class HeadRow
    {
        public long ContentSeq { get; init; }

        public long? ClosedSeq { get; init; }

        public long VersionLimit { get; init; }
    }

    private sealed class SnapshotRow
    {
        public long Seq { get; init; }

        public long Version { get; init; }

        public long Crc { get; init; }

        public byte[] State { get; init; } = [];
    }
}

/// <summary>A record of the log as it was stored.</summary>
internal sealed class UpdateRow
{
    public long Seq { get; init; }

    public long Version { get; init; }

    public string? UserId { get; init; }

    public string ClientKind { get; init; } = "";

    public string? OperationId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public long Crc { get; init; }

    public byte[] Payload { get; init; } = [];
}

/// <summary>An operation of a whole-text client and the version it made.</summary>
internal sealed class OperationRow
{
    public string OperationId { get; init; } = "";

    public long Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A snapshot (null when there is none yet) and the records after it; <paramref name="GivenOut"/>, unless the room was closed in good order, the highest version that may have been given out.</summary>
internal sealed record StoredDocument(long SnapshotSeq, long SnapshotVersion, byte[]? Snapshot, IReadOnlyList<UpdateRow> Records, long? GivenOut)
{
    /// <summary>The operations that may still be repeated, those before the snapshot included.</summary>
    public IReadOnlyList<OperationRow> Operations { get; init; } = [];
}

/// <summary>What is stored cannot be the document that was acknowledged. The room stays closed and nothing is written.</summary>
internal sealed class DocumentDamagedException(string roomId, string what) : Exception($"Room {roomId}: {what}");
