using CodeChill.Text.Encoding;

namespace CodeChill.Text.Sync;

/// <summary>The kinds of message of the y-websocket protocol: the first number of every message.</summary>
public enum SyncMessageKind
{
    /// <summary>The state vector of the sender, who wants what it lacks (y-protocols sync step 1).</summary>
    Step1,

    /// <summary>An answer to step 1: an update with what was lacking (sync step 2).</summary>
    Step2,

    /// <summary>An update with something new.</summary>
    Update,

    /// <summary>An awareness update.</summary>
    Awareness,

    /// <summary>The server refuses access; the payload is the reason, UTF-8.</summary>
    Denied,

    /// <summary>The sender wants the awareness states of all; no payload.</summary>
    QueryAwareness,
}

/// <summary>
/// A message of the y-websocket protocol: a y-protocols sync or awareness message with its envelope. Format: a number
/// (0 sync, 1 awareness, 2 auth, 3 query awareness); for sync another one (0 step 1, 1 step 2, 2 update); then the
/// payload behind its length.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Payload">A state vector, an update, an awareness update or a reason, after <paramref name="Kind"/>.</param>
public readonly record struct SyncMessage(SyncMessageKind Kind, ReadOnlyMemory<byte> Payload)
{
    private const int Sync = 0;
    private const int AwarenessMessage = 1;
    private const int Auth = 2;
    private const int Query = 3;

    /// <summary>Reads one message. The payload is a part of the given memory; its content is not checked.</summary>
    /// <param name="message">The message.</param>
    /// <returns>The message's parts.</returns>
    /// <exception cref="UpdateFormatException">The message is malformed or of an unknown kind.</exception>
    public static SyncMessage Read(ReadOnlyMemory<byte> message)
    {
        var reader = new ByteReader(message.Span);
        var kind = ReadKind(ref reader);
        if (kind == SyncMessageKind.QueryAwareness)
        {
            return new SyncMessage(kind, default);
        }

        int length = reader.ReadCount(1);
        if (length != reader.Remaining)
        {
            reader.Throw("Bytes follow the end of the message");
        }

        return new SyncMessage(kind, message.Slice(reader.Position, length));
    }

    /// <summary>Writes the message.</summary>
    /// <returns>Its bytes.</returns>
    public byte[] ToArray()
    {
        var writer = new ByteWriter(Payload.Length + 8);
        switch (Kind)
        {
            case SyncMessageKind.Awareness:
                writer.WriteVarUint(AwarenessMessage);
                break;
            case SyncMessageKind.Denied:
                writer.WriteVarUint(Auth);
                writer.WriteVarUint(0);
                break;
            case SyncMessageKind.QueryAwareness:
                writer.WriteVarUint(Query);
                return writer.ToArray();
            default:
                writer.WriteVarUint(Sync);
                writer.WriteVarUint((int)Kind);
                break;
        }

        writer.WriteVarBytes(Payload.Span);
        return writer.ToArray();
    }

    private static SyncMessageKind ReadKind(ref ByteReader reader)
    {
        switch (reader.ReadVarUint())
        {
            case Sync:
                ulong step = reader.ReadVarUint();
                if (step <= (ulong)SyncMessageKind.Update)
                {
                    return (SyncMessageKind)step;
                }

                break;
            case AwarenessMessage:
                return SyncMessageKind.Awareness;
            case Auth when reader.ReadVarUint() == 0:
                return SyncMessageKind.Denied;
            case Query:
                return SyncMessageKind.QueryAwareness;
        }

        reader.Throw("The message is of an unknown kind");
        return default;
    }
}
