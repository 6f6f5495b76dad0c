using System.Text.Json;

namespace CodeChill.SocketIO.Packets;

/// <summary>Socket.IO v5 packet types.</summary>
internal enum SocketPacketType
{
    Connect = 0,
    Disconnect = 1,
    Event = 2,
    Ack = 3,
    ConnectError = 4,
    BinaryEvent = 5,
    BinaryAck = 6,
}

/// <summary>The parts of a text packet; spans point into the received bytes.</summary>
internal ref struct SocketPacketHeader
{
    public SocketPacketType Type;
    public int Attachments;

    /// <summary>Empty for the main namespace.</summary>
    public ReadOnlySpan<byte> Namespace;

    /// <summary>-1 when absent.</summary>
    public long Id;

    public ReadOnlySpan<byte> Json;
}

/// <summary>
/// Decoder of <c>&lt;type&gt;[&lt;attachments&gt;-][&lt;namespace&gt;,][&lt;ack id&gt;][JSON]</c>. Works on the UTF-8 bytes as received and allocates
/// nothing; <see cref="ScanArguments"/> then walks the JSON once, checks everything the protocol asks of it and remembers only
/// where each argument lies.
/// </summary>
internal static class SocketCodec
{
    /// <summary>Ids are JavaScript numbers: beyond 2^53 they lose precision, so 15 digits is where we stop.</summary>
    private const int MaxIdDigits = 15;

    private const int MaxNamespaceBytes = 512;

    public static ProtocolViolation ReadHeader(ReadOnlySpan<byte> text, int maxAttachments, out SocketPacketHeader header)
    {
        header = default;
        header.Id = -1;
        if (text.IsEmpty || text[0] is < (byte)'0' or > (byte)'6') return ProtocolViolation.UnknownPacketType;
        header.Type = (SocketPacketType)(text[0] - '0');
        text = text[1..];

        if (header.Type is SocketPacketType.BinaryEvent or SocketPacketType.BinaryAck)
        {
            int digits = CountDigits(text);
            if (digits is 0 or > 5 || digits == text.Length || text[digits] != (byte)'-') return ProtocolViolation.IllegalAttachments;
            header.Attachments = (int)ReadNumber(text[..digits]);
            if (header.Attachments < 1 || header.Attachments > maxAttachments) return ProtocolViolation.IllegalAttachments;
            text = text[(digits + 1)..];
        }

        if (!text.IsEmpty && text[0] == (byte)'/')
        {
            int comma = text.IndexOf((byte)',');
            var name = comma < 0 ? text : text[..comma];
            if (name.Length > MaxNamespaceBytes) return ProtocolViolation.IllegalNamespace;
            header.Namespace = name.Length == 1 ? default : name;
            text = comma < 0 ? default : text[(comma + 1)..];
        }

        int idDigits = CountDigits(text);
        if (idDigits > 0)
        {
            // Only digits directly before the payload are an id; an id the sender can't tell apart is refused, not guessed.
            if (idDigits > MaxIdDigits) return ProtocolViolation.IllegalAckId;
            header.Id = ReadNumber(text[..idDigits]);
            text = text[idDigits..];
        }

        header.Json = text;
        return ProtocolViolation.None;
    }

    /// <summary>
    /// Validates an EVENT or ACK payload and records the range of each argument. For events, argument 0 is the name.
    /// <paramref name="ranges"/> gets start and end of every element, in order.
    /// </summary>
    public static ProtocolViolation ScanArguments(
        ReadOnlySpan<byte> json, bool isEvent, int attachments, int maxDepth, ref RangeList ranges, out bool nameIsNumber)
    {
        nameIsNumber = false;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth, CommentHandling = JsonCommentHandling.Disallow });
        var placeholders = attachments > 0 ? new PlaceholderScan(attachments, maxDepth) : default;
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) return ProtocolViolation.InvalidPayload;
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0)
                {
                    // The closing bracket; one more read proves that nothing but white space follows.
                    if (reader.Read()) return ProtocolViolation.InvalidPayload;
                    break;
                }

                int start = (int)reader.TokenStartIndex;
                if (isEvent && ranges.Count == 0)
                {
                    var violation = CheckName(ref reader, out nameIsNumber);
                    if (violation != ProtocolViolation.None) return violation;
                }
                else if (attachments > 0)
                {
                    if (!placeholders.Walk(ref reader)) return ProtocolViolation.IllegalPlaceholder;
                }
                else if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                {
                    reader.Skip();
                }

                ranges.Add(start, (int)reader.BytesConsumed);
            }
        }
        catch (JsonException)
        {
            return reader.CurrentDepth >= maxDepth ? ProtocolViolation.TooDeep : ProtocolViolation.InvalidPayload;
        }

        if (isEvent && ranges.Count == 0) return ProtocolViolation.InvalidPayload;
        return ProtocolViolation.None;
    }

    /// <summary>True when the bytes are exactly one JSON object within the depth limit.</summary>
    public static bool IsObject(ReadOnlySpan<byte> json, int maxDepth)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static ProtocolViolation CheckName(ref Utf8JsonReader reader, out bool nameIsNumber)
    {
        nameIsNumber = reader.TokenType == JsonTokenType.Number;
        if (nameIsNumber) return ProtocolViolation.None;
        if (reader.TokenType != JsonTokenType.String) return ProtocolViolation.InvalidEventName;
        return reader.ValueTextEquals("connect"u8) || reader.ValueTextEquals("connect_error"u8)
            || reader.ValueTextEquals("disconnect"u8) || reader.ValueTextEquals("disconnecting"u8)
            || reader.ValueTextEquals("newListener"u8) || reader.ValueTextEquals("removeListener"u8)
            ? ProtocolViolation.ReservedEventName
            : ProtocolViolation.None;
    }

    private static int CountDigits(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return end < 0 ? text.Length : end;
    }

    private static long ReadNumber(ReadOnlySpan<byte> digits)
    {
        long value = 0;
        foreach (byte digit in digits) value = (value * 10) + (digit - '0');
        return value;
    }
}

/// <summary>Start and end of each array element; the first few live on the stack.</summary>
internal ref struct RangeList(Span<int> initial)
{
    private Span<int> _items = initial;
    private int _used;

    public readonly int Count => _used / 2;

    public readonly ReadOnlySpan<int> Items => _items[.._used];

    public void Add(int start, int end)
    {
        if (_used == _items.Length)
        {
            int[] larger = new int[Math.Max(16, _items.Length * 2)];
            _items.CopyTo(larger);
            _items = larger;
        }

        _items[_used++] = start;
        _items[_used++] = end;
    }
}

/// <summary>
/// Checks <c>{"_placeholder":true,"num":n}</c> objects while walking a value: an index that is not a whole number within the
/// announced attachments is a violation (CVE-2022-2421), found before the first attachment arrives.
/// </summary>
internal ref struct PlaceholderScan(int attachments, int maxDepth)
{
    private readonly int _attachments = attachments;
    private readonly State[] _states = new State[maxDepth + 1];

    /// <summary>Consumes the value the reader stands on.</summary>
    public readonly bool Walk(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject)) return true;
        int outer = reader.CurrentDepth;
        _states[outer] = default;
        while (reader.Read())
        {
            int depth = reader.CurrentDepth;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    _states[depth] = default;
                    Value(ref reader, depth - 1);
                    break;
                case JsonTokenType.PropertyName:
                    _states[depth - 1].Property = reader.ValueTextEquals("_placeholder"u8) ? Kind.Flag
                        : reader.ValueTextEquals("num"u8) ? Kind.Number : Kind.Other;
                    break;
                case JsonTokenType.EndObject:
                    if (_states[depth].IsPlaceholder && !_states[depth].HasIndex) return false;
                    if (depth == outer) return true;
                    break;
                case JsonTokenType.EndArray:
                    if (depth == outer) return true;
                    break;
                default:
                    Value(ref reader, depth - 1);
                    break;
            }
        }

        return true;
    }

    private readonly void Value(ref Utf8JsonReader reader, int container)
    {
        ref var state = ref _states[container];
        switch (state.Property)
        {
            case Kind.Flag:
                state.IsPlaceholder = reader.TokenType == JsonTokenType.True;
                break;
            case Kind.Number:
                state.HasIndex = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int index)
                    && index >= 0 && index < _attachments;
                break;
        }

        state.Property = Kind.Other;
    }

    private enum Kind : byte
    {
        Other,
        Flag,
        Number,
    }

    private struct State
    {
        public Kind Property;
        public bool IsPlaceholder;
        public bool HasIndex;
    }
}
