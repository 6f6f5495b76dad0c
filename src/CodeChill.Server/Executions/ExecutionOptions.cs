using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions;

/// <summary>How much of this machine programs may have.</summary>
internal sealed record ExecutionOptions
{
    /// <summary>Programs at one time.</summary>
    public required int Slots { get; init; }

    /// <summary>Programs that wait for people's input, at one time: they use little, for longer.</summary>
    public required int LiveSlots { get; init; }

    /// <summary>Terminals open at one time.</summary>
    public required int Sessions { get; init; }

    public static ExecutionOptions Read(SettingsReader settings) => new()
    {
        Slots = settings.Number("Executions:Slots", Math.Max(1, Environment.ProcessorCount), 1, 256),
        LiveSlots = settings.Number("Executions:LiveSlots", 8, 1, 256),
        Sessions = settings.Number("Executions:Sessions", 8, 1, 256),
    };
}
