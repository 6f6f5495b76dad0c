using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace CodeChill.Server.Platform;

/// <summary>
/// What this server counts and times. Hot paths call one static method a hook: with nobody listening that is a test of a flag, with a
/// listener an addition, and neither allocates. Every tag takes its values from a closed list (event names that have a handler, codes of
/// <see cref="Error"/>, the contract's languages), so that no client can make the number of series grow.
/// </summary>
internal static class Instruments
{
    /// <summary>Of the meter and of the source of spans.</summary>
    public const string Name = "CodeChill";

    public static readonly ActivitySource Activities = new(Name, Health.Version);

    private static readonly Meter _meter = new(Name, Health.Version);

    private static readonly InstrumentAdvice<double> _latency = new()
    {
        HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15, 0.3, 0.6, 1, 2, 5, 10],
    };

    private static readonly Counter<long> _connections =
        _meter.CreateCounter<long>("codechill.socket.connections", "{socket}", "Sockets that were let in");

    private static readonly Counter<long> _events = _meter.CreateCounter<long>("codechill.socket.events", "{event}", "Socket events received, by event");

    private static readonly Histogram<double> _acks = _meter.CreateHistogram(
        "codechill.ack.duration", "s", "From a socket event's arrival to its answer, by event; for edits that is the commit", advice: _latency);

    private static readonly Counter<long> _rejects =
        _meter.CreateCounter<long>("codechill.rejects", "{request}", "Requests, events and connections that were refused, by edge and error code");

    private static readonly Counter<long> _commits = _meter.CreateCounter<long>("codechill.log.commits", "{commit}", "Transactions of the log, by outcome");

    private static readonly Counter<long> _rows = _meter.CreateCounter<long>("codechill.log.rows", "{edit}", "Edits made durable");

    private static readonly Histogram<double> _commitTime = _meter.CreateHistogram(
        "codechill.log.commit.duration", "s", "Time of a transaction of the log that succeeded", advice: _latency);

    private static readonly Counter<long> _housekeeping =
        _meter.CreateCounter<long>("codechill.housekeeping.removed", "{row}", "What housekeeping removed, by task");

    public static long Now() => Stopwatch.GetTimestamp();

    public static void Connected() => _connections.Add(1);

    public static void Received(string eventName) => _events.Add(1, new KeyValuePair<string, object?>("event", eventName));

    public static void Answered(string eventName, long began)
        => _acks.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>("event", eventName));

    /// <summary><paramref name="edge"/> is rest, socket or connect.</summary>
    public static void Rejected(string edge, string code)
        => _rejects.Add(1, new KeyValuePair<string, object?>("edge", edge), new KeyValuePair<string, object?>("code", code));

    public static void Committed(int rows, long began)
    {
        _commits.Add(1, new KeyValuePair<string, object?>("outcome", "done"));
        _rows.Add(rows);
        _commitTime.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    public static void CommitFailed() => _commits.Add(1, new KeyValuePair<string, object?>("outcome", "failed"));

    public static void Removed(string task, int count) => _housekeeping.Add(count, new KeyValuePair<string, object?>("task", task));

    /// <summary>A span of a socket event; null when nobody traces.</summary>
    public static Activity? SocketEvent(string eventName, string socketId, string? roomId)
    {
        if (!Activities.HasListeners())
            return null;
        var activity = Activities.StartActivity("socket " + eventName, ActivityKind.Server);
        activity?.SetTag("codechill.socket.id", socketId).SetTag("codechill.room.id", roomId);
        return activity;
    }

    /// <summary>A span of a log transaction; null when nobody traces.</summary>
    public static Activity? LogCommit(int rows)
    {
        if (!Activities.HasListeners())
            return null;
        var activity = Activities.StartActivity("log commit");
        activity?.SetTag("codechill.log.rows", rows);
        return activity;
    }

    /// <summary>A span of a run, below whatever asked for it; null when nobody traces.</summary>
    public static Activity? Run(string executionId, string roomId, string language, ActivityContext asker)
    {
        if (!Activities.HasListeners())
            return null;
        var activity = Activities.StartActivity("run", ActivityKind.Internal, asker);
        activity?.SetTag("codechill.execution.id", executionId).SetTag("codechill.room.id", roomId).SetTag("codechill.language", language);
        return activity;
    }
}
