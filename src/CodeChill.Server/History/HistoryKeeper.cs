using CodeChill.Server.Documents;
using CodeChill.Text;

namespace CodeChill.Server.History;

/// <summary>
/// Theory of operation. The log of a room is its history; this keeps it readable and bounded. After a snapshot was taken, and outside of the
/// room's turn, three steps: (1) a checkpoint every so many edits, made by replaying the log from the last one; (2) records that are far
/// behind leave the log, merged per burst of one author's typing, never across a checkpoint; (3) history older or larger than the options
/// allow ends at a checkpoint. Each step writes first, reads back what it wrote, and only then takes away, in one transaction; interrupted
/// anywhere it is simply done again. A record that is not what was written stops it: nothing that lies behind damage is ever merged or taken away.
/// </summary>
internal sealed class HistoryKeeper(HistoryStore store, HistoryOptions options, TimeProvider clock, ILogger<HistoryKeeper> logger)
{
    /// <summary>Called between steps; tests pull the plug there.</summary>
    internal Action<string>? Step { get; set; }

    /// <param name="roomId">The room.</param>
    /// <param name="upTo">The seq up to which the log is durable.</param>
    /// <param name="leaveBefore">Records before this seq may leave the log.</param>
    /// <param name="cancel">Stops between steps.</param>
    public async Task KeepAsync(string roomId, long upTo, long leaveBefore, CancellationToken cancel = default)
    {
        try
        {
            await CheckpointAsync(roomId, upTo, cancel);
            await MergeAsync(roomId, leaveBefore, cancel);
            await CutAsync(roomId, cancel);
        }
        catch (HistoryDamagedException damage)
        {
            logger.LogError(damage, "The history of room {RoomId} is kept as it is from seq {Seq} on", roomId, damage.Seq);
        }
    }

    /// <summary>The replica at the newest readable checkpoint not after a seq; where there is none, at the beginning.</summary>
    public async Task<HistoryReplica> OpenAsync(string roomId, long upTo, CancellationToken cancel)
    {
        await foreach (var row in store.CheckpointsAsync(roomId, upTo, cancel))
        {
            try
            {
                return HistoryReplica.FromCheckpoint(row);
            }
            catch (Exception damage) when (damage is HistoryDamagedException or UpdateFormatException)
            {
                logger.LogError(damage, "The checkpoint at seq {Seq} of room {RoomId} cannot be read", row.Seq, roomId);
            }
        }

        var ends = await store.EndsAsync(roomId, cancel);
        if (ends is { First.FirstSeq: > 1 } && await store.OldestSnapshotAsync(roomId, cancel) is { } snapshot && snapshot.Seq <= upTo
            && LogEntry.Checksum(snapshot.State) == snapshot.Crc)
            return HistoryReplica.FromState(snapshot.State, snapshot.Seq, snapshot.Version);
        return HistoryReplica.Empty();
    }

    private async Task CheckpointAsync(string roomId, long upTo, CancellationToken cancel)
    {
        var seqs = await store.CheckpointSeqsAsync(roomId, cancel);
        if (upTo - (seqs.Count > 0 ? seqs[^1] : 0) < options.CheckpointEvery)
            return;
        var replica = await OpenAsync(roomId, upTo, cancel);
        var next = replica.Seq + options.CheckpointEvery;
        while (replica.Seq < upTo)
        {
            var batch = await store.ReadAsync(roomId, replica.Seq, upTo, cancel);
            if (batch.Count == 0)
                return;
            foreach (var entry in batch)
            {
                replica.Apply(entry);
                if (replica.Seq < next)
                    continue;
                if (!seqs.Contains(replica.Seq))
                    await WriteAsync(roomId, replica, cancel);
                next = replica.Seq + options.CheckpointEvery;
            }
        }
    }

    private async Task WriteAsync(string roomId, HistoryReplica replica, CancellationToken cancel)
    {
        var at = replica.Last!.CreatedAt;
        Step?.Invoke("checkpoint");
        await store.AddCheckpointAsync(roomId, replica.Seq, replica.Version, at, replica.Encode());
        Step?.Invoke("checkpoint written");
        var stored = await store.NextCheckpointAsync(roomId, replica.Seq, cancel);
        try
        {
            if (stored is not null && stored.Seq == replica.Seq && HistoryReplica.FromCheckpoint(stored).Text == replica.Text)
                return;
        }
        catch (Exception unreadable) when (unreadable is HistoryDamagedException or UpdateFormatException)
        {
            logger.LogError(unreadable, "The checkpoint at seq {Seq} of room {RoomId} does not read back", replica.Seq, roomId);
        }

        await store.DropCheckpointAsync(roomId, replica.Seq);
        throw new HistoryDamagedException(replica.Seq);
    }

    private async Task MergeAsync(string roomId, long leaveBefore, CancellationToken cancel)
    {
        var merged = await store.LastMergedAsync(roomId, cancel);
        // Left from a move that was interrupted.
        if (merged > 0)
            await store.DropFromLogAsync(roomId, merged);
        var ends = (await store.CheckpointSeqsAsync(roomId, cancel)).Where(c => c > merged && c < leaveBefore).ToList();
        if (ends.Count == 0)
            return;
        // Two replicas go along: one reads what is merged, the other what came of it.
        var before = await OpenAsync(roomId, Math.Max(merged, ends[0] - 1), cancel);
        await MoveToAsync(roomId, before, merged, cancel);
        var after = HistoryReplica.FromState(before.EncodeState(), before.Seq, before.Version);
        foreach (var end in ends)
        {
            while (before.Seq < end && await store.ReadAsync(roomId, before.Seq, end, cancel) is { Count: > 0 } records)
            {
                foreach (var record in records)
                    before.Apply(record);
                Step?.Invoke("merge");
                await store.AddMergedAsync(roomId, Merge(records));
                Step?.Invoke("merged");
                await MoveToAsync(roomId, after, before.Seq, cancel);
                if (after.Seq != before.Seq || after.Text != before.Text)
                    throw new HistoryDamagedException(after.Seq);
                Step?.Invoke("merge verified");
                await store.DropFromLogAsync(roomId, before.Seq);
                Step?.Invoke("log shortened");
            }
        }
    }

    private async Task MoveToAsync(string roomId, HistoryReplica replica, long seq, CancellationToken cancel)
    {
        while (replica.Seq < seq && await store.ReadAsync(roomId, replica.Seq, seq, cancel) is { Count: > 0 } entries)
        {
            foreach (var entry in entries)
                replica.Apply(entry);
        }
    }

    /// <summary>One entry for each burst: what one author typed without a pause.</summary>
    private static List<HistoryEntry> Merge(IReadOnlyList<HistoryEntry> records)
    {
        var bursts = new List<HistoryEntry>();
        for (var start = 0; start < records.Count;)
        {
            var (first, end, bytes) = (records[start], start + 1, (long)records[start].Payload.Length);
            while (end < records.Count && records[end] is var next && next.UserId == first.UserId && next.ClientKind == first.ClientKind
                && next.CreatedAt - records[end - 1].CreatedAt <= HistoryLimits.BurstPause && next.CreatedAt - first.FirstAt <= HistoryLimits.BurstLength
                && (bytes += next.Payload.Length) <= HistoryLimits.BurstBytes)
                end++;
            var last = records[end - 1];
            var payload = end - start == 1 ? first.Payload : Updates.Merge([.. records.Skip(start).Take(end - start).Select(r => r.Payload)]);
            bursts.Add(new HistoryEntry
            {
                FirstSeq = first.FirstSeq,
                Seq = last.Seq,
                Version = last.Version,
                UserId = first.UserId,
                ClientKind = first.ClientKind,
                FirstAt = first.FirstAt,
                CreatedAt = last.CreatedAt,
                Crc = LogEntry.Checksum(payload),
                Payload = payload,
            });
            start = end;
        }

        return bursts;
    }

    private async Task CutAsync(string roomId, CancellationToken cancel)
    {
        var (checkpoints, merged) = await store.SizesAsync(roomId, cancel);
        if (merged.Count == 0)
            return;
        var tooOld = options.Days == 0 ? DateTimeOffset.MinValue : clock.GetUtcNow().AddDays(-options.Days);
        var left = merged.Sum(m => m.Bytes);
        var (cut, next) = (0L, 0);
        foreach (var (seq, at) in checkpoints)
        {
            // Only what is merged may end: the log behind it is what recovery reads.
            if (seq > merged[^1].Seq || (at >= tooOld && left <= options.MegabytesPerRoom * 1024L * 1024))
                break;
            for (; next < merged.Count && merged[next].Seq <= seq; next++)
                left -= merged[next].Bytes;
            cut = seq;
        }

        // The checkpoint at the cut is the new beginning.
        if (cut > 0 && (merged[0].Seq <= cut || checkpoints[0].Seq < cut))
        {
            Step?.Invoke("cut");
            await store.CutAsync(roomId, cut);
        }
    }
}
