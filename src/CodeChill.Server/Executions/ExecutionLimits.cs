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

    /// <summary>Runs of this process that wait or run.</summary>
    public const int Queue = 200;

    /// <summary>Characters of one piece of live input.</summary>
    public const int InputPiece = 16 * 1024;

    /// <summary>Bytes of live input that a program has not read yet.</summary>
    public const int PendingInput = 64 * 1024;

    /// <summary>Characters of output that late joiners are given; of more, the last.</summary>
    public const int Replay = 64 * 1024;

    /// <summary>Characters of each stream that a record keeps, whatever a runner says.</summary>
    public const int RecordedOutput = 1024 * 1024;

    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>Start and compilation, of the slowest language on a busy machine.</summary>
    public static readonly TimeSpan Preparation = TimeSpan.FromSeconds(75);

    /// <summary>The run step, when a job says nothing else.</summary>
    public static readonly TimeSpan Wall = TimeSpan.FromSeconds(10);

    /// <summary>The run step of a program that takes live input: people are slower than programs.</summary>
    public static readonly TimeSpan LiveWall = TimeSpan.FromMinutes(5);

    /// <summary>What a runner has to come back after it was told to end; then it is given up.</summary>
    public static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(4);

    /// <summary>How long the end of a run waits for the database before the room is told and the record is closed later.</summary>
    public static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(3);
}
