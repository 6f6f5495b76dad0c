namespace CodeChill.Text;

/// <summary>A stretch of a text and the operations that inserted it.</summary>
/// <param name="Index">Where it starts, in UTF-16 code units.</param>
/// <param name="Ids">The operations: one per UTF-16 code unit, in the order of the text.</param>
public readonly record struct TextRun(int Index, IdRange Ids);
