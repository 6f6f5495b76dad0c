using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO.Adapters;

/// <summary>
/// Translation between MessagePack and JSON with attachments: what the reference's adapter puts on the wire is plain data, binary included.
/// Messages of other nodes are untrusted: depth and sizes are checked against what is there, nothing carries a type.
/// </summary>
internal static class MessagePackJson
{
    private const int MaxDepth = 128;

    /// <summary>Binary values become placeholders; <paramref name="attachments"/> gets their bytes.</summary>
    /// <exception cref="FormatException">Not MessagePack, cut off, or too deep.</exception>
    public static byte[] ToJson(ReadOnlySpan<byte> message, List<ReadOnlyMemory<byte>> attachments)
    {
        var buffer = new ArrayBufferWriter<byte>(message.Length + 64);
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, Encoder = MinimalJsonEncoder.Instance });
        var reader = new Reader(message);
        reader.Value(writer, attachments, 0);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Placeholders become binary values again.</summary>
    public static byte[] FromJson(JsonElement json, IReadOnlyList<ReadOnlyMemory<byte>> attachments)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        Write(buffer, json, attachments);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> output, JsonElement json, IReadOnlyList<ReadOnlyMemory<byte>> attachments)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                if (json.TryGetProperty("_placeholder"u8, out var flag) && flag.ValueKind == JsonValueKind.True
                    && json.TryGetProperty("num"u8, out var num) && num.TryGetInt32(out int index) && index >= 0 && index < attachments.Count)
                {
                    var data = attachments[index].Span;
                    Head(output, data.Length, 0, 0, 0xC4, 0xC5, 0xC6);
                    output.Write(data);
                    break;
                }

                Head(output, json.GetPropertyCount(), 0x80, 16, 0, 0xDE, 0xDF);
                foreach (var property in json.EnumerateObject())
                {
                    Text(output, property.Name);
                    Write(output, property.Value, attachments);
                }

                break;
            case JsonValueKind.Array:
                Head(output, json.GetArrayLength(), 0x90, 16, 0, 0xDC, 0xDD);
                foreach (var item in json.EnumerateArray()) Write(output, item, attachments);
                break;
            case JsonValueKind.String:
                Text(output, json.GetString()!);
                break;
            case JsonValueKind.Number:
                Number(output, json);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                output.Write<byte>([json.ValueKind == JsonValueKind.True ? (byte)0xC3 : (byte)0xC2]);
                break;
            default:
                output.Write<byte>([0xC0]);
                break;
        }
    }

    private static void Number(ArrayBufferWriter<byte> output, JsonElement json)
    {
        var span = output.GetSpan(9);
        if (!json.TryGetInt64(out long integer))
        {
            span[0] = 0xCB;
            BinaryPrimitives.WriteDoubleBigEndian(span[1..], json.GetDouble());
            output.Advance(9);
            return;
        }

        if (integer is >= -32 and < 128)
        {
            span[0] = (byte)integer;
            output.Advance(1);
        }
        else if (integer is >= int.MinValue and <= int.MaxValue)
        {
            span[0] = 0xD2;
            BinaryPrimitives.WriteInt32BigEndian(span[1..], (int)integer);
            output.Advance(5);
        }
        else
        {
            span[0] = 0xD3;
            BinaryPrimitives.WriteInt64BigEndian(span[1..], integer);
            output.Advance(9);
        }
    }

    private static void Text(ArrayBufferWriter<byte> output, string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        Head(output, length, 0xA0, 32, 0xD9, 0xDA, 0xDB);
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(length)));
    }

    private static void Head(ArrayBufferWriter<byte> output, int length, byte fix, int fixLimit, byte with8, byte with16, byte with32)
    {
        var span = output.GetSpan(5);
        if (length < fixLimit)
        {
            span[0] = (byte)(fix | length);
            output.Advance(1);
        }
        else if (with8 != 0 && length <= 0xFF)
        {
            span[0] = with8;
            span[1] = (byte)length;
            output.Advance(2);
        }
        else if (length <= 0xFFFF)
        {
            span[0] = with16;
            BinaryPrimitives.WriteUInt16BigEndian(span[1..], (ushort)length);
            output.Advance(3);
        }
        else
        {
            span[0] = with32;
            BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)length);
            output.Advance(5);
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> data)
    {
        private ReadOnlySpan<byte> _left = data;

        public void Value(Utf8JsonWriter writer, List<ReadOnlyMemory<byte>> attachments, int depth)
        {
            if (depth > MaxDepth) throw new FormatException("Too deep.");
            byte head = Take(1)[0];
            switch (head)
            {
                case <= 0x7F:
                    writer.WriteNumberValue(head);
                    break;
                case <= 0x8F:
                    Map(writer, attachments, head & 0x0F, depth);
                    break;
                case <= 0x9F:
                    Array(writer, attachments, head & 0x0F, depth);
                    break;
                case <= 0xBF:
                    writer.WriteStringValue(Take(head & 0x1F));
                    break;
                case 0xC2 or 0xC3:
                    writer.WriteBooleanValue(head == 0xC3);
                    break;
                case 0xC4 or 0xC5 or 0xC6:
                    var bytes = Take(Length(head - 0xC4));
                    writer.WriteStartObject();
                    writer.WriteBoolean("_placeholder"u8, true);
                    writer.WriteNumber("num"u8, attachments.Count);
                    writer.WriteEndObject();
                    attachments.Add(bytes.ToArray());
                    break;
                case 0xC7 or 0xC8 or 0xC9:
                    Take(Length(head - 0xC7) + 1L);
                    writer.WriteNullValue();
                    break;
                case 0xCA:
                    Real(writer, BinaryPrimitives.ReadSingleBigEndian(Take(4)));
                    break;
                case 0xCB:
                    Real(writer, BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                    break;
                case 0xCC:
                    writer.WriteNumberValue(Take(1)[0]);
                    break;
                case 0xCD:
                    writer.WriteNumberValue(BinaryPrimitives.ReadUInt16BigEndian(Take(2)));
                    break;
                case 0xCE:
                    writer.WriteNumberValue(BinaryPrimitives.ReadUInt32BigEndian(Take(4)));
                    break;
                case 0xCF:
                    writer.WriteNumberValue(BinaryPrimitives.ReadUInt64BigEndian(Take(8)));
                    break;
                case 0xD0:
                    writer.WriteNumberValue((sbyte)Take(1)[0]);
                    break;
                case 0xD1:
                    writer.WriteNumberValue(BinaryPrimitives.ReadInt16BigEndian(Take(2)));
                    break;
                case 0xD2:
                    writer.WriteNumberValue(BinaryPrimitives.ReadInt32BigEndian(Take(4)));
                    break;
                case 0xD3:
                    writer.WriteNumberValue(BinaryPrimitives.ReadInt64BigEndian(Take(8)));
                    break;
                case >= 0xD4 and <= 0xD8:
                    // Extensions: the reference's encoder uses one for undefined, which JSON has no word for either.
                    Take(1 + (1L << (head - 0xD4)));
                    writer.WriteNullValue();
                    break;
                case 0xD9 or 0xDA or 0xDB:
                    writer.WriteStringValue(Take(Length(head - 0xD9)));
                    break;
                case 0xDC or 0xDD:
                    Array(writer, attachments, Length(head - 0xDC + 1), depth);
                    break;
                case 0xDE or 0xDF:
                    Map(writer, attachments, Length(head - 0xDE + 1), depth);
                    break;
                case >= 0xE0:
                    writer.WriteNumberValue((sbyte)head);
                    break;
                default:
                    writer.WriteNullValue();
                    break;
            }
        }

        private static void Real(Utf8JsonWriter writer, double value)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }

        private void Array(Utf8JsonWriter writer, List<ReadOnlyMemory<byte>> attachments, long count, int depth)
        {
            writer.WriteStartArray();
            for (; count > 0; count--) Value(writer, attachments, depth + 1);
            writer.WriteEndArray();
        }

        private void Map(Utf8JsonWriter writer, List<ReadOnlyMemory<byte>> attachments, long count, int depth)
        {
            writer.WriteStartObject();
            for (; count > 0; count--)
            {
                byte head = Take(1)[0];
                writer.WritePropertyName(head switch
                {
                    >= 0xA0 and <= 0xBF => Take(head & 0x1F),
                    0xD9 or 0xDA or 0xDB => Take(Length(head - 0xD9)),
                    _ => throw new FormatException("A key isn't text."),
                });
                Value(writer, attachments, depth + 1);
            }

            writer.WriteEndObject();
        }

        private long Length(int power) => power switch
        {
            0 => Take(1)[0],
            1 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            _ => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
        };

        private ReadOnlySpan<byte> Take(long count)
        {
            if (count > _left.Length) throw new FormatException("Cut off.");
            var taken = _left[..(int)count];
            _left = _left[(int)count..];
            return taken;
        }
    }
}
