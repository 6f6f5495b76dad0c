namespace CodeChill.Text;

/// <summary>
/// The edits that turn one text into another, small and where a person would have made them: what both ends share is set
/// aside, changed lines are found, and only within those the changed characters. Surrogate pairs stay whole.
/// </summary>
public static class TextDiff
{
    // Steps of a search that may be spent on lines and on characters before the best place so far is taken for good. They
    // bound the time: two different texts of 100,000 characters take tens of milliseconds.
    private const int MaxLineDistance = 1024;
    private const int MaxCharacterDistance = 256;

    /// <summary>Computes the edits.</summary>
    /// <param name="before">The text that the edits are for.</param>
    /// <param name="after">The text that they give.</param>
    /// <returns>Edits in ascending order, without overlap, indices in <paramref name="before"/>; empty for equal texts.</returns>
    public static IReadOnlyList<TextEdit> Compute(string before, string after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        int prefix = before.AsSpan().CommonPrefixLength(after);
        if (prefix == before.Length && prefix == after.Length)
        {
            return [];
        }

        int suffix = CommonSuffix(before.AsSpan(prefix), after.AsSpan(prefix));
        prefix -= CutsPair(before, prefix) || CutsPair(after, prefix) ? 1 : 0;
        suffix -= CutsPair(before, before.Length - suffix) || CutsPair(after, after.Length - suffix) ? 1 : 0;
        int beforeLength = before.Length - prefix - suffix;
        int afterLength = after.Length - prefix - suffix;
        if (beforeLength == 0 || afterLength == 0)
        {
            return [new TextEdit(prefix, beforeLength, after.Substring(prefix, afterLength))];
        }

        var hunks = new List<Hunk>();
        DiffLines(before.AsSpan(prefix, beforeLength), after.AsSpan(prefix, afterLength), hunks);
        return ToEdits(before, after, prefix, hunks);
    }

    private static int CommonSuffix(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        int length = Math.Min(a.Length, b.Length);
        int suffix = 0;
        while (suffix < length && a[a.Length - 1 - suffix] == b[b.Length - 1 - suffix])
        {
            suffix++;
        }

        return suffix;
    }

    private static bool CutsPair(string text, int index) =>
        index > 0 && index < text.Length && char.IsLowSurrogate(text[index]) && char.IsHighSurrogate(text[index - 1]);

    private static void DiffLines(ReadOnlySpan<char> before, ReadOnlySpan<char> after, List<Hunk> hunks)
    {
        var numbers = new Dictionary<string, int>();
        var lookup = numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        var beforeStarts = new List<int>();
        var afterStarts = new List<int>();
        int[] beforeLines = Number(before, beforeStarts, lookup);
        int[] afterLines = Number(after, afterStarts, lookup);
        var lines = new List<Hunk>();
        if (beforeLines.Length < 3 && afterLines.Length < 3)
        {
            lines.Add(new Hunk(0, beforeLines.Length, 0, afterLines.Length));
        }
        else
        {
            new MyersDiff<int>(beforeLines, afterLines, MaxLineDistance).Run(lines);
        }

        foreach (var line in lines)
        {
            int a = beforeStarts[line.A];
            int b = afterStarts[line.B];
            var left = before[a..beforeStarts[line.A + line.ACount]];
            var right = after[b..afterStarts[line.B + line.BCount]];
            int first = hunks.Count;
            new MyersDiff<char>(left.ToArray(), right.ToArray(), MaxCharacterDistance).Run(hunks);
            for (int i = first; i < hunks.Count; i++)
            {
                hunks[i] = hunks[i] with { A = hunks[i].A + a, B = hunks[i].B + b };
            }
        }
    }

    // Lines as numbers, equal ones alike; starts gets where each begins, and the end.
    private static int[] Number(ReadOnlySpan<char> text, List<int> starts, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> numbers)
    {
        var lines = new List<int>();
        int start = 0;
        while (start < text.Length)
        {
            int length = text[start..].IndexOf('\n') + 1;
            length = length == 0 ? text.Length - start : length;
            var line = text.Slice(start, length);
            if (!numbers.TryGetValue(line, out int number))
            {
                number = numbers.Dictionary.Count;
                numbers[line] = number;
            }

            lines.Add(number);
            starts.Add(start);
            start += length;
        }

        starts.Add(text.Length);
        return [.. lines];
    }

    private static List<TextEdit> ToEdits(string before, string after, int offset, List<Hunk> hunks)
    {
        var edits = new List<TextEdit>(hunks.Count);
        int start = -1;
        int end = 0;
        int newStart = 0;
        int newEnd = 0;
        foreach (var hunk in hunks)
        {
            int a = hunk.A + offset;
            int aEnd = a + hunk.ACount;
            int b = hunk.B + offset;
            int bEnd = b + hunk.BCount;

            // Whole pairs only: what stands before and behind a change is the same on both sides.
            if (CutsPair(before, a) || CutsPair(after, b))
            {
                a--;
                b--;
            }

            if (CutsPair(before, aEnd) || CutsPair(after, bEnd))
            {
                aEnd++;
                bEnd++;
            }

            if (start >= 0 && a <= end)
            {
                end = Math.Max(end, aEnd);
                newEnd = Math.Max(newEnd, bEnd);
                continue;
            }

            Flush();
            (start, end, newStart, newEnd) = (a, aEnd, b, bEnd);
        }

        Flush();
        return edits;

        void Flush()
        {
            if (start >= 0)
            {
                edits.Add(new TextEdit(start, end - start, after[newStart..newEnd]));
            }
        }
    }
}
