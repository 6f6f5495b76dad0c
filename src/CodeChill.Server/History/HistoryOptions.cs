using CodeChill.Server.Platform;

namespace CodeChill.Server.History;

/// <summary>How much of a room's past is kept. The newest edits stay one by one in the log (<c>Rooms:HistoryKeep</c>); older ones are merged per burst.</summary>
internal sealed record HistoryOptions
{
    /// <summary>Days after which history ends; 0 keeps it for ever.</summary>
    public required int Days { get; init; }

    /// <summary>Megabytes of merged history a room may have.</summary>
    public required int MegabytesPerRoom { get; init; }

    /// <summary>Edits between two checkpoints: what reading a version has to replay at most, and then some.</summary>
    public required int CheckpointEvery { get; init; }

    public static HistoryOptions Read(SettingsReader settings) => new()
    {
        Days = settings.Number("History:Days", 365, 0, 36_500),
        MegabytesPerRoom = settings.Number("History:MegabytesPerRoom", 64, 1, 100_000),
        CheckpointEvery = settings.Number("History:CheckpointEvery", 2_000, 10, 100_000),
    };
}
