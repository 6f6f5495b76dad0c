using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace CodeChill.SocketIO.Packets;

/// <summary>
/// Encoder of Socket.IO packets into finished <see cref="OutPacket"/>s. The JSON is written once, straight to UTF-8, into a
/// buffer the thread keeps; the result is one exact array that every recipient shares.
/// </summary>
internal sealed class PacketEncoder(JsonSerializerOptions json)
{
    private const int MaxKeptBuffer = 256 * 1024;

    [ThreadStatic]
    private static Scratch? s_scratch;

    /// <summary>The library's copy of the application's options, with the binary converters in front.</summary>
    public JsonSerializerOptions Json { get; } = json;

    public static JsonSerializerOptions Prepare(JsonSerializerOptions source, int maxDepth)
    {
        var options = new JsonSerializerOptions(source) { MaxDepth = maxDepth, Encoder = MinimalJsonEncoder.Instance };
        options.Converters.Insert(0, new ByteArrayConverter());
        options.Converters.Insert(1, new ReadOnlyMemoryConverter());
        options.Converters.Insert(2, new MemoryConverter());
        if (options.TypeInfoResolver is null && JsonSerializer.IsReflectionEnabledByDefault)
            options.TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver();
        options.MakeReadOnly();
        return options;
    }

    /// <summary>EVENT or BINARY_EVENT; <paramref name="ackId"/> -1 for none.</summary>
    public OutPacket Event(string nsp, long ackId, string name, ReadOnlySpan<object?> args, bool compress = true, string? offset = null)
    {
        var scratch = Rent();
        try
        {
            var writer = scratch.Writer;
            writer.WriteStartArray();
            writer.WriteStringValue(name);
            foreach (object? arg in args) Write(writer, arg, scratch);
            if (offset is not null) writer.WriteStringValue(offset);
            writer.WriteEndArray();
            writer.Flush();
            return Finish(scratch, SocketPacketType.Event, nsp, ackId, compress);
        }
        finally
        {
            Return(scratch);
        }
    }

    /// <summary>ACK or BINARY_ACK.</summary>
    public OutPacket Ack(string nsp, long ackId, ReadOnlySpan<object?> args)
    {
        var scratch = Rent();
        try
        {
            var writer = scratch.Writer;
            writer.WriteStartArray();
            foreach (object? arg in args) Write(writer, arg, scratch);
            writer.WriteEndArray();
            writer.Flush();
            return Finish(scratch, SocketPacketType.Ack, nsp, ackId, true);
        }
        finally
        {
            Return(scratch);
        }
    }

    /// <summary>An EVENT (or ACK) whose JSON array is at hand: another node's broadcast, a replayed packet.</summary>
    public static OutPacket Raw(
        SocketPacketType type, string nsp, long ackId, ReadOnlySpan<byte> array, ReadOnlySpan<ReadOnlyMemory<byte>> attachments,
        bool compress = true)
    {
        Span<byte> prefix = stackalloc byte[PrefixSize(nsp)];
        return OutPacket.Build(prefix[..WritePrefix(prefix, type, nsp, ackId, attachments.Length)], array, attachments, compress);
    }

    /// <summary>CONNECT, CONNECT_ERROR: an object payload. DISCONNECT: none.</summary>
    public OutPacket Control(SocketPacketType type, string nsp, object? payload)
    {
        Span<byte> prefix = stackalloc byte[PrefixSize(nsp)];
        int length = WritePrefix(prefix, type, nsp, -1, 0);
        byte[] body = payload is null ? [] : JsonSerializer.SerializeToUtf8Bytes(payload, payload.GetType(), Json);
        return OutPacket.Build(prefix[..length], body, default, false);
    }

    /// <summary>Encodes arguments alone, for adapters that carry them elsewhere: a JSON array and the attachments.</summary>
    public (byte[] Array, ReadOnlyMemory<byte>[] Attachments) Arguments(string? name, ReadOnlySpan<object?> args)
    {
        var scratch = Rent();
        try
        {
            var writer = scratch.Writer;
            writer.WriteStartArray();
            if (name is not null) writer.WriteStringValue(name);
            foreach (object? arg in args) Write(writer, arg, scratch);
            writer.WriteEndArray();
            writer.Flush();
            return (scratch.Buffer.WrittenSpan.ToArray(), [.. scratch.Attachments]);
        }
        finally
        {
            Return(scratch);
        }
    }

    private void Write(Utf8JsonWriter writer, object? value, Scratch scratch)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case JsonElement { ValueKind: not JsonValueKind.Undefined } element:
                // Raw bytes: nothing is unescaped and escaped again, and a lone surrogate escape survives.
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(element), skipInputValidation: true);
                break;
            case SocketArguments arguments:
                WriteForwarded(writer, arguments, scratch);
                break;
            case byte[] data:
                AttachmentScope.WritePlaceholder(writer, data);
                break;
            case ReadOnlyMemory<byte> data:
                AttachmentScope.WritePlaceholder(writer, data);
                break;
            default:
                JsonSerializer.Serialize(writer, value, value.GetType(), Json);
                break;
        }
    }

    /// <summary>Arguments received in one packet go out in another as they came: no decoding, attachments shared.</summary>
    private static void WriteForwarded(Utf8JsonWriter writer, SocketArguments arguments, Scratch scratch)
    {
        int before = scratch.Attachments.Count;
        for (int i = 0; i < arguments.Count; i++)
        {
            var raw = arguments.RawUtf8(i);
            if (before > 0 && arguments.Attachments.Length > 0)
            {
                PlaceholderShift.Write(writer, raw, before);
                continue;
            }

            writer.WriteRawValue(raw, skipInputValidation: true);
        }

        scratch.Attachments.AddRange(arguments.Attachments);
    }

    private static OutPacket Finish(Scratch scratch, SocketPacketType type, string nsp, long ackId, bool compress)
    {
        Span<byte> prefix = stackalloc byte[PrefixSize(nsp)];
        int count = scratch.Attachments.Count;
        if (count > 0) type = type == SocketPacketType.Event ? SocketPacketType.BinaryEvent : SocketPacketType.BinaryAck;
        int length = WritePrefix(prefix, type, nsp, ackId, count);
        return OutPacket.Build(prefix[..length], scratch.Buffer.WrittenSpan, CollectionsMarshal.AsSpan(scratch.Attachments), compress);
    }

    private static int PrefixSize(string nsp) => 48 + Encoding.UTF8.GetMaxByteCount(nsp.Length);

    private static int WritePrefix(Span<byte> target, SocketPacketType type, string nsp, long ackId, int attachments)
    {
        target[0] = (byte)'4';
        target[1] = (byte)('0' + (int)type);
        int at = 2;
        if (attachments > 0)
        {
            attachments.TryFormat(target[at..], out int digits);
            at += digits;
            target[at++] = (byte)'-';
        }

        if (nsp.Length != 1)
        {
            at += Encoding.UTF8.GetBytes(nsp, target[at..]);
            target[at++] = (byte)',';
        }

        if (ackId >= 0)
        {
            ackId.TryFormat(target[at..], out int digits);
            at += digits;
        }

        return at;
    }

    private static Scratch Rent()
    {
        // Taken out of the slot while in use: a converter that emits gets a second one instead of a corrupted first.
        var scratch = s_scratch ?? new Scratch();
        s_scratch = null;
        scratch.Outer = AttachmentScope.Writing;
        AttachmentScope.Writing = scratch.Attachments;
        return scratch;
    }

    private static void Return(Scratch scratch)
    {
        AttachmentScope.Writing = scratch.Outer;
        scratch.Reset();
        if (scratch.Buffer.Capacity <= MaxKeptBuffer) s_scratch = scratch;
    }

    private sealed class Scratch
    {
        public Scratch()
        {
            Writer = new Utf8JsonWriter(Buffer, new JsonWriterOptions { SkipValidation = true, Encoder = MinimalJsonEncoder.Instance });
        }

        public ArrayBufferWriter<byte> Buffer { get; } = new(512);

        public Utf8JsonWriter Writer { get; }

        public List<ReadOnlyMemory<byte>> Attachments { get; } = [];

        public List<ReadOnlyMemory<byte>>? Outer { get; set; }

        public void Reset()
        {
            Buffer.ResetWrittenCount();
            Writer.Reset(Buffer);
            Attachments.Clear();
        }
    }
}
