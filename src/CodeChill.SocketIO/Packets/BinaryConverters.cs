using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodeChill.SocketIO.Packets;

/// <summary>
/// The attachments of the packet being (de)serialized on this thread. Serialization is synchronous, so a thread-static is enough
/// and keeps the converters free of per-packet options objects.
/// </summary>
internal static class AttachmentScope
{
    [ThreadStatic]
    private static List<ReadOnlyMemory<byte>>? s_writing;

    [ThreadStatic]
    private static ReadOnlyMemory<byte>[]? s_reading;

    public static List<ReadOnlyMemory<byte>>? Writing
    {
        get => s_writing;
        set => s_writing = value;
    }

    public static ReadOnlyMemory<byte>[]? Reading
    {
        get => s_reading;
        set => s_reading = value;
    }

    public static void WritePlaceholder(Utf8JsonWriter writer, ReadOnlyMemory<byte> data)
    {
        var list = s_writing;
        if (list is null)
        {
            // The options are the library's own copy, so this is someone serializing with them outside of a packet.
            writer.WriteBase64StringValue(data.Span);
            return;
        }

        writer.WriteStartObject();
        writer.WriteBoolean("_placeholder"u8, true);
        writer.WriteNumber("num"u8, list.Count);
        writer.WriteEndObject();
        list.Add(data);
    }

    public static ReadOnlyMemory<byte> ReadPlaceholder(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String) return reader.GetBytesFromBase64();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("Expected binary data.");
        bool flag = false;
        int index = -1;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            bool isFlag = reader.ValueTextEquals("_placeholder"u8), isIndex = reader.ValueTextEquals("num"u8);
            reader.Read();
            if (isFlag) flag = reader.TokenType == JsonTokenType.True;
            else if (isIndex && reader.TokenType == JsonTokenType.Number) reader.TryGetInt32(out index);
            reader.Skip();
        }

        var attachments = s_reading;
        if (!flag || attachments is null || (uint)index >= (uint)attachments.Length) throw new JsonException("Expected binary data.");
        return attachments[index];
    }
}

internal sealed class ByteArrayConverter : JsonConverter<byte[]>
{
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        AttachmentScope.ReadPlaceholder(ref reader).ToArray();

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) =>
        AttachmentScope.WritePlaceholder(writer, value);
}

internal sealed class ReadOnlyMemoryConverter : JsonConverter<ReadOnlyMemory<byte>>
{
    public override ReadOnlyMemory<byte> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        AttachmentScope.ReadPlaceholder(ref reader);

    public override void Write(Utf8JsonWriter writer, ReadOnlyMemory<byte> value, JsonSerializerOptions options) =>
        AttachmentScope.WritePlaceholder(writer, value);
}

internal sealed class MemoryConverter : JsonConverter<Memory<byte>>
{
    public override Memory<byte> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        AttachmentScope.ReadPlaceholder(ref reader).ToArray();

    public override void Write(Utf8JsonWriter writer, Memory<byte> value, JsonSerializerOptions options) =>
        AttachmentScope.WritePlaceholder(writer, value);
}
