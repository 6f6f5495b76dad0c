using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>
/// One struct of the document: a run of operations of one client. 40 bytes, addressed by its index in
/// <see cref="ItemStore.Items"/> (its handle), which stays the same until the item is merged into its left neighbour.
/// </summary>
internal struct Item
{
    public int Clock;
    public int Length;

    /// <summary>The client's index, shifted by eight; below it the kind and <see cref="WideFlag"/>.</summary>
    public int ClientAndKind;

    /// <summary>The index of the client of the operation that was on the left at insertion; -1 for the start.</summary>
    public int OriginClient;
    public int OriginClock;

    /// <summary>The index of the client of the operation that was on the right at insertion; -1 for the end.</summary>
    public int RightClient;
    public int RightClock;

    /// <summary>The handle of the next item of the list; -1 at its end.</summary>
    public int Right;

    /// <summary>Strings and raw contents: an offset in the arena. Types: their index. Otherwise unused.</summary>
    public int Content;

    /// <summary>The block that the item is in; of map values the complement of the entry's index; of collected structs <see cref="NoOwner"/>.</summary>
    public int Owner;

    public const int WideFlag = 0x20;
    public const int NoOwner = int.MinValue;

    public readonly int Client => ClientAndKind >> 8;

    public readonly byte Kind => (byte)(ClientAndKind & 0x1f);

    public readonly bool Wide => (ClientAndKind & WideFlag) != 0;

    public readonly int End => Clock + Length;

    public readonly bool IsDeleted => (ClientAndKind & 0x1f) <= Encoding.Kind.Deleted;

    /// <summary>How much the item adds to the length of its list.</summary>
    public readonly int VisibleLength => Encoding.Kind.IsCountable(Kind) ? Length : 0;

    public void SetKind(byte kind) => ClientAndKind = (ClientAndKind & ~0xff) | kind;
}
