using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

internal sealed record RoomOptions
{
    /// <summary>Edits after which a room's log is compacted into a snapshot.</summary>
    public required int SnapshotEvery { get; init; }

    /// <summary>Edits that stay in the log behind a snapshot, for history.</summary>
    public required int HistoryKeep { get; init; }

    public static RoomOptions Read(SettingsReader settings) => new()
    {
        SnapshotEvery = settings.Number("Rooms:SnapshotEvery", 500, 10, 100_000),
        HistoryKeep = settings.Number("Rooms:HistoryKeep", 10_000, 0, 10_000_000),
    };
}
