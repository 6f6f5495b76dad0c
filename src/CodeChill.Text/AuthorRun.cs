namespace CodeChill.Text;

/// <summary>A run of text that one client wrote.</summary>
/// <param name="Index">Where it starts, in UTF-16 code units.</param>
/// <param name="Length">Its length in UTF-16 code units.</param>
/// <param name="Client">The client id that its operations carry.</param>
public readonly record struct AuthorRun(int Index, int Length, ulong Client);
