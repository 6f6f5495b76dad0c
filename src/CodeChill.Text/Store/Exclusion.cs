using System.Runtime.InteropServices;
using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>How a view shows operations from some clock up to <see cref="End"/>.</summary>
internal readonly record struct ViewPart(int End, bool Visible, bool Tombstone, bool Unknown, ReadOnlyMemory<char>? Restored);

/// <summary>What a set of changes did, by id: to look at a document as if they had not been made.</summary>
internal sealed class Exclusion
{
    private readonly record struct Range(int Start, int End);

    private readonly record struct DeletedRange(int Start, int End, ReadOnlyMemory<char>? Text);

    private readonly Dictionary<int, List<Range>> _inserted = [];
    private readonly Dictionary<int, List<DeletedRange>> _deleted = [];
    private readonly Dictionary<int, List<Range>> _kept = [];

    public Exclusion(Document document, IReadOnlyList<DocumentChange> changes)
    {
        var store = document.Store;
        foreach (var change in changes)
        {
            foreach (var range in change.Inserted)
            {
                Add(_inserted, store, range, new Range(range.Clock, range.End));
            }

            foreach (var run in change.DeletedRuns.All())
            {
                // A plain null would become an empty memory here, not an absent one.
                ReadOnlyMemory<char>? text = run.Text < 0
                    ? default(ReadOnlyMemory<char>?)
                    : change.DeletedText.AsMemory(run.Text, run.Range.Length);
                Add(_deleted, store, run.Range, new DeletedRange(run.Range.Clock, run.Range.End, text));
            }
        }

        // Deleted once more by changes that stay: gone for good.
        foreach (var redeletion in document.Redeletions())
        {
            if (!changes.Contains(redeletion))
            {
                foreach (var range in redeletion.Redeleted)
                {
                    Add(_kept, store, range, new Range(range.Clock, range.End));
                }
            }
        }

        Sort(_inserted, static (a, b) => a.Start.CompareTo(b.Start));
        Sort(_deleted, static (a, b) => a.Start.CompareTo(b.Start));
        Sort(_kept, static (a, b) => a.Start.CompareTo(b.Start));
        MergeOverlaps(_kept);
    }

    private static void Add<T>(Dictionary<int, List<T>> ranges, ItemStore store, IdRange id, T range)
    {
        int client = store.FindClient(id.Client);
        if (client < 0 || id.Length == 0)
        {
            return;
        }

        ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(ranges, client, out _);
        (list ??= []).Add(range);
    }

    private static void Sort<T>(Dictionary<int, List<T>> ranges, Comparison<T> compare)
    {
        foreach (var list in ranges.Values)
        {
            list.Sort(compare);
        }
    }

    private static void MergeOverlaps(Dictionary<int, List<Range>> ranges)
    {
        foreach (var list in ranges.Values)
        {
            int kept = 0;
            for (int i = 1; i < list.Count; i++)
            {
                if (list[i].Start <= list[kept].End)
                {
                    list[kept] = list[kept] with { End = Math.Max(list[kept].End, list[i].End) };
                }
                else
                {
                    list[++kept] = list[i];
                }
            }

            list.RemoveRange(kept + 1, list.Count - kept - 1);
        }
    }

    /// <summary>How the view shows an item from a clock on, up to where that changes.</summary>
    public ViewPart Classify(ref readonly Item item, int clock)
    {
        int end = item.End;
        if (Lookup(_inserted, item.Client, clock, ref end, static r => r.Start, static r => r.End) is { } unseen)
        {
            return new ViewPart(Math.Min(item.End, unseen.End), false, false, true, null);
        }

        if (!item.IsDeleted)
        {
            return new ViewPart(end, item.VisibleLength > 0, false, false, null);
        }

        if (Lookup(_kept, item.Client, clock, ref end, static r => r.Start, static r => r.End) is { } kept)
        {
            return new ViewPart(Math.Min(end, kept.End), false, true, false, null);
        }

        if (Lookup(_deleted, item.Client, clock, ref end, static r => r.Start, static r => r.End) is not { } deleted)
        {
            return new ViewPart(end, false, true, false, null);
        }

        end = Math.Min(end, deleted.End);
        return deleted.Text is { } text
            ? new ViewPart(end, true, false, false, text.Slice(clock - deleted.Start, end - clock))
            : new ViewPart(end, false, false, false, null);
    }

    // The range that holds a clock, or null and in end at most the start of the next one.
    private static T? Lookup<T>(Dictionary<int, List<T>> ranges, int client, int clock, ref int end, Func<T, int> start, Func<T, int> stop)
        where T : struct
    {
        if (ranges.Count == 0 || !ranges.TryGetValue(client, out var list))
        {
            return null;
        }

        int low = 0;
        int high = list.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (start(list[middle]) <= clock)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low > 0 && clock < stop(list[low - 1]))
        {
            return list[low - 1];
        }

        if (low < list.Count)
        {
            end = Math.Min(end, start(list[low]));
        }

        return null;
    }
}
