namespace CodeChill.Text.Encoding;

/// <summary>What a struct holds: the low five bits of its info byte, as Yjs numbers them.</summary>
internal static class Kind
{
    public const byte GC = 0;
    public const byte Deleted = 1;
    public const byte Json = 2;
    public const byte Binary = 3;
    public const byte String = 4;
    public const byte Embed = 5;
    public const byte Format = 6;
    public const byte Type = 7;
    public const byte Any = 8;
    public const byte Doc = 9;
    public const byte Skip = 10;

    /// <summary>Deleted content and collected structs.</summary>
    public static bool IsDeleted(byte kind) => kind <= Deleted;

    /// <summary>Whether the content has a place in the index of its list: everything alive but format marks.</summary>
    public static bool IsCountable(byte kind) => kind > Deleted && kind != Format;
}

/// <summary>Bits of a struct's info byte.</summary>
internal static class Info
{
    public const byte KindMask = 0x1f;
    public const byte HasSub = 0x20;
    public const byte HasRight = 0x40;
    public const byte HasOrigin = 0x80;
}

/// <summary>The shared types by their number on the wire.</summary>
internal static class TypeRef
{
    public const byte Array = 0;
    public const byte Map = 1;
    public const byte Text = 2;
    public const byte XmlElement = 3;
    public const byte XmlFragment = 4;
    public const byte XmlHook = 5;
    public const byte XmlText = 6;
}
