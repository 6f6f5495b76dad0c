namespace CodeChill.Server.Executions.Judge0;

internal static class Judge0Limits
{
    /// <summary>The longest answer that is read: two streams of a megabyte as base64, and room for the rest.</summary>
    public const int AnswerBytes = 4 * 1024 * 1024;

    /// <summary>What is kept of each stream of a run, as in the sandbox.</summary>
    public const int OutputBytes = 1024 * 1024;

    /// <summary>Seconds of processor time asked for.</summary>
    public const double CpuSeconds = 5;

    /// <summary>Seconds on the wall asked for.</summary>
    public const double WallSeconds = 10;

    /// <summary>Kilobytes asked for. The JVM, the CLR and V8 reserve more than they use, so their languages get <see cref="RuntimeMemoryKilobytes"/>.</summary>
    public const int MemoryKilobytes = 256_000;

    public const int RuntimeMemoryKilobytes = 512_000;

    /// <summary>Times a submission is tried while Judge0's queue is full or it does not answer.</summary>
    public const int SubmitAttempts = 4;

    /// <summary>A token that was just given out may take a moment to be known everywhere, and a gateway may hiccup; after this many such answers the run is lost.</summary>
    public const int BrokenAnswers = 3;

    /// <summary>How long the languages found last are trusted, and how soon they are asked for again after a failure.</summary>
    public static readonly TimeSpan LanguagesPeriod = TimeSpan.FromHours(1);

    public static readonly TimeSpan LanguagesRetry = TimeSpan.FromSeconds(30);
}
