using CodeChill.Server.Documents;

namespace CodeChill.Server.History;

/// <summary>One step of a room's past: a record of the log, or a burst of them by one author.</summary>
internal sealed class HistoryEntry
{
    public long FirstSeq { get; init; }

    /// <summary>The last record's.</summary>
    public long Seq { get; init; }

    public long Version { get; init; }

    public string? UserId { get; init; }

    public string ClientKind { get; init; } = "";

    public DateTimeOffset FirstAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public long Crc { get; init; }

    /// <summary>Empty where only the outline was asked for.</summary>
    public byte[] Payload { get; init; } = [];

    public bool IsIntact => LogEntry.Checksum(Payload) == Crc;

    /// <summary>The client kind in the words of the API.</summary>
    public string Kind => ClientKind == "whole-text" ? "text" : ClientKind;
}

/// <summary>A checkpoint as it is stored.</summary>
internal sealed class CheckpointRow
{
    public long Seq { get; init; }

    public long Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public long Crc { get; init; }

    public byte[] State { get; init; } = [];
}
