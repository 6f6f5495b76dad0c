using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

// Contents. ASCII text takes a byte a code unit, other text two (UTF-16, little endian), anything else is kept as it
// is on the wire: lists as their elements, the rest behind its length in four bytes. Each client writes into a page of its own, so that what one
// client types in a row lies in a row and merging needs no copy, however many type at once.
internal sealed partial class ItemStore
{
    /// <summary>Halves of surrogate pairs that became U+FFFD in the current change, by id.</summary>
    public List<(int Client, int Clock)> Repaired { get; } = [];

    private const int MaxPage = 4096;

    /// <summary>Longer lists are kept in pieces, because an element is found by walking from the start.</summary>
    public const int MaxList = 64;
    private const char Replacement = '\uFFFD';

    private byte[] _arena = [];

    // Whether any text beyond ASCII ever came.
    private bool _anyWide;
    private int _arenaEnd;

    /// <summary>Bytes of the arena that no item refers to any more.</summary>
    private int _garbage;

    public int ArenaBytes => _arena.Length;

    /// <summary>Makes room for contents without growing in between.</summary>
    public void ReserveContent(int bytes)
    {
        if (_arenaEnd + bytes > _arena.Length)
        {
            Array.Resize(ref _arena, Math.Max(_arenaEnd + bytes, checked(_arena.Length + (_arena.Length >> 2))));
        }
    }

    private int TakeContent(int client, int size)
    {
        ref var owner = ref Clients[client];
        if (size > owner.PageEnd - owner.PageNext)
        {
            if (owner.PageEnd == _arenaEnd && owner.PageEnd > 0)
            {
                int missing = size - (owner.PageEnd - owner.PageNext);
                GrowArena(missing);
                owner.PageEnd += missing;
            }
            else
            {
                // A page is as large as what the client has written so far, at most 4 KiB: half of it may stay empty.
                int page = Math.Max(size, owner.PageNext == 0 ? 0 : Math.Min(MaxPage, Math.Min(owner.State, MaxPage)));
                _garbage += owner.PageEnd - owner.PageNext;
                owner.PageNext = _arenaEnd;
                GrowArena(page);
                owner.PageEnd = _arenaEnd;
            }
        }

        int offset = owner.PageNext;
        owner.PageNext += size;
        return offset;
    }

    private void GrowArena(int bytes)
    {
        int end = checked(_arenaEnd + bytes);
        if (end > _arena.Length)
        {
            Array.Resize(ref _arena, Math.Max(end, Math.Max(64, checked(_arena.Length + (_arena.Length >> 1)))));
        }

        _arenaEnd = end;
    }

    public static int TextBytes(ref readonly Item item) => item.Wide ? item.Length * 2 : item.Length;

    /// <summary>The bytes of an ASCII string.</summary>
    public ReadOnlySpan<byte> Narrow(ref readonly Item item) => _arena.AsSpan(item.Content, item.Length);

    /// <summary>The code units of a string with more than ASCII.</summary>
    public ReadOnlySpan<char> WideText(ref readonly Item item) =>
        MemoryMarshal.Cast<byte, char>(_arena.AsSpan(item.Content, item.Length * 2));

    public char CharAt(ref readonly Item item, int offset) =>
        item.Wide ? WideText(in item)[offset] : (char)_arena[item.Content + offset];

    /// <summary>Copies text of a string item.</summary>
    public void CopyText(ref readonly Item item, int offset, Span<char> target)
    {
        if (item.Wide)
        {
            WideText(in item).Slice(offset, target.Length).CopyTo(target);
        }
        else
        {
            System.Text.Encoding.Latin1.GetChars(_arena.AsSpan(item.Content + offset, target.Length), target);
        }
    }

    /// <summary>Stores UTF-8 text, without its first <paramref name="skip"/> code units.</summary>
    private int StoreUtf8(int client, ReadOnlySpan<byte> utf8, int units, bool wide, int skip)
    {
        if (!wide)
        {
            int at = TakeContent(client, utf8.Length - skip);
            utf8[skip..].CopyTo(_arena.AsSpan(at));
            return at;
        }

        if (skip == 0)
        {
            _anyWide = true;
            int at = TakeContent(client, units * 2);
            System.Text.Encoding.UTF8.GetChars(utf8, MemoryMarshal.Cast<byte, char>(_arena.AsSpan(at, units * 2)));
            return at;
        }

        _anyWide = true;

        // Rare: the front of the string is known already.
        var text = System.Text.Encoding.UTF8.GetString(utf8).AsSpan(skip);
        int offset = TakeContent(client, text.Length * 2);
        var target = MemoryMarshal.Cast<byte, char>(_arena.AsSpan(offset, text.Length * 2));
        text.CopyTo(target);
        if (char.IsLowSurrogate(target[0]))
        {
            target[0] = Replacement;
        }

        return offset;
    }

    public int StoreText(int client, ReadOnlySpan<char> text, bool wide)
    {
        int at = TakeContent(client, wide ? text.Length * 2 : text.Length);
        _anyWide |= wide;
        if (wide)
        {
            text.CopyTo(MemoryMarshal.Cast<byte, char>(_arena.AsSpan(at, text.Length * 2)));
        }
        else
        {
            System.Text.Encoding.Latin1.GetBytes(text, _arena.AsSpan(at, text.Length));
        }

        return at;
    }

    private int StoreBytes(int client, ReadOnlySpan<byte> content)
    {
        int at = TakeContent(client, content.Length);
        content.CopyTo(_arena.AsSpan(at));
        return at;
    }

    private int StoreRaw(int client, ReadOnlySpan<byte> content)
    {
        int at = TakeContent(client, content.Length + 4);
        BinaryPrimitives.WriteInt32LittleEndian(_arena.AsSpan(at), content.Length);
        content.CopyTo(_arena.AsSpan(at + 4));
        return at;
    }

    public ReadOnlySpan<byte> Raw(int content) =>
        _arena.AsSpan(content + 4, BinaryPrimitives.ReadInt32LittleEndian(_arena.AsSpan(content)));

    /// <summary>The elements of a list.</summary>
    public ReadOnlySpan<byte> Elements(ref readonly Item item)
    {
        var elements = _arena.AsSpan(item.Content);
        return elements[..ListOffset(item.Kind, elements, item.Length)];
    }

    private void DropContent(ref readonly Item item)
    {
        switch (item.Kind)
        {
            case Kind.String:
                _garbage += TextBytes(in item);
                break;
            case Kind.GC or Kind.Deleted:
                break;
            case Kind.Type:
                break;
            case Kind.Any or Kind.Json:
                _garbage += Elements(in item).Length;
                break;
            default:
                _garbage += Raw(item.Content).Length + 4;
                break;
        }
    }

    // Like Yjs: a split between the halves of a surrogate pair turns both into U+FFFD, on both sides of the wire.
    private int SplitText(ref readonly Item left, int offset)
    {
        if (!left.Wide)
        {
            return left.Content + offset;
        }

        var text = MemoryMarshal.Cast<byte, char>(_arena.AsSpan(left.Content, (offset + 1) * 2));
        if (char.IsHighSurrogate(text[offset - 1]))
        {
            text[offset - 1] = Replacement;
            text[offset] = Replacement;
            Repaired.Add((left.Client, left.Clock + offset - 1));
            Repaired.Add((left.Client, left.Clock + offset));
        }

        return left.Content + (offset * 2);
    }

    /// <summary>Where element number <paramref name="offset"/> of a list starts.</summary>
    public static int ListOffset(byte kind, ReadOnlySpan<byte> elements, int offset)
    {
        var reader = new ByteReader(elements);
        if (kind == Kind.Any)
        {
            StructReader.SkipAny(ref reader, offset, false);
        }
        else
        {
            for (int i = 0; i < offset; i++)
            {
                reader.ReadVarBytes();
            }
        }

        return reader.Position;
    }
}
