using System.Buffers;
using System.Text;
using System.Text.Json;
using CodeChill.Server.Rooms;
using CodeChill.Text;

namespace CodeChill.Server.History;

/// <summary>
/// A session as lines of JSON (NDJSON) from which a player can scrub: the first says where it starts, then one array a line, in time order:
/// edits, runs and chat. Streamed, so its size is not its cost; its beginning is left out when it is too long.
/// </summary>
internal sealed class ReplayWriter(HistoryService history, HistoryStore store, HistoryKeeper keeper, RoomRow room, Stream output) : IDisposable
{
    private const int FlushAt = 32 * 1024;

    private readonly ArrayBufferWriter<byte> _buffer = new(2 * FlushAt);
    private readonly Dictionary<string, int> _users = [];
    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions { SkipValidation = true });
    private DateTimeOffset _startedAt;
    private long _time;

    public async Task WriteAsync(CancellationToken cancel)
    {
        var (replica, others) = await history.InPlaceAsync(() => BeginAsync(cancel), cancel);
        await EditsAsync(replica, others, cancel);
        while (others.TryDequeue(out var moment))
            moment.Write();
        await FlushAsync(0, cancel);
    }

    public void Dispose() => _json.Dispose();

    private async Task<(HistoryReplica Replica, Queue<Moment> Others)> BeginAsync(CancellationToken cancel)
    {
        var start = await store.ReplayStartAsync(room.Id, cancel);
        var ends = await store.EndsAsync(room.Id, cancel);
        var replica = await keeper.OpenAsync(room.Id, start - 1, cancel);
        while (replica.Seq < start - 1 && await store.ReadAsync(room.Id, replica.Seq, start - 1, cancel) is { Count: > 0 } earlier)
        {
            if (!HistoryService.TryApply(replica, earlier, null))
                break;
        }

        var isTruncated = replica.Seq > 0;
        _startedAt = replica.At ?? (isTruncated ? ends?.First.FirstAt : null) ?? room.CreatedAt;
        var moments = await OthersAsync(cancel);
        var endedAt = ends?.Last.CreatedAt ?? _startedAt;
        await HeadAsync(replica, isTruncated, moments.Count > 0 && moments[^1].At > endedAt ? moments[^1].At : endedAt, cancel);
        return (replica, new Queue<Moment>(moments));
    }

    private async Task HeadAsync(HistoryReplica replica, bool isTruncated, DateTimeOffset endedAt, CancellationToken cancel)
    {
        var people = await store.PeopleAsync(room.Id, cancel);
        var names = await store.NamesAsync([.. people], cancel);
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteString("room_id", room.Id);
        _json.WriteString("language", room.Language);
        _json.WriteString("started_at", _startedAt.UtcDateTime);
        _json.WriteString("ended_at", endedAt.UtcDateTime);
        _json.WriteNumber("base_version", replica.Version);
        _json.WriteString("base_content", replica.Text);
        _json.WriteStartArray("users");
        foreach (var id in people)
        {
            _users[id] = _users.Count;
            _json.WriteStartObject();
            _json.WriteString("id", id);
            _json.WriteString("name", names.GetValueOrDefault(id));
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteBoolean("truncated", isTruncated);
        _json.WriteEndObject();
        EndLine();
    }

    private async Task EditsAsync(HistoryReplica replica, Queue<Moment> others, CancellationToken cancel)
    {
        for (HistoryReplica? next = replica; next is not null;)
        {
            var at = next;
            next = await history.InPlaceAsync(() => BatchAsync(at, others, cancel), cancel);
            await FlushAsync(FlushAt, cancel);
        }
    }

    /// <summary>Plays the next entries. The replica to go on with; null at the end.</summary>
    private async Task<HistoryReplica?> BatchAsync(HistoryReplica replica, Queue<Moment> others, CancellationToken cancel)
    {
        var entries = await store.ReadAsync(room.Id, replica.Seq, long.MaxValue, cancel);
        if (entries.Count == 0)
            return null;
        var isWhole = HistoryService.TryApply(replica, entries, (entry, edits) =>
        {
            while (others.TryPeek(out var next) && next.At <= entry.CreatedAt)
                others.Dequeue().Write();
            if (edits.Count > 0)
                Edit(entry.CreatedAt, entry.Version, entry.UserId, edits);
        });
        if (isWhole)
            return replica;
        // What is damaged is passed over: the next checkpoint says what the text was after it.
        Damage(replica.Version);
        if (await store.NextCheckpointAsync(room.Id, replica.Seq + 1, cancel) is not { } checkpoint)
            return null;
        var after = await keeper.OpenAsync(room.Id, checkpoint.Seq, cancel);
        if (after.Seq != checkpoint.Seq)
            return null;
        Edit(checkpoint.CreatedAt, after.Version, null, TextDiff.Compute(replica.Text, after.Text));
        return after;
    }

    private async Task<IReadOnlyList<Moment>> OthersAsync(CancellationToken cancel)
    {
        var moments = new List<Moment>();
        foreach (var run in await store.RunsAsync(room.Id, _startedAt, cancel))
        {
            moments.Add(new Moment(run.StartedAt, () => Run(run, run.StartedAt, "running", null)));
            if (run.CompletedAt is { } completedAt)
                moments.Add(new Moment(completedAt, () => Run(run, completedAt, run.Status, Shortened(run.Output))));
        }

        foreach (var message in await store.MessagesAsync(room.Id, _startedAt, cancel))
            moments.Add(new Moment(message.CreatedAt, () => Message(message)));
        return [.. moments.OrderBy(m => m.At)];
    }

    private void Edit(DateTimeOffset at, long version, string? userId, IReadOnlyList<TextEdit> edits)
    {
        BeginLine(at, "e");
        _json.WriteNumberValue(version);
        User(userId);
        _json.WriteStartArray();
        foreach (var edit in edits)
        {
            _json.WriteStartArray();
            _json.WriteNumberValue(edit.Index);
            _json.WriteNumberValue(edit.DeleteLength);
            _json.WriteStringValue(edit.Insert);
            _json.WriteEndArray();
        }

        _json.WriteEndArray();
        _json.WriteEndArray();
        EndLine();
    }

    private void Damage(long version)
    {
        BeginLine(null, "d");
        _json.WriteNumberValue(version);
        _json.WriteEndArray();
        EndLine();
    }

    private void Run(RunRow run, DateTimeOffset at, string status, string? output)
    {
        BeginLine(at, "r");
        _json.WriteStringValue(run.Id);
        User(run.UserId);
        _json.WriteStringValue(run.Language);
        _json.WriteStringValue(status);
        if (output is not null)
            _json.WriteStringValue(output);
        _json.WriteEndArray();
        EndLine();
    }

    private void Message(MessageRow message)
    {
        BeginLine(message.CreatedAt, "c");
        User(message.UserId);
        _json.WriteStringValue(message.Id);
        _json.WriteStringValue(message.Content);
        _json.WriteEndArray();
        EndLine();
    }

    private void User(string? userId)
    {
        if (userId is not null && _users.TryGetValue(userId, out var index))
            _json.WriteNumberValue(index);
        else
            _json.WriteNullValue();
    }

    private void BeginLine(DateTimeOffset? at, string kind)
    {
        // A clock that was set back must not turn time around.
        _time = Math.Max(_time, at is { } known ? (long)(known - _startedAt).TotalMilliseconds : 0);
        _json.WriteStartArray();
        _json.WriteNumberValue(_time);
        _json.WriteStringValue(kind);
    }

    private void EndLine()
    {
        _json.Flush();
        _buffer.Write("\n"u8);
        _json.Reset(_buffer);
    }

    private async Task FlushAsync(int atLeast, CancellationToken cancel)
    {
        if (_buffer.WrittenCount <= atLeast)
            return;
        await output.WriteAsync(_buffer.WrittenMemory, cancel);
        _buffer.ResetWrittenCount();
    }

    private static string Shortened(string? output)
    {
        if (output is null || output.Length <= HistoryLimits.ReplayOutput)
            return output ?? "";
        var end = char.IsHighSurrogate(output[HistoryLimits.ReplayOutput - 1]) ? HistoryLimits.ReplayOutput - 1 : HistoryLimits.ReplayOutput;
        return output[..end];
    }

    private sealed record Moment(DateTimeOffset At, Action Write);
}
