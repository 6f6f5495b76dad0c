namespace CodeChill.Server.Documents;

/// <summary>Bounds of a room's document. Each has a test at the bound and one past it.</summary>
internal static class DocumentLimits
{
    /// <summary>The contract's longest program, in UTF-16 code units: what one whole-text change may hold.</summary>
    public const int WholeTextLength = 100_000;

    /// <summary>The hard cap of a document, in UTF-16 code units, however it was typed.</summary>
    public const int TextLength = 1_000_000;

    /// <summary>One update of a Yjs client, in bytes.</summary>
    public const int UpdateBytes = 900_000;

    /// <summary>Snapshot and log together, in bytes: deleted text leaves traces, so a document can be heavy and short.</summary>
    public const long StateBytes = 16 * 1024 * 1024;

    /// <summary>Whole-text changes may be typed on any of this many latest versions.</summary>
    public const int KnownVersions = 2_000;

    /// <summary>Edits of a room that may wait for their commit.</summary>
    public const int UncommittedEdits = 5_000;

    /// <summary>How far the persisted bound of given-out versions runs ahead of the committed one: more than can be given out without a commit.</summary>
    public const int VersionsAhead = 2 * UncommittedEdits;

    public const int OperationIdLength = 64;

    /// <summary>How long an operation id is remembered at least: longer than a client goes on repeating a change nobody acknowledged.</summary>
    public static readonly TimeSpan OperationsKnown = TimeSpan.FromHours(1);

    /// <summary>More operation ids than this are not remembered, however new they are.</summary>
    public const int MaxOperations = 50_000;

    public const int AwarenessBytes = 16 * 1024;
}
