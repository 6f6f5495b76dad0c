namespace CodeChill.Server.Executions;

internal static class ExecutionLimits
{
    /// <summary>The contract's longest program, in UTF-16 code units.</summary>
    public const int SourceLength = 100_000;
    public const int InputLength = 100_000;
    public const int PerPage = 20;
    public const int MaxPerPage = 100;

    /// <summary>Runs of one user that wait or run; more are refused with the time to wait.</summary>
    public const int OpenPerUser = 3;

    /// <summary>Runs of one room that wait or run.</summary>
    public const int OpenPerRoom = 10;

    /// <summary>Runs of this process that wait.</summary>
    public const int Queue = 200;

    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>Compile plus run plus start, beyond which a runner is taken for dead.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
}
