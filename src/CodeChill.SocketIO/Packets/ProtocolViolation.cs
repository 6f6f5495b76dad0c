namespace CodeChill.SocketIO.Packets;

/// <summary>Why a Socket.IO packet was refused. Each ends the connection it came from, and only that.</summary>
internal enum ProtocolViolation
{
    None,
    UnknownPacketType,
    IllegalAttachments,
    IllegalNamespace,
    IllegalAckId,
    InvalidPayload,
    InvalidEventName,
    ReservedEventName,
    TooDeep,
    IllegalPlaceholder,
    UnexpectedBinary,
    UnexpectedText,
    PacketTooLarge,
    NotJoined,
    AlreadyJoined,
    TooManyNamespaces,
    UnexpectedPacket,
}
