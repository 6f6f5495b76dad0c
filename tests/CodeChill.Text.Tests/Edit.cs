namespace CodeChill.Text.Tests;

internal static class Edit
{
    /// <summary>The text after edits whose indices mean the text before.</summary>
    public static string Apply(string text, IReadOnlyList<TextEdit> edits)
    {
        var result = new System.Text.StringBuilder();
        int at = 0;
        foreach (var edit in edits)
        {
            result.Append(text, at, edit.Index - at).Append(edit.Insert);
            at = edit.Index + edit.DeleteLength;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }
}
