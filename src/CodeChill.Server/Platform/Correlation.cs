using Serilog.Core;
using Serilog.Events;

namespace CodeChill.Server.Platform;

/// <summary>
/// Says on every line written inside a room's grain which room it is about, and by whose request. Nothing is pushed or popped for that on
/// the way of an event: the grain that runs on this thread is asked when, and only when, there is a line to write.
/// </summary>
internal sealed class Correlation(IServiceProvider services) : ILogEventEnricher
{
    private IGrainContextAccessor? _grains;

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        // Not in the constructor: the logger is there before the silo.
        _grains ??= services.GetService<IGrainContextAccessor>();
        if (_grains?.GrainContext is { GrainId: var grain } && grain.Type.ToString() == "room" && !logEvent.Properties.ContainsKey("RoomId"))
            logEvent.AddPropertyIfAbsent(propertyFactory.CreateProperty("RoomId", grain.Key.ToString()));
    }
}
