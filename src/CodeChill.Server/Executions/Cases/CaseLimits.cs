namespace CodeChill.Server.Executions.Cases;

internal static class CaseLimits
{
    public const int PerRoom = 50;
    public const int NameLength = 100;
    public const int TextLength = 100 * 1024;

    /// <summary>Seconds of processor time of one case.</summary>
    public const double MinSeconds = 0.1;
    public const double MaxSeconds = 10;

    /// <summary>Kilobytes of one case.</summary>
    public const long MinKilobytes = 16 * 1024;
    public const long MaxKilobytes = 512 * 1024;

    /// <summary>Characters of a case's output that are told and kept.</summary>
    public const int OutputLength = 64 * 1024;

    /// <summary>Lines of a diff.</summary>
    public const int DiffLines = 400;
    public const int DiffLineLength = 1000;

    /// <summary>Unchanged lines shown around a changed one.</summary>
    public const int DiffContext = 3;
}
