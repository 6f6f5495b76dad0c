using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>A shared type: a list of items, and a map of entries.</summary>
internal struct SharedType
{
    /// <summary>
    /// The item that holds a nested type; otherwise <see cref="ItemStore.RootType"/>, <see cref="ItemStore.ChainType"/> or
    /// <see cref="ItemStore.FreeType"/>.
    /// </summary>
    public int Item;

    /// <summary>
    /// Root types: number of the name. Nested ones: where their raw content is, or the complement of their kind when that
    /// is all. Chains: their entry.
    /// </summary>
    public int Name;

    /// <summary>The first item of the list, -1 when it is empty, and the block it is in.</summary>
    public int First;
    public int FirstBlock;

    /// <summary>Visible elements of the list, in UTF-16 code units for text.</summary>
    public int Length;

    /// <summary>The first of its map entries; -1 when there is none.</summary>
    public int FirstEntry;
    public SequenceNode? Root;

    /// <summary>A root that was asked for as a text: changes say what they did to it.</summary>
    public bool IsText;
}

/// <summary>One key of a type's map with the chain of its values; the last one counts.</summary>
internal struct MapEntry
{
    public int Type;
    public int Key;
    public int Head;
    public int Tail;

    /// <summary>The next entry of the same type; -1 at the end.</summary>
    public int Next;

    /// <summary>The chain as a list of its own, once it got long; -1 before.</summary>
    public int Chain;
}

internal sealed partial class ItemStore
{
    private readonly NameTable _keys = new();
    private readonly NameTable _rootNames = new();
    private readonly SlotTable _entryIndex;

    // The root types by the number of their name.
    private Paged<int> _roots;
    private int _lastRoot = -1;
    private int _freeType = -1;
    private int _entryCount;
    private int _freeEntry = -1;

    /// <summary>Stands in <see cref="SharedType.Item"/> of a root type.</summary>
    public const int RootType = -1;

    /// <summary>The same of a slot that is not in use.</summary>
    public const int FreeType = -2;

    /// <summary>The same of the chain of a map entry.</summary>
    public const int ChainType = -3;

    public int TypeCount { get; private set; }

    public Paged<SharedType> Types;
    public Paged<MapEntry> Entries;

    public string Key(int key) => _keys.Text(key);

    public string RootName(int type) => _rootNames.Text(Types[type].Name);

    public int GetOrAddRoot(string name) => GetOrAddRoot(System.Text.Encoding.UTF8.GetBytes(name));

    private int GetOrAddRoot(ReadOnlySpan<byte> utf8)
    {
        if (_lastRoot >= 0 && utf8.SequenceEqual(_rootNames.Utf8(Types[_lastRoot].Name)))
        {
            return _lastRoot;
        }

        int known = _rootNames.Count;
        int name = _rootNames.GetOrAdd(utf8);
        if (name < known)
        {
            return _lastRoot = _roots[name];
        }

        int type = NewType(RootType);
        Types[type].Name = name;
        _roots.Ensure(name + 1);
        _roots[name] = type;
        return _lastRoot = type;
    }

    private int NewType(int item)
    {
        int type = _freeType;
        if (type >= 0)
        {
            _freeType = Types[type].Name;
        }
        else
        {
            type = TypeCount++;
            Types.Ensure(TypeCount);
        }

        Types[type] = new SharedType { Item = item, Name = -1, First = -1, FirstBlock = -1, FirstEntry = -1 };
        return type;
    }

    private int FindEntry(int type, int key)
    {
        int slot = _entryIndex.Start(HashCode.Combine(type, key));
        while (_entryIndex.Next(ref slot, out int entry))
        {
            if (Entries[entry].Type == type && Entries[entry].Key == key)
            {
                return entry;
            }
        }

        return -1;
    }

    private int GetOrAddEntry(int type, ReadOnlySpan<byte> key)
    {
        int keyIndex = _keys.GetOrAdd(key);
        int entry = FindEntry(type, keyIndex);
        if (entry >= 0)
        {
            return entry;
        }

        entry = _freeEntry;
        if (entry >= 0)
        {
            _freeEntry = Entries[entry].Next;
        }
        else
        {
            entry = _entryCount++;
            Entries.Ensure(_entryCount);
        }

        Entries[entry] = new MapEntry { Type = type, Key = keyIndex, Head = -1, Tail = -1, Next = Types[type].FirstEntry, Chain = -1 };
        Types[type].FirstEntry = entry;
        _entryIndex.Add(entry);
        return entry;
    }

    /// <summary>The current item of a map key; -1 when there is none or it is deleted.</summary>
    public int FindMapValue(int type, string key)
    {
        int keyIndex = _keys.Find(System.Text.Encoding.UTF8.GetBytes(key));
        int entry = keyIndex < 0 ? -1 : FindEntry(type, keyIndex);
        if (entry < 0)
        {
            return -1;
        }

        int tail = Entries[entry].Tail;
        return tail >= 0 && !Items[tail].IsDeleted ? tail : -1;
    }

    public List<string> LiveKeys(int type)
    {
        var keys = new List<string>();
        for (int entry = Types[type].FirstEntry; entry >= 0; entry = Entries[entry].Next)
        {
            if (Entries[entry].Tail >= 0 && !Items[Entries[entry].Tail].IsDeleted)
            {
                keys.Add(_keys.Text(Entries[entry].Key));
            }
        }

        return keys;
    }

    /// <summary>The type that an item is in.</summary>
    public int TypeOf(ref readonly Item item)
    {
        int entry = EntryOf(in item);
        return entry >= 0 ? Entries[entry].Type : Blocks[item.Owner].Type;
    }

    /// <summary>The map entry whose value an item is; -1 for the items of lists.</summary>
    public int EntryOf(ref readonly Item item)
    {
        if (item.Owner < 0)
        {
            return ~item.Owner;
        }

        ref var type = ref Types[Blocks[item.Owner].Type];
        return type.Item == ChainType ? type.Name : -1;
    }

    /// <summary>What kind of type a nested one is, by its number on the wire.</summary>
    public byte TypeRefOf(int type) => Types[type].Name < 0 ? (byte)~Types[type].Name : Raw(Types[type].Name)[0];

    /// <summary>
    /// Collects a nested type whose item was deleted: everything within becomes collected structs, nothing of it is
    /// reachable any more. Nesting is walked with a list, not with the stack.
    /// </summary>
    private void CollectType(int root)
    {
        var open = new Stack<int>();
        open.Push(root);
        while (open.TryPop(out int type))
        {
            CollectList(Types[type].First, open);
            for (int entry = Types[type].FirstEntry; entry >= 0;)
            {
                CollectList(Entries[entry].Head, open);
                int next = Entries[entry].Next;
                if (Entries[entry].Chain is >= 0 and int chain)
                {
                    FreeBlocks(chain);
                    Types[chain] = new SharedType { Item = FreeType, Name = _freeType };
                    _freeType = chain;
                }

                _entryIndex.Remove(entry);
                Entries[entry].Next = _freeEntry;
                _freeEntry = entry;
                entry = next;
            }

            FreeBlocks(type);
            Types[type] = new SharedType { Item = FreeType, Name = _freeType };
            _freeType = type;
        }
    }

    private void CollectList(int handle, Stack<int> open)
    {
        while (handle >= 0)
        {
            ref var item = ref Items[handle];
            if (!item.IsDeleted)
            {
                NoteDeleted(in item);
                DropContent(in item);
                if (item.Kind == Kind.Type)
                {
                    open.Push(item.Content);
                }
            }

            int next = item.Right;
            item.SetKind(Kind.GC);
            item.Owner = Item.NoOwner;
            item.Right = -1;
            item.Content = -1;
            item.OriginClient = -1;
            item.RightClient = -1;
            handle = next;
        }
    }
}
