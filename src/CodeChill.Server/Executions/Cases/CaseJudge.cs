namespace CodeChill.Server.Executions.Cases;

/// <summary>Compares what a program wrote with what was expected, as judges do: white space at the ends of lines and of the whole does not count.</summary>
internal static class CaseJudge
{
    /// <summary>Cells of the table in which the longest common subsequence is looked for; beyond, the middle is shown as replaced.</summary>
    private const int MaxCells = 1_000_000;

    public static bool IsAccepted(string expected, string actual) => Lines(expected).AsSpan().SequenceEqual(Lines(actual));

    /// <summary>The lines that differ, with a few around them; at most <see cref="CaseLimits.DiffLines"/>.</summary>
    public static IReadOnlyList<DiffLine> Diff(string expected, string actual)
    {
        var (a, b) = (Lines(expected), Lines(actual));
        var start = 0;
        while (start < a.Length && start < b.Length && a[start] == b[start])
            start++;
        var (endA, endB) = (a.Length, b.Length);
        while (endA > start && endB > start && a[endA - 1] == b[endB - 1])
            (endA, endB) = (endA - 1, endB - 1);

        var diff = new List<DiffLine>();
        for (var i = Math.Max(0, start - CaseLimits.DiffContext); i < start; i++)
            diff.Add(Line("same", a[i], i, i));
        Middle(a.AsSpan(start, endA - start), b.AsSpan(start, endB - start), start, diff);
        for (var i = 0; i < CaseLimits.DiffContext && endA + i < a.Length && diff.Count < CaseLimits.DiffLines; i++)
            diff.Add(Line("same", a[endA + i], endA + i, endB + i));
        return diff;
    }

    private static void Middle(ReadOnlySpan<string> a, ReadOnlySpan<string> b, int offset, List<DiffLine> diff)
    {
        var common = (long)(a.Length + 1) * (b.Length + 1) <= MaxCells ? CommonLengths(a, b) : null;
        var (i, j) = (0, 0);
        while ((i < a.Length || j < b.Length) && diff.Count < CaseLimits.DiffLines)
        {
            if (common is not null && i < a.Length && j < b.Length && a[i] == b[j])
            {
                diff.Add(Line("same", a[i], offset + i++, offset + j++));
                continue;
            }

            var missing = j == b.Length || (i < a.Length && (common is null || common[i + 1, j] >= common[i, j + 1]));
            if (missing)
                diff.Add(Line("missing", a[i], offset + i++, null));
            else
                diff.Add(Line("extra", b[j], null, offset + j++));
        }
    }

    /// <summary>For each pair of positions: how many lines the rests have in common, in order.</summary>
    private static int[,] CommonLengths(ReadOnlySpan<string> a, ReadOnlySpan<string> b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = a.Length - 1; i >= 0; i--)
        {
            for (var j = b.Length - 1; j >= 0; j--)
                table[i, j] = a[i] == b[j] ? table[i + 1, j + 1] + 1 : Math.Max(table[i + 1, j], table[i, j + 1]);
        }

        return table;
    }

    private static DiffLine Line(string kind, string line, int? expected, int? actual)
        => new(kind, line.Length <= CaseLimits.DiffLineLength ? line : line[..CaseLimits.DiffLineLength] + "…", expected + 1, actual + 1);

    private static string[] Lines(string text)
    {
        var lines = text.Split('\n');
        var count = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            lines[i] = lines[i].TrimEnd();
            if (lines[i].Length > 0)
                count = i + 1;
        }

        return lines[..count];
    }
}
