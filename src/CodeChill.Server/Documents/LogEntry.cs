using System.Numerics;

namespace CodeChill.Server.Documents;

/// <summary>
/// One accepted edit as it is written to the log of its room. <paramref name="Seq"/> counts records without a gap and is the fence;
/// <paramref name="Version"/> is what clients see, and skips what a crash may have given out without committing.
/// </summary>
internal sealed record LogEntry(
    string RoomId,
    long Seq,
    long Version,
    string? UserId,
    string ClientKind,
    string? OperationId,
    DateTimeOffset CreatedAt,
    ReadOnlyMemory<byte> Payload)
{
    public uint Crc { get; } = Checksum(Payload.Span);

    /// <summary>CRC-32C. Guards against a disk that returns other bytes than it was given, not against people.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}

/// <summary>How an append ended.</summary>
internal enum Commit
{
    /// <summary>The row is durable.</summary>
    Done,

    /// <summary>Another owner of the room wrote this seq: the caller must stop and reload.</summary>
    Fenced,

    /// <summary>The backlog is full or the server is stopping: nothing was queued.</summary>
    Refused,
}
