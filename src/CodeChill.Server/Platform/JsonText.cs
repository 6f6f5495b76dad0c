using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodeChill.Server.Platform;

/// <summary>A client's own JSON, carried without looking inside: as text, so that it crosses nodes and outlives the request's buffers.</summary>
[GenerateSerializer, Immutable]
[JsonConverter(typeof(Converter))]
internal readonly record struct JsonText([property: Id(0)] string? Text)
{
    public static readonly JsonText Null;

    public static JsonText From(JsonElement element)
        => element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? Null : new(element.GetRawText());

    private sealed class Converter : JsonConverter<JsonText>
    {
        public override JsonText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => From(JsonElement.ParseValue(ref reader));

        public override void Write(Utf8JsonWriter writer, JsonText value, JsonSerializerOptions options)
        {
            if (value.Text is null)
                writer.WriteNullValue();
            else
                writer.WriteRawValue(value.Text);
        }
    }
}
