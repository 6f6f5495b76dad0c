using System.ComponentModel.DataAnnotations;

namespace CodeChill.Server.Rooms;

internal sealed class RoomOptions
{
    /// <summary>Edits after which a room's log is compacted into a snapshot.</summary>
    [Range(10, 100_000)]
    public int SnapshotEvery { get; set; } = 500;

    /// <summary>Edits that stay in the log behind a snapshot, for history.</summary>
    [Range(0, 10_000_000)]
    public int HistoryKeep { get; set; } = 10_000;
}
