using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>A shared type: a list of items, and a map of entries.</summary>
internal struct SharedType
{
    /// <summary>The item that holds a nested type; -1 for root types.</summary>
    public int Item;

    /// <summary>Root types: index of the name. Nested ones: unused.</summary>
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
}

internal sealed partial class ItemStore
{
    private readonly Dictionary<string, int> _roots = [];
    private readonly Dictionary<string, int> _keyIndex = [];
    private readonly List<string> _keys = [];
    private readonly Dictionary<(int Type, int Key), int> _entryIndex = [];
    private readonly List<string> _rootNames = [];
    private byte[] _lastRootUtf8 = [];
    private int _lastRoot = -1;
    private int _freeType = -1;
    private int _entryCount;
    private int _freeEntry = -1;

    /// <summary>Stands in <see cref="SharedType.Item"/> of a slot that is not in use.</summary>
    public const int FreeType = -2;

    public int TypeCount { get; private set; }

    public SharedType[] Types = new SharedType[1];
    public MapEntry[] Entries = [];

    public IReadOnlyList<string> RootNames => _rootNames;

    public string Key(int key) => _keys[key];

    public string RootName(int type) => _rootNames[Types[type].Name];

    public int FindRoot(string name) => _roots.TryGetValue(name, out int type) ? type : -1;

    public int GetOrAddRoot(string name)
    {
        if (_roots.TryGetValue(name, out int type))
        {
            return type;
        }

        type = NewType(-1);
        Types[type].Name = _rootNames.Count;
        _rootNames.Add(name);
        _roots.Add(name, type);
        return type;
    }

    private int GetOrAddRoot(ReadOnlySpan<byte> utf8)
    {
        if (_lastRoot >= 0 && utf8.SequenceEqual(_lastRootUtf8))
        {
            return _lastRoot;
        }

        _lastRoot = GetOrAddRoot(System.Text.Encoding.UTF8.GetString(utf8));
        _lastRootUtf8 = utf8.ToArray();
        return _lastRoot;
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
            if (type == Types.Length)
            {
                Array.Resize(ref Types, Math.Max(4, Types.Length * 2));
            }
        }

        Types[type] = new SharedType { Item = item, Name = -1, First = -1, FirstBlock = -1, FirstEntry = -1 };
        return type;
    }

    private int GetOrAddEntry(int type, string key)
    {
        if (!_keyIndex.TryGetValue(key, out int keyIndex))
        {
            keyIndex = _keys.Count;
            _keys.Add(key);
            _keyIndex.Add(key, keyIndex);
        }

        if (_entryIndex.TryGetValue((type, keyIndex), out int entry))
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
            if (entry == Entries.Length)
            {
                Array.Resize(ref Entries, Math.Max(4, Entries.Length * 2));
            }
        }

        Entries[entry] = new MapEntry { Type = type, Key = keyIndex, Head = -1, Tail = -1, Next = Types[type].FirstEntry };
        Types[type].FirstEntry = entry;
        _entryIndex.Add((type, keyIndex), entry);
        return entry;
    }

    /// <summary>The current item of a map key; -1 when there is none or it is deleted.</summary>
    public int FindMapValue(int type, string key)
    {
        if (!_keyIndex.TryGetValue(key, out int keyIndex) || !_entryIndex.TryGetValue((type, keyIndex), out int entry))
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
                keys.Add(_keys[Entries[entry].Key]);
            }
        }

        return keys;
    }

    /// <summary>The type that an item is in.</summary>
    public int TypeOf(ref readonly Item item) => item.Owner >= 0 ? Blocks[item.Owner].Type : Entries[~item.Owner].Type;

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
                _entryIndex.Remove((type, Entries[entry].Key));
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
