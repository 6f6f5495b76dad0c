using CodeChill.Server.History;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using CodeChill.Text;
using Dapper;

namespace CodeChill.Server.Documents;

/// <summary>
/// The two commands for an operator's doubts: <c>--verify</c> reads every document and its history and reports what is wrong, changing
/// nothing; <c>--repair ROOM</c> lets a damaged room open with what is whole of it and sets the rest aside, in <c>room_set_aside</c>.
/// Nothing is ever deleted, and nothing is repaired unasked.
/// </summary>
internal sealed class DocumentCheck(Database database, TimeProvider clock, TextWriter output)
{
    private const string Verify = "--verify";
    private const string Repair = "--repair";

    private static readonly string[] StateTables = ["room_snapshots", "room_checkpoints"];

    public static bool IsAsked(string[] args) => args.Contains(Verify) || args.Contains(Repair);

    /// <summary>Runs the command. The exit code: 0 all is well, 1 something is damaged, 64 the command makes no sense.</summary>
    public static async Task<int> RunAsync(WebApplicationBuilder builder, string[] args, TextWriter output)
    {
        await using var app = builder.Build();
        if (!await app.PrepareAsync())
            return Startup.RefusedExitCode;
        var check = new DocumentCheck(app.Services.GetRequiredService<Database>(), TimeProvider.System, output);
        if (args.Contains(Verify))
            return await check.VerifyAsync() == 0 ? 0 : 1;
        var at = Array.IndexOf(args, Repair) + 1;
        if (at < args.Length && Ids.Canonical(args[at]) is { } roomId)
            return await check.RepairAsync(roomId) ? 0 : 1;
        await output.WriteLineAsync("--repair ROOM: the room's id is missing");
        return 64;
    }

    /// <summary>Walks every document; the number of faults.</summary>
    public async Task<int> VerifyAsync()
    {
        var faults = 0;
        var rooms = (await database.ReadAsync(c => c.QueryAsync<string>("SELECT id FROM rooms ORDER BY id"))).AsList();
        foreach (var roomId in rooms)
        {
            foreach (var fault in await FaultsOfAsync(roomId))
            {
                faults++;
                await output.WriteLineAsync($"{roomId}: {fault}");
            }
        }

        await output.WriteLineAsync($"{rooms.Count} rooms, {faults} faults");
        return faults;
    }

    /// <summary>Makes the room open with the longest whole prefix of its log. False when there was nothing to do, or nothing whole to open with.</summary>
    public async Task<bool> RepairAsync(string roomId)
    {
        if (await LoadFaultAsync(roomId) is not { } fault)
        {
            await output.WriteLineAsync($"{roomId}: opens as it is; nothing to repair");
            return false;
        }

        await output.WriteLineAsync($"{roomId}: {fault}");
        var moved = await database.WriteAsync(async (connection, transaction) =>
        {
            var snapshots = (await connection.QueryAsync<CheckpointRow>(
                "SELECT seq, version, created_at, crc, state FROM room_snapshots WHERE room_id = @roomId ORDER BY seq DESC", new { roomId }, transaction)).AsList();
            var whole = snapshots.Find(IsWhole);
            var (document, seq, version) = (new Document(), whole?.Seq ?? 0, whole?.Version ?? 0);
            if (whole is not null)
                document.ApplyUpdate(whole.State);
            foreach (var row in await connection.QueryAsync<UpdateRow>(
                "SELECT seq, version, crc, payload FROM room_updates WHERE room_id = @roomId AND seq > @seq ORDER BY seq", new { roomId, seq }, transaction))
            {
                if (row.Seq != seq + 1 || LogEntry.Checksum(row.Payload) != row.Crc || !Applies(document, row.Payload))
                    break;
                (seq, version) = (row.Seq, row.Version);
            }

            if (seq == 0)
                return -1;
            var at = clock.GetUtcNow();
            var arguments = new { roomId, seq, version, at, limit = version + DocumentLimits.VersionsAhead, damaged = snapshots.Where(s => !IsWhole(s)).Select(s => s.Seq).Append(-1) };
            const string columns = "INSERT INTO room_set_aside (room_id, set_aside_at, source, seq, version, user_id, client_kind, operation_id, created_at, crc, payload) SELECT room_id, @at";
            var count = await connection.ExecuteAsync(
                $"{columns}, 'room_updates', seq, version, user_id, client_kind, operation_id, created_at, crc, payload FROM room_updates WHERE room_id = @roomId AND seq > @seq",
                arguments,
                transaction);
            foreach (var table in StateTables)
            {
                // What reaches beyond the prefix is of another past now.
                var which = table == "room_snapshots" ? "(seq > @seq OR seq IN @damaged)" : "seq > @seq";
                count += await connection.ExecuteAsync(
                    $"{columns}, '{table}', seq, version, NULL, NULL, NULL, created_at, crc, state FROM {table} WHERE room_id = @roomId AND {which}", arguments, transaction);
                await connection.ExecuteAsync($"DELETE FROM {table} WHERE room_id = @roomId AND {which}", arguments, transaction);
            }

            await connection.ExecuteAsync("DELETE FROM room_updates WHERE room_id = @roomId AND seq > @seq", arguments, transaction);
            // The versions that were set aside are never given out again.
            await connection.ExecuteAsync(
                """
                UPDATE rooms SET closed_seq = NULL,
                  version_limit = CASE WHEN version_limit > content_version AND version_limit > @limit THEN version_limit
                                       WHEN content_version > @limit THEN content_version ELSE @limit END,
                  content_seq = @seq, content_version = @version WHERE id = @roomId
                """,
                arguments,
                transaction);
            return count;
        });

        if (moved < 0)
        {
            await output.WriteLineAsync($"{roomId}: no snapshot and no first record is whole; nothing was changed. Restore it from a backup.");
            return false;
        }

        var left = await LoadFaultAsync(roomId);
        await output.WriteLineAsync(left is null
            ? $"{roomId}: {moved} records set aside in room_set_aside; the room opens again (a running server lets it in when it has been idle for five minutes)"
            : $"{roomId}: {moved} records set aside, and still: {left}");
        return left is null;
    }

    private static bool IsWhole(CheckpointRow snapshot) => LogEntry.Checksum(snapshot.State) == snapshot.Crc && Applies(new Document(), snapshot.State);

    private static bool Applies(Document document, byte[] update)
    {
        try
        {
            document.ApplyUpdate(update);
            return true;
        }
        catch (UpdateFormatException)
        {
            return false;
        }
    }

    private async Task<string?> LoadFaultAsync(string roomId)
    {
        try
        {
            RoomDocument.Restore(await new DocumentStore(database, clock).LoadAsync(roomId));
            return null;
        }
        catch (Exception damage) when (damage is DocumentDamagedException or UpdateFormatException)
        {
            return damage.Message;
        }
    }

    private async Task<IReadOnlyList<string>> FaultsOfAsync(string roomId)
    {
        var faults = new List<string>();
        if (await LoadFaultAsync(roomId) is { } fault)
            faults.Add(fault);
        foreach (var table in StateTables)
        {
            foreach (var seq in await database.ReadAsync(c => c.QueryAsync<long>($"SELECT seq FROM {table} WHERE room_id = @roomId ORDER BY seq", new { roomId })))
            {
                var row = await database.ReadAsync(c => c.QuerySingleAsync<CheckpointRow>(
                    $"SELECT seq, version, created_at, crc, state FROM {table} WHERE room_id = @roomId AND seq = @seq", new { roomId, seq }));
                if (table == "room_snapshots" ? !IsWhole(row) : !IsCheckpointWhole(row))
                    faults.Add($"{table}: seq {seq} does not read back");
            }
        }

        var store = new HistoryStore(database);
        var ends = await store.EndsAsync(roomId, default);
        for (var at = ends?.First.FirstSeq - 1 ?? 0; await store.ReadAsync(roomId, at, long.MaxValue, default) is { Count: > 0 } entries; at = entries[^1].Seq)
        {
            foreach (var entry in entries)
            {
                if (entry.FirstSeq != at + 1)
                    faults.Add($"history: seq {at + 1} to {entry.FirstSeq - 1} are missing");
                if (!entry.IsIntact)
                    faults.Add($"history: the record at seq {entry.Seq} does not match its checksum");
                at = entry.Seq;
            }
        }

        return faults;
    }

    private static bool IsCheckpointWhole(CheckpointRow row)
    {
        try
        {
            HistoryReplica.FromCheckpoint(row);
            return true;
        }
        catch (Exception damage) when (damage is HistoryDamagedException or UpdateFormatException)
        {
            return false;
        }
    }
}
