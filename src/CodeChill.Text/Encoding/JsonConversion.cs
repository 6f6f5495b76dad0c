using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace CodeChill.Text.Encoding;

/// <summary>Between JSON text (embeds and formats in V1) and lib0's "any" values (the same in V2), as JavaScript would.</summary>
internal static class JsonConversion
{
    /// <summary>Reads one value and writes it as the string that <c>JSON.stringify</c> gives.</summary>
    public static void AnyToJson(ref ByteReader reader, ByteWriter target)
    {
        int start = reader.Position;
        StructReader.SkipAny(ref reader, 1, true);
        var value = new ByteReader(reader.Span[..reader.Position], start);
        var json = new ByteWriter();
        WriteJson(ref value, json);
        target.WriteVarBytes(json.Written);
    }

    /// <summary>Writes a value as JSON. It must have been checked, which bounds its depth.</summary>
    public static void WriteJson(ref ByteReader reader, ByteWriter json)
    {
        byte tag = reader.ReadByte();
        switch (tag)
        {
            case AnyTag.True:
                json.WriteBytes("true"u8);
                break;
            case AnyTag.False:
                json.WriteBytes("false"u8);
                break;
            case AnyTag.Integer:
                long integer = reader.ReadVarInt(out _);
                WriteNumber(json, integer);
                break;
            case AnyTag.Float32:
                WriteNumber(json, BinaryPrimitives.ReadSingleBigEndian(reader.ReadBytes(4)));
                break;
            case AnyTag.Float64:
                WriteNumber(json, BinaryPrimitives.ReadDoubleBigEndian(reader.ReadBytes(8)));
                break;
            case AnyTag.BigInt:
                // JSON.stringify refuses these; the digits are the nearest thing.
                json.WriteBytes(System.Text.Encoding.ASCII.GetBytes(
                    BinaryPrimitives.ReadInt64BigEndian(reader.ReadBytes(8)).ToString(CultureInfo.InvariantCulture)));
                break;
            case AnyTag.String:
                WriteString(json, reader.ReadVarBytes());
                break;
            case AnyTag.Object:
                WriteObject(ref reader, json);
                break;
            case AnyTag.Array:
                json.WriteByte((byte)'[');
                for (int i = reader.ReadCount(1), first = i; i > 0; i--)
                {
                    if (i != first)
                    {
                        json.WriteByte((byte)',');
                    }

                    WriteJson(ref reader, json);
                }

                json.WriteByte((byte)']');
                break;
            case AnyTag.Bytes:
                WriteByteObject(json, reader.ReadVarBytes());
                break;
            default:
                json.WriteBytes("null"u8);
                break;
        }
    }

    private static void WriteObject(ref ByteReader reader, ByteWriter json)
    {
        json.WriteByte((byte)'{');
        bool first = true;
        for (int i = reader.ReadCount(2); i > 0; i--)
        {
            var key = reader.ReadVarBytes();
            if (reader.Span[reader.Position] == AnyTag.Undefined)
            {
                reader.Position++;
                continue;
            }

            if (!first)
            {
                json.WriteByte((byte)',');
            }

            first = false;
            WriteString(json, key);
            json.WriteByte((byte)':');
            WriteJson(ref reader, json);
        }

        json.WriteByte((byte)'}');
    }

    public static void WriteByteObject(ByteWriter json, ReadOnlySpan<byte> bytes)
    {
        json.WriteByte((byte)'{');
        for (int i = 0; i < bytes.Length; i++)
        {
            json.WriteBytes(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(i > 0 ? "," : "")}\"{i}\":{bytes[i]}")));
        }

        json.WriteByte((byte)'}');
    }

    private static void WriteNumber(ByteWriter json, double value) =>
        json.WriteBytes(System.Text.Encoding.ASCII.GetBytes(double.IsFinite(value) ? JavaScriptNumber(value) : "null"));

    /// <summary>A number as JavaScript writes it: the shortest digits, an exponent from 10^21 and below 10^-6.</summary>
    public static string JavaScriptNumber(double value)
    {
        if (value == 0)
        {
            return "0";
        }

        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        bool negative = value < 0;
        string digits = negative ? shortest[1..] : shortest;
        int exponent = 0;
        int e = digits.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(digits.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            digits = digits[..e];
        }

        int point = digits.IndexOf('.', StringComparison.Ordinal);
        string all = point < 0 ? digits : digits.Remove(point, 1);
        int position = (point < 0 ? digits.Length : point) + exponent;
        int zeros = all.Length - all.TrimStart('0').Length;
        all = all[zeros..].TrimEnd('0');
        position -= zeros;
        string result = position switch
        {
            > 21 => Exponential(all, position - 1),
            > 0 when position >= all.Length => all.PadRight(position, '0'),
            > 0 => all.Insert(position, "."),
            > -6 => "0." + new string('0', -position) + all,
            _ => Exponential(all, position - 1),
        };
        return negative ? "-" + result : result;
    }

    private static string Exponential(string digits, int exponent) =>
        string.Create(CultureInfo.InvariantCulture, $"{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent)}");

    public static void WriteString(ByteWriter json, ReadOnlySpan<byte> utf8)
    {
        json.WriteByte((byte)'"');
        foreach (byte b in utf8)
        {
            switch (b)
            {
                case (byte)'"' or (byte)'\\':
                    json.WriteByte((byte)'\\');
                    json.WriteByte(b);
                    break;
                case < 0x20:
                    int named = "\b\t\n\f\r"u8.IndexOf(b);
                    json.WriteBytes(named >= 0
                        ? [(byte)'\\', "btnfr"u8[named]]
                        : System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{b:x4}")));
                    break;
                default:
                    json.WriteByte(b);
                    break;
            }
        }

        json.WriteByte((byte)'"');
    }

    /// <summary>Writes JSON text as an "any" value.</summary>
    public static void JsonToAny(ReadOnlySpan<byte> json, ByteWriter target)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = ByteReader.MaxNesting });
        using var document = JsonDocument.ParseValue(ref reader);
        WriteAny(document.RootElement, target);
    }

    private static void WriteAny(JsonElement value, ByteWriter target)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                target.WriteByte(AnyTag.Object);
                target.WriteVarUint(value.GetPropertyCount());
                foreach (var property in value.EnumerateObject())
                {
                    target.WriteVarString(property.Name);
                    WriteAny(property.Value, target);
                }

                break;
            case JsonValueKind.Array:
                target.WriteByte(AnyTag.Array);
                target.WriteVarUint(value.GetArrayLength());
                foreach (var element in value.EnumerateArray())
                {
                    WriteAny(element, target);
                }

                break;
            case JsonValueKind.String:
                target.WriteByte(AnyTag.String);
                target.WriteVarString(value.GetString()!);
                break;
            case JsonValueKind.Number:
                WriteAnyNumber(value.GetDouble(), target);
                break;
            default:
                target.WriteByte(value.ValueKind switch
                {
                    JsonValueKind.True => AnyTag.True,
                    JsonValueKind.False => AnyTag.False,
                    _ => AnyTag.Null,
                });
                break;
        }
    }

    private static void WriteAnyNumber(double number, ByteWriter target)
    {
        if (Math.Floor(number) == number && Math.Abs(number) <= int.MaxValue)
        {
            target.WriteByte(AnyTag.Integer);
            target.WriteVarInt((long)number, number == 0 && double.IsNegative(number));
        }
        else if ((float)number == number)
        {
            target.WriteByte(AnyTag.Float32);
            BinaryPrimitives.WriteSingleBigEndian(target.Take(4), (float)number);
        }
        else
        {
            target.WriteByte(AnyTag.Float64);
            BinaryPrimitives.WriteDoubleBigEndian(target.Take(8), number);
        }
    }
}
