using CodeChill.Text.Encoding;

namespace CodeChill.Text;

/// <summary>
/// A place in a text that stays with the text around it: bound to an operation, or to an end of a type. Encoded as Yjs'
/// <c>encodeRelativePosition</c>.
/// </summary>
/// <param name="Item">The operation it is bound to: client and clock, length 1; null for an end of the type.</param>
/// <param name="RootName">The root type, when <paramref name="Item"/> is null; null for a nested type.</param>
/// <param name="Type">The operation that holds the nested type, when there is neither of the others.</param>
/// <param name="Association">
/// 0 or more: bound to what is on the right (the end of the type when there is nothing). Below 0: to what is on the left.
/// </param>
public sealed record RelativePosition(IdRange? Item, string? RootName, IdRange? Type, int Association)
{
    /// <summary>Reads an encoded position.</summary>
    /// <param name="encoded">The bytes.</param>
    /// <returns>The position.</returns>
    /// <exception cref="UpdateFormatException">The bytes are malformed.</exception>
    public static RelativePosition Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new ByteReader(encoded);
        IdRange? item = null;
        IdRange? type = null;
        string? name = null;
        switch (reader.ReadVarUint())
        {
            case 0:
                item = new IdRange(reader.ReadVarUint(), reader.ReadClock(), 1);
                break;
            case 1:
                var utf8 = reader.ReadVarBytes();
                if (!System.Text.Unicode.Utf8.IsValid(utf8))
                {
                    reader.Throw("A name is not valid UTF-8");
                }

                name = System.Text.Encoding.UTF8.GetString(utf8);
                break;
            case 2:
                type = new IdRange(reader.ReadVarUint(), reader.ReadClock(), 1);
                break;
            default:
                reader.Throw("The position is of an unknown kind");
                break;
        }

        long association = reader.Remaining > 0 ? reader.ReadVarInt(out _) : 0;
        if (reader.Remaining > 0)
        {
            reader.Throw("Bytes follow the end of the position");
        }

        return new RelativePosition(item, name, type, Math.Sign(association));
    }

    /// <summary>Writes the position.</summary>
    /// <returns>Its bytes.</returns>
    public byte[] Encode()
    {
        var writer = new ByteWriter();
        if (Item is { } item)
        {
            writer.WriteByte(0);
            writer.WriteVarUint(item.Client);
            writer.WriteVarUint(item.Clock);
        }
        else if (RootName is not null)
        {
            writer.WriteByte(1);
            writer.WriteVarString(RootName);
        }
        else
        {
            writer.WriteByte(2);
            writer.WriteVarUint(Type.GetValueOrDefault().Client);
            writer.WriteVarUint(Type.GetValueOrDefault().Clock);
        }

        writer.WriteVarInt(Association);
        return writer.ToArray();
    }
}
