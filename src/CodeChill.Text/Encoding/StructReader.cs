using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace CodeChill.Text.Encoding;

/// <summary>
/// Reads structs of update format V1. With <c>check</c> on it verifies everything that could make integration fail, so
/// that a second reading of the same bytes may trust them.
/// </summary>
internal static class StructReader
{
    private static readonly JsonReaderOptions JsonOptions = new() { MaxDepth = ByteReader.MaxNesting };

    public static void Read(ref ByteReader reader, ulong client, int clock, bool check, out StructRef item)
    {
        item = default;
        item.Clock = clock;
        item.ParentClock = -1;
        item.NameLength = -1;
        item.SubLength = -1;
        byte info = reader.ReadByte();
        item.Info = info;
        byte kind = (byte)(info & Info.KindMask);
        item.Kind = kind;
        if (kind is Kind.GC or Kind.Skip)
        {
            // They have no neighbours, whatever the other bits say.
            item.Info = kind;
            item.Length = reader.ReadClock();
        }
        else
        {
            ReadIds(ref reader, info, ref item);
            ReadContent(ref reader, kind, check, ref item);
            if (check)
            {
                CheckIds(ref reader, client, in item);
            }
        }

        if (check)
        {
            if (item.Length == 0 && kind != Kind.Skip)
            {
                reader.Throw("A struct is empty");
            }

            if (item.Length > int.MaxValue - clock)
            {
                reader.Throw("A clock is beyond 2^31 - 1");
            }
        }
    }

    private static void ReadIds(ref ByteReader reader, byte info, ref StructRef item)
    {
        if ((info & Info.HasOrigin) != 0)
        {
            item.OriginClient = reader.ReadVarUint();
            item.OriginClock = reader.ReadClock();
        }

        if ((info & Info.HasRight) != 0)
        {
            item.RightClient = reader.ReadVarUint();
            item.RightClock = reader.ReadClock();
        }

        if ((info & (Info.HasOrigin | Info.HasRight)) == 0)
        {
            // Yjs takes 1 for a name and any other number for an id.
            if (reader.ReadVarUint() == 1)
            {
                item.NameLength = reader.ReadCount(1);
                item.NameStart = reader.Position;
                reader.ReadBytes(item.NameLength);
            }
            else
            {
                item.ParentClient = reader.ReadVarUint();
                item.ParentClock = reader.ReadClock();
            }

            if ((info & Info.HasSub) != 0)
            {
                item.SubLength = reader.ReadCount(1);
                item.SubStart = reader.Position;
                reader.ReadBytes(item.SubLength);
            }
        }
    }

    // An id of the same client must be older than the struct itself: nothing may refer to itself or its future.
    private static void CheckIds(ref ByteReader reader, ulong client, in StructRef item)
    {
        if ((item.HasOrigin && item.OriginClient == client && item.OriginClock >= item.Clock) ||
            (item.HasRight && item.RightClient == client && item.RightClock >= item.Clock) ||
            (item.ParentClock >= 0 && item.ParentClient == client && item.ParentClock >= item.Clock))
        {
            reader.Throw("A struct refers to itself or to a later one of its client");
        }

        if ((item.NameLength > 0 && !Utf8.IsValid(reader.Span.Slice(item.NameStart, item.NameLength))) ||
            (item.SubLength > 0 && !Utf8.IsValid(reader.Span.Slice(item.SubStart, item.SubLength))))
        {
            reader.Throw("A name is not valid UTF-8");
        }
    }

    private static void ReadContent(ref ByteReader reader, byte kind, bool check, ref StructRef item)
    {
        switch (kind)
        {
            case Kind.String:
                ReadText(ref reader, check, ref item);
                return;
            case Kind.Deleted:
                item.Length = reader.ReadClock();
                return;
            case Kind.Json or Kind.Any:
                item.Length = reader.ReadCount(1);
                break;
            default:
                item.Length = 1;
                break;
        }

        item.ContentStart = reader.Position;
        switch (kind)
        {
            case Kind.Json:
                SkipJsonElements(ref reader, item.Length, check);
                break;
            case Kind.Any:
                SkipAny(ref reader, item.Length, check);
                break;
            case Kind.Binary:
                reader.ReadVarBytes();
                break;
            case Kind.Embed:
                CheckJson(ref reader, reader.ReadVarBytes(), check, false);
                break;
            case Kind.Format:
                CheckUtf8(ref reader, reader.ReadVarBytes(), check);
                CheckJson(ref reader, reader.ReadVarBytes(), check, false);
                break;
            case Kind.Type:
                ReadTypeContent(ref reader, check, ref item);
                break;
            case Kind.Doc:
                ReadDoc(ref reader, check);
                break;
            default:
                reader.Throw($"There is no content of kind {kind}");
                break;
        }

        item.ContentLength = reader.Position - item.ContentStart;
    }

    private static void ReadText(ref ByteReader reader, bool check, ref StructRef item)
    {
        var bytes = reader.ReadVarBytes();
        item.ContentStart = reader.Position - bytes.Length;
        item.ContentLength = bytes.Length;
        if (Ascii.IsValid(bytes))
        {
            item.Length = bytes.Length;
            return;
        }

        item.Wide = true;
        CheckUtf8(ref reader, bytes, check);
        item.Length = System.Text.Encoding.UTF8.GetCharCount(bytes);
    }

    private static void ReadTypeContent(ref ByteReader reader, bool check, ref StructRef item)
    {
        ulong type = reader.ReadVarUint();
        if (type > TypeRef.XmlText)
        {
            reader.Throw($"There is no shared type {type}");
        }

        item.TypeRef = (byte)type;
        if (type is TypeRef.XmlElement or TypeRef.XmlHook)
        {
            CheckUtf8(ref reader, reader.ReadVarBytes(), check);
        }
    }

    private static void ReadDoc(ref ByteReader reader, bool check)
    {
        CheckUtf8(ref reader, reader.ReadVarBytes(), check);
        if (reader.Remaining > 0 && reader.Span[reader.Position] != AnyTag.Object)
        {
            reader.Throw("The options of a subdocument are not an object");
        }

        SkipAny(ref reader, 1, check);
    }

    private static void SkipJsonElements(ref ByteReader reader, int count, bool check)
    {
        for (int i = 0; i < count; i++)
        {
            CheckJson(ref reader, reader.ReadVarBytes(), check, true);
        }
    }

    /// <summary>Moves past <paramref name="count"/> values of lib0's "any" encoding, without recursion.</summary>
    public static void SkipAny(ref ByteReader reader, int count, bool check)
    {
        // How many values remain at each level; bit 31 marks an object, whose values follow a key each.
        Span<int> open = stackalloc int[ByteReader.MaxNesting];
        int depth = 0;
        open[0] = count;
        const int isObject = int.MinValue;
        while (true)
        {
            while ((open[depth] & int.MaxValue) == 0)
            {
                if (depth-- == 0)
                {
                    return;
                }
            }

            open[depth]--;
            if ((open[depth] & isObject) != 0)
            {
                CheckUtf8(ref reader, reader.ReadVarBytes(), check);
            }

            switch (reader.ReadByte())
            {
                case AnyTag.Undefined or AnyTag.Null or AnyTag.False or AnyTag.True:
                    break;
                case AnyTag.Integer:
                    reader.ReadVarInt(out _);
                    break;
                case AnyTag.Float32:
                    reader.ReadBytes(4);
                    break;
                case AnyTag.Float64 or AnyTag.BigInt:
                    reader.ReadBytes(8);
                    break;
                case AnyTag.String:
                    CheckUtf8(ref reader, reader.ReadVarBytes(), check);
                    break;
                case AnyTag.Bytes:
                    reader.ReadVarBytes();
                    break;
                case AnyTag.Object:
                    Push(ref reader, open, ref depth, reader.ReadCount(2) | isObject);
                    break;
                case AnyTag.Array:
                    Push(ref reader, open, ref depth, reader.ReadCount(1));
                    break;
                default:
                    reader.Throw("A value has an unknown tag");
                    break;
            }
        }

        static void Push(ref ByteReader reader, scoped Span<int> open, ref int depth, int count)
        {
            if (++depth == open.Length)
            {
                reader.Throw($"A value is nested deeper than {ByteReader.MaxNesting} levels");
            }

            open[depth] = count;
        }
    }

    private static void CheckUtf8(ref ByteReader reader, ReadOnlySpan<byte> bytes, bool check)
    {
        if (check && !Utf8.IsValid(bytes))
        {
            reader.Throw("A string is not valid UTF-8");
        }
    }

    private static void CheckJson(ref ByteReader reader, ReadOnlySpan<byte> bytes, bool check, bool undefinedAllowed)
    {
        if (!check || (undefinedAllowed && bytes.SequenceEqual("undefined"u8)))
        {
            return;
        }

        CheckUtf8(ref reader, bytes, check);
        var json = new Utf8JsonReader(bytes, JsonOptions);
        try
        {
            while (json.Read())
            {
            }
        }
        catch (JsonException e)
        {
            throw new UpdateFormatException($"A value is not valid JSON (near byte {reader.Position}).", e);
        }
    }
}

/// <summary>Tags of lib0's "any" encoding.</summary>
internal static class AnyTag
{
    public const byte Bytes = 116;
    public const byte Array = 117;
    public const byte Object = 118;
    public const byte String = 119;
    public const byte True = 120;
    public const byte False = 121;
    public const byte BigInt = 122;
    public const byte Float64 = 123;
    public const byte Float32 = 124;
    public const byte Integer = 125;
    public const byte Null = 126;
    public const byte Undefined = 127;
}
