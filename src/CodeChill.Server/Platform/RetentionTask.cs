namespace CodeChill.Server.Platform;

/// <summary>
/// How a slice's old rows go: register one as a singleton and housekeeping calls it. <paramref name="Prune"/> removes at most the given
/// number of rows that are older than the given time and says how many; it is called again until it removed none.
/// </summary>
internal sealed record RetentionTask(string Name, Func<DateTimeOffset, int, CancellationToken, Task<int>> Prune)
{
    public const string Chat = "chat";
    public const string Executions = "executions";
    public const string CaseRuns = "case runs";
}
