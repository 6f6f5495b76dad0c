namespace CodeChill.Text;

/// <summary>Keeps halves of surrogate pairs out of documents: UTF-8 could not carry them.</summary>
internal static class Surrogates
{
    public static string Repair(string text)
    {
        int at = FirstLone(text, 0);
        if (at < 0)
        {
            return text;
        }

        char[] repaired = text.ToCharArray();
        for (; at >= 0; at = FirstLone(text, at + 1))
        {
            repaired[at] = '\uFFFD';
        }

        return new string(repaired);
    }

    /// <summary>
    /// The edits moved so that none cuts a pair of the text they are for (a deletion takes in the whole pair, an insertion
    /// goes in front of it), and with whole pairs in what they insert.
    /// </summary>
    public static List<TextEdit> Align(IReadOnlyList<TextEdit> edits, Func<int, bool> cutsPair)
    {
        var aligned = new List<TextEdit>(edits.Count);
        int end = 0;
        foreach (var edit in edits)
        {
            int start = edit.Index;
            int stop = start + edit.DeleteLength;
            if (cutsPair(start))
            {
                start--;
            }

            if (edit.DeleteLength == 0)
            {
                stop = start;
            }
            else if (cutsPair(stop))
            {
                stop++;
            }

            start = Math.Max(start, end);
            stop = Math.Max(stop, start);
            aligned.Add(new TextEdit(start, stop - start, Repair(edit.Insert)));
            end = stop;
        }

        return aligned;
    }

    private static int FirstLone(string text, int from)
    {
        for (int i = from; i < text.Length; i++)
        {
            int offset = text.AsSpan(i).IndexOfAnyInRange('\uD800', '\uDFFF');
            if (offset < 0)
            {
                return -1;
            }

            i += offset;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
                continue;
            }

            return i;
        }

        return -1;
    }
}
