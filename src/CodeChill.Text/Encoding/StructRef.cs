namespace CodeChill.Text.Encoding;

/// <summary>One struct of an update, as positions in the update's bytes: nothing is copied or allocated.</summary>
internal struct StructRef
{
    public ulong OriginClient;
    public ulong RightClient;
    public ulong ParentClient;
    public int OriginClock;
    public int RightClock;

    /// <summary>Clock of the parent's id; -1 when the parent is a root type or is taken over from a neighbour.</summary>
    public int ParentClock;

    public int Clock;
    public int Length;

    /// <summary>Bytes of the root type's name; length -1 when there is none.</summary>
    public int NameStart;
    public int NameLength;

    /// <summary>Bytes of the map key; length -1 when there is none.</summary>
    public int SubStart;
    public int SubLength;

    /// <summary>
    /// The content's bytes. Strings: the UTF-8 itself. Lists (JSON, Any): the elements without their count. Everything
    /// else: the content as it is on the wire.
    /// </summary>
    public int ContentStart;
    public int ContentLength;

    public byte Info;
    public byte Kind;
    public byte TypeRef;

    /// <summary>A string with anything beyond ASCII.</summary>
    public bool Wide;

    public readonly bool HasOrigin => (Info & Encoding.Info.HasOrigin) != 0;

    public readonly bool HasRight => (Info & Encoding.Info.HasRight) != 0;

    public readonly bool HasParent => (Info & (Encoding.Info.HasOrigin | Encoding.Info.HasRight)) == 0;
}
