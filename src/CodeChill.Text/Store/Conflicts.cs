namespace CodeChill.Text.Store;

// Where an item goes among those that were inserted at the same place at the same time. Yjs walks over all of them, which
// is quadratic for many; here the walk is short. What takes more steps is found by the order of the list: siblings
// (items with the same origin) are visited one by one, their descendants passed over; and siblings without
// number are indexed for the rest of the change.
internal sealed partial class ItemStore
{
    private readonly List<(int Handle, int Number)> _scanned = [];
    private Dictionary<(int Client, int Clock), Siblings>? _siblings;
    private int _spent;

    /// <summary>How many items are walked over before the order of the list is used.</summary>
    public int PlainSteps { get; set; } = 24;

    /// <summary>
    /// How many more steps a change may take in all. The order of the list tells the place only when every item is behind its origin and
    /// runs are whole, as honest peers leave them; what a hostile one did to a document of ordinary size is followed as Yjs does.
    /// </summary>
    public int SpareSteps { get; set; } = 2_000;

    /// <summary>How many siblings are visited one by one before they are indexed.</summary>
    public int MaxSiblings { get; set; } = 32;

    /// <summary>With this many separate changes of texts an update is described as one edit.</summary>
    public int MaxPieces { get; set; } = 4096;

    private int FindPlace(int left, int right, int next, int type, int entry, ulong clientId, in Item item)
    {
        int steps = 0;
        if (TryWalk(left, right, next, clientId, in item, ref steps, out int place))
        {
            return place;
        }

        if (entry >= 0)
        {
            if (Entries[entry].Chain < 0)
            {
                MakeChain(entry);
            }

            type = Entries[entry].Chain;
        }

        // The right neighbour bounds the search only when it is on the right, and in the same list.
        if (right >= 0 && (Items[right].Owner < 0 || Blocks[Items[right].Owner].Type != type || (left >= 0 && (right == left || !Precedes(left, right)))))
        {
            right = -1;
        }

        if (_siblings is not null && _siblings.TryGetValue(SiblingKey(type, in item), out var siblings))
        {
            int found = siblings.FindLeft(clientId, right, item.RightClient, item.RightClock);
            return found >= 0 ? found : left;
        }

        return VisitSiblings(left, right, next, type, clientId, in item);
    }

    // The algorithm of Yjs, item by item, for a number of steps.
    private bool TryWalk(int left, int right, int next, ulong clientId, in Item item, ref int steps, out int place)
    {
        // The items passed so far are numbered; those numbered below conflictsFrom are in front of the place found so
        // far. The numbers are written down only when an item appears whose origin is not its neighbour.
        int first = next;
        int number = 0;
        int conflictsFrom = 0;
        int previous = -1;
        _scanned.Clear();
        place = left;
        for (int other = next; other >= 0 && other != right; previous = other, other = Items[other].Right, number++)
        {
            if (steps++ >= PlainSteps && ++_spent > SpareSteps)
            {
                return false;
            }

            Steps++;
            ref var o = ref Items[other];
            if (HasSameOrigin(in o, in item))
            {
                if (Clients[o.Client].Id < clientId)
                {
                    place = other;
                    conflictsFrom = number + 1;
                }
                else if (o.RightClient == item.RightClient && (item.RightClient < 0 || o.RightClock == item.RightClock))
                {
                    break;
                }
            }
            else if (o.OriginClient < 0)
            {
                break;
            }
            else
            {
                int originNumber = number - 1;
                if (previous < 0 || !IsWithin(in o, previous))
                {
                    for (; _scanned.Count < number; first = Items[first].Right)
                    {
                        _scanned.Add((first, _scanned.Count));
                    }

                    int origin = Find(o.OriginClient, o.OriginClock);
                    originNumber = -1;
                    for (int i = _scanned.Count - 1; i >= 0 && originNumber < 0; i--)
                    {
                        originNumber = _scanned[i].Handle == origin ? i : -1;
                        steps++;
                        Steps++;
                    }

                    _spent += steps > PlainSteps ? _scanned.Count : 0;

                    if (originNumber < 0)
                    {
                        break;
                    }
                }

                if (originNumber < conflictsFrom)
                {
                    place = other;
                    conflictsFrom = number + 1;
                }
            }
        }

        return true;
    }

    private int VisitSiblings(int left, int right, int next, int type, ulong clientId, in Item item)
    {
        int below = -1;
        int boundary = -1;
        int visited = 0;
        for (int other = next; other >= 0 && other != right && HasSameOrigin(in Items[other], in item); visited++)
        {
            Steps++;
            ref var o = ref Items[other];
            int after = SkipDescendants(other, right);
            if (Clients[o.Client].Id < clientId)
            {
                below = other;
                boundary = after;
            }
            else if (o.RightClient == item.RightClient && (item.RightClient < 0 || o.RightClock == item.RightClock))
            {
                break;
            }

            other = after;
        }

        if (visited > MaxSiblings)
        {
            IndexSiblings(next, type, in item);
        }

        return below < 0 ? left : PreviousOf(type, boundary);
    }

    private void IndexSiblings(int next, int type, in Item item)
    {
        var siblings = new Siblings(this, type);
        for (int other = next; other >= 0 && HasSameOrigin(in Items[other], in item); other = SkipDescendants(other, -1))
        {
            siblings.Add(other);
        }

        (_siblings ??= [])[SiblingKey(type, in item)] = siblings;
    }

    private void NoteSibling(int type, int handle)
    {
        if (type >= 0 && _siblings is not null && _siblings.TryGetValue(SiblingKey(type, in Items[handle]), out var siblings))
        {
            siblings.Add(handle);
        }
    }

    private static bool HasSameOrigin(ref readonly Item a, ref readonly Item b) =>
        a.OriginClient == b.OriginClient && (a.OriginClient < 0 || a.OriginClock == b.OriginClock);

    // Without an origin the list itself stands for it.
    private static (int Client, int Clock) SiblingKey(int type, ref readonly Item item) =>
        item.OriginClient < 0 ? (~type, 0) : (item.OriginClient, item.OriginClock);

    // A chain of map values becomes a list, so that its order is known.
    private void MakeChain(int entry)
    {
        int type = NewType(-1);
        Types[type].Item = ChainType;
        Types[type].Name = entry;
        Entries[entry].Chain = type;
        int left = -1;
        for (int handle = Entries[entry].Head; handle >= 0;)
        {
            int next = Items[handle].Right;
            LinkInList(type, left, handle);
            left = handle;
            handle = next;
        }
    }
}
