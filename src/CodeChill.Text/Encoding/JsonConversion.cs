using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace CodeChill.Text.Encoding;

/// <summary>Between JSON text (embeds and formats in V1) and lib0's "any" values (the same in V2), as JavaScript would.</summary>
internal static class JsonConversion
{
    /// <summary>Reads one value and writes it as the string that <c>JSON.stringify</c> gives.</summary>
    public static void AnyToJson(ref ByteReader reader, ByteWriter target, ByteWriter json)
    {
        int start = reader.Position;
        StructReader.SkipAny(ref reader, 1, true);
        var value = new ByteReader(reader.Span[..reader.Position], start);
        json.Clear();
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
                WriteInteger(json, integer);
                break;
            case AnyTag.Float32:
                WriteNumber(json, BinaryPrimitives.ReadSingleBigEndian(reader.ReadBytes(4)));
                break;
            case AnyTag.Float64:
                WriteNumber(json, BinaryPrimitives.ReadDoubleBigEndian(reader.ReadBytes(8)));
                break;
            case AnyTag.BigInt:
                // JSON.stringify refuses these; the digits are the nearest thing.
                WriteInteger(json, BinaryPrimitives.ReadInt64BigEndian(reader.ReadBytes(8)));
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
            json.WriteBytes(i > 0 ? ",\""u8 : "\""u8);
            WriteInteger(json, i);
            json.WriteBytes("\":"u8);
            WriteInteger(json, bytes[i]);
        }

        json.WriteByte((byte)'}');
    }

    private static void WriteInteger(ByteWriter json, long value)
    {
        Span<byte> digits = stackalloc byte[24];
        value.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture);
        json.WriteBytes(digits[..length]);
    }

    private static void WriteNumber(ByteWriter json, double value)
    {
        Span<char> number = stackalloc char[64];
        var written = double.IsFinite(value) ? JavaScriptNumber(value, number) : "null";
        foreach (char c in written)
        {
            json.WriteByte((byte)c);
        }
    }

    /// <summary>A number as JavaScript writes it: the shortest digits, an exponent from 10^21 and below 10^-6.</summary>
    public static ReadOnlySpan<char> JavaScriptNumber(double value, Span<char> target)
    {
        if (value == 0)
        {
            return "0";
        }

        // The significant digits, and where the point is among them.
        Span<char> shortest = stackalloc char[40];
        Math.Abs(value).TryFormat(shortest, out int length, "R", CultureInfo.InvariantCulture);
        ReadOnlySpan<char> text = shortest[..length];
        int exponent = 0;
        int e = text.IndexOf('E');
        if (e >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        Span<char> digits = stackalloc char[40];
        int count = 0;
        int position = exponent + (text.IndexOf('.') is >= 0 and int point ? point : text.Length);
        foreach (char c in text)
        {
            if (c == '.' || (c == '0' && count == 0))
            {
                position -= c == '0' ? 1 : 0;
                continue;
            }

            digits[count++] = c;
        }

        while (digits[count - 1] == '0')
        {
            count--;
        }

        return Layout(value < 0, digits[..count], position, target);
    }

    private static ReadOnlySpan<char> Layout(bool negative, scoped ReadOnlySpan<char> digits, int position, Span<char> target)
    {
        int at = 0;
        if (negative)
        {
            target[at++] = '-';
        }

        if (position is > 21 or <= -6)
        {
            target[at++] = digits[0];
            if (digits.Length > 1)
            {
                target[at++] = '.';
                digits[1..].CopyTo(target[at..]);
                at += digits.Length - 1;
            }

            target[at++] = 'e';
            target[at++] = position < 1 ? '-' : '+';
            Math.Abs(position - 1).TryFormat(target[at..], out int length, default, CultureInfo.InvariantCulture);
            return target[..(at + length)];
        }

        if (position <= 0)
        {
            "0.".CopyTo(target[at..]);
            target.Slice(at + 2, -position).Fill('0');
            digits.CopyTo(target[(at + 2 - position)..]);
            return target[..(at + 2 - position + digits.Length)];
        }

        int whole = Math.Min(position, digits.Length);
        digits[..whole].CopyTo(target[at..]);
        target.Slice(at + whole, position - whole).Fill('0');
        at += position;
        if (digits.Length > position)
        {
            target[at++] = '.';
            digits[position..].CopyTo(target[at..]);
            at += digits.Length - position;
        }

        return target[..at];
    }

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
                    json.WriteByte((byte)'\\');
                    json.WriteBytes(named >= 0 ? "btnfr"u8.Slice(named, 1) : "u00"u8);
                    if (named < 0)
                    {
                        json.WriteByte((byte)('0' + (b >> 4)));
                        json.WriteByte("0123456789abcdef"u8[b & 15]);
                    }

                    break;
                default:
                    json.WriteByte(b);
                    break;
            }
        }

        json.WriteByte((byte)'"');
    }

    /// <summary>Writes JSON text, which must have been checked, as an "any" value.</summary>
    public static void JsonToAny(ReadOnlySpan<byte> json, ByteWriter target)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = ByteReader.MaxNesting });

        // Where the counts of the open objects and arrays go.
        Span<(int Place, int Count)> open = stackalloc (int, int)[ByteReader.MaxNesting + 1];
        int depth = 0;
        while (reader.Read())
        {
            bool value = reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndArray or JsonTokenType.EndObject);
            open[depth].Count += value ? 1 : 0;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    target.WriteByte(reader.TokenType == JsonTokenType.StartObject ? AnyTag.Object : AnyTag.Array);
                    open[++depth] = (target.Length, 0);
                    target.WriteByte(0);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    target.SetVarUint(open[depth].Place, open[depth].Count);
                    depth--;
                    break;
                case JsonTokenType.PropertyName:
                    WriteText(ref reader, target);
                    break;
                case JsonTokenType.String:
                    target.WriteByte(AnyTag.String);
                    WriteText(ref reader, target);
                    break;
                case JsonTokenType.Number:
                    WriteAnyNumber(reader.TryGetDouble(out double number) ? number : 0, target);
                    break;
                default:
                    target.WriteByte(reader.TokenType switch
                    {
                        JsonTokenType.True => AnyTag.True,
                        JsonTokenType.False => AnyTag.False,
                        _ => AnyTag.Null,
                    });
                    break;
            }
        }
    }

    // By hand: the reader refuses escaped halves of surrogate pairs, which JavaScript takes.
    private static void WriteText(ref Utf8JsonReader reader, ByteWriter target)
    {
        var text = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            target.WriteVarBytes(text);
            return;
        }

        int place = target.Length;
        target.WriteByte(0);
        int start = target.Length;
        Span<char> pair = stackalloc char[2];
        Span<byte> utf8 = stackalloc byte[8];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                target.WriteByte(text[i]);
                continue;
            }

            int named = "btnfr"u8.IndexOf(text[++i]);
            if (text[i] != 'u')
            {
                target.WriteByte(named >= 0 ? "\b\t\n\f\r"u8[named] : text[i]);
                continue;
            }

            int count = 1;
            pair[0] = Hex(text, i + 1);
            i += 4;
            if (char.IsHighSurrogate(pair[0]) && i + 6 < text.Length && text[i + 1] == '\\' && text[i + 2] == 'u' && char.IsLowSurrogate(Hex(text, i + 3)))
            {
                pair[1] = Hex(text, i + 3);
                count = 2;
                i += 6;
            }

            target.WriteBytes(utf8[..System.Text.Encoding.UTF8.GetBytes(pair[..count], utf8)]);
        }

        target.SetVarUint(place, target.Length - start);
    }

    private static char Hex(ReadOnlySpan<byte> text, int at) =>
        (char)int.Parse(text.Slice(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

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
