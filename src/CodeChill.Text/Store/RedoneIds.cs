namespace CodeChill.Text.Store;

/// <summary>Which operations were brought back by an undo, and as which new ones.</summary>
internal sealed class RedoneIds
{
    private readonly record struct Link(int Start, int End, IdRange Target);

    private readonly Dictionary<ulong, List<Link>> _links = [];

    /// <summary>Notes that operations came back as others.</summary>
    public void Add(IdRange from, IdRange to)
    {
        if (!_links.TryGetValue(from.Client, out var list))
        {
            _links.Add(from.Client, list = []);
        }

        int at = list.FindIndex(link => link.Start > from.Clock);
        list.Insert(at < 0 ? list.Count : at, new Link(from.Clock, from.End, to));
    }

    /// <summary>The parts of a range that have not come back.</summary>
    public List<IdRange> NotRedone(IdRange range)
    {
        var parts = new List<IdRange>();
        Walk(range, parts, null);
        return parts;
    }

    /// <summary>What stands for a range now: itself and everything that its operations came back as.</summary>
    public List<IdRange> Follow(IdRange range)
    {
        var result = new List<IdRange>();
        var open = new Stack<IdRange>();
        open.Push(range);
        while (open.TryPop(out var next))
        {
            Walk(next, result, open);
        }

        return result;
    }

    private void Walk(IdRange range, List<IdRange> plain, Stack<IdRange>? redone)
    {
        int clock = range.Clock;
        if (_links.TryGetValue(range.Client, out var list))
        {
            foreach (var link in list)
            {
                if (link.End <= clock || link.Start >= range.End)
                {
                    continue;
                }

                if (link.Start > clock)
                {
                    plain.Add(new IdRange(range.Client, clock, link.Start - clock));
                    clock = link.Start;
                }

                int end = Math.Min(link.End, range.End);
                redone?.Push(new IdRange(link.Target.Client, link.Target.Clock + clock - link.Start, end - clock));
                clock = end;
            }
        }

        if (clock < range.End)
        {
            plain.Add(new IdRange(range.Client, clock, range.End - clock));
        }
    }
}
