using System.Diagnostics.Metrics;

namespace CodeChill.Server.Executions;

/// <summary>What monitors want to know of runs: how many came, how they ended, how long they waited, who was refused and why.</summary>
internal sealed class ExecutionMetrics
{
    public const string MeterName = "CodeChill.Executions";

    private readonly Meter _meter;
    private readonly Counter<long> _queued;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _deferred;
    private readonly Histogram<double> _waited;
    private readonly Histogram<double> _ran;

    public ExecutionMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _queued = _meter.CreateCounter<long>("codechill.executions.queued", "{run}", "Runs that were let into the queue");
        _ended = _meter.CreateCounter<long>("codechill.executions.ended", "{run}", "Runs that ended, by language and verdict");
        _refused = _meter.CreateCounter<long>("codechill.executions.refused", "{run}", "Runs that were not let in, by reason");
        _deferred = _meter.CreateCounter<long>("codechill.executions.records_deferred", "{record}", "Records that could not be written when their run ended, and were later");
        _waited = _meter.CreateHistogram<double>("codechill.executions.wait", "s", "From being let in to the start");
        _ran = _meter.CreateHistogram<double>("codechill.executions.duration", "s", "From the start to the end, compilation included");
    }

    public void Queued(string language) => _queued.Add(1, new KeyValuePair<string, object?>("language", language));

    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("reason", code));

    public void Started(TimeSpan waited) => _waited.Record(waited.TotalSeconds);

    public void Ended(string language, string verdict, TimeSpan ran)
    {
        _ended.Add(1, new KeyValuePair<string, object?>("language", language), new KeyValuePair<string, object?>("verdict", verdict));
        _ran.Record(ran.TotalSeconds, new KeyValuePair<string, object?>("language", language));
    }

    public void Deferred() => _deferred.Add(1);

    /// <summary>A number that is read when somebody asks for it.</summary>
    public void Watch(string name, string description, Func<long> value) => _meter.CreateObservableGauge($"codechill.executions.{name}", value, "{run}", description);
}
