namespace CodeChill.Text;

/// <summary>
/// One replacement in a text. In a list of edits all indices mean the text before the first of them, in ascending order,
/// without overlap.
/// </summary>
/// <param name="Index">Where it starts, in UTF-16 code units.</param>
/// <param name="DeleteLength">How many code units go.</param>
/// <param name="Insert">What comes in their place; empty for a mere deletion.</param>
public readonly record struct TextEdit(int Index, int DeleteLength, string Insert);
