using System.Text.Json;

namespace CodeChill.SocketIO.Packets;

/// <summary>Rewrites placeholder indices when arguments with attachments are forwarded behind others.</summary>
internal static class PlaceholderShift
{
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> raw, int shift)
    {
        using var document = JsonDocument.Parse(raw.ToArray());
        Copy(writer, document.RootElement, shift);
    }

    private static void Copy(Utf8JsonWriter writer, JsonElement element, int shift)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when IsPlaceholder(element, out int index):
                writer.WriteStartObject();
                writer.WriteBoolean("_placeholder"u8, true);
                writer.WriteNumber("num"u8, index + shift);
                writer.WriteEndObject();
                break;
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject())
                {
                    writer.WritePropertyName(property.Name);
                    Copy(writer, property.Value, shift);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray()) Copy(writer, item, shift);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element), skipInputValidation: true);
                break;
        }
    }

    private static bool IsPlaceholder(JsonElement element, out int index)
    {
        index = 0;
        return element.TryGetProperty("_placeholder"u8, out var flag) && flag.ValueKind == JsonValueKind.True
            && element.TryGetProperty("num"u8, out var number) && number.TryGetInt32(out index);
    }
}
