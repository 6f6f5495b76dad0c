namespace CodeChill.Server.Executions.Judge0;

/// <summary>Judge0's statuses in the words of our records.</summary>
internal static class Judge0Verdicts
{
    /// <summary>How much of the memory limit must have been used for a killed program to count as killed for it: Judge0 has no such status.</summary>
    private const double NearMemoryLimit = 0.97;

    private static readonly Dictionary<int, string> SignalNames = new()
    {
        [4] = "SIGILL",
        [5] = "SIGTRAP",
        [6] = "SIGABRT",
        [7] = "SIGBUS",
        [8] = "SIGFPE",
        [9] = "SIGKILL",
        [11] = "SIGSEGV",
        [13] = "SIGPIPE",
        [15] = "SIGTERM",
        [24] = "SIGXCPU",
        [25] = "SIGXFSZ",
        [31] = "SIGSYS",
    };

    public static RunOutcome Of(Judge0Result result, Judge0Submission limits)
    {
        var output = Judge0Result.Text(result.Stdout, limits.OutputBytes, out var outputCut);
        var errors = Judge0Result.Text(result.Stderr, limits.OutputBytes, out var errorsCut);
        var compile = Judge0Result.Text(result.CompileOutput, limits.OutputBytes, out _);
        // The status names a signal even where no number is given.
        var signal = result.Signal ?? result.Status switch { 7 => 11, 8 => 25, 9 => 8, 10 => 6, _ => null };
        var (verdict, why) = result.Status switch
        {
            3 or 4 when outputCut || errorsCut => ("output_limit", $"The output was cut at {limits.OutputBytes / 1024} KB"),
            // Wrong Answer compares with an expected output, and none was sent: the program ran to its end.
            3 or 4 => ("success", null),
            5 => ("time_limit", $"Stopped: more than {limits.CpuSeconds:0.#} s of processor time or {limits.WallSeconds:0.#} s in all"),
            6 => ("compile_error", null),
            8 => ("output_limit", "Stopped: it wrote more than is allowed"),
            7 or 9 or 10 or 11 or 12 when result.Kilobytes >= limits.MemoryKilobytes * NearMemoryLimit
                => ("memory_limit", $"Stopped: more than {limits.MemoryKilobytes / 1000} MB of memory"),
            7 or 9 or 10 or 11 or 12 => ("runtime_error", signal is { } number ? $"Ended by {SignalNames.GetValueOrDefault(number, $"signal {number}")}" : null),
            13 => ("internal_error", "Judge0 could not run the program: an internal error of that service"),
            14 => ("runtime_error", "Judge0 could not start the program: exec format error"),
            _ => ("internal_error", "Judge0 answered with a status that is not known"),
        };
        return new RunOutcome(
            verdict == "success" ? "completed" : "failed",
            verdict,
            output,
            why is null ? errors : errors.Length == 0 ? why : $"{errors.TrimEnd('\n')}\n{why}",
            compile.Length == 0 ? null : compile,
            result.Status is 6 or 13 ? null : signal is { } by && result.ExitCode is null or 0 ? 128 + signal : result.ExitCode ?? (verdict == "success" ? 0 : null),
            result.WallSeconds ?? result.CpuSeconds,
            result.Kilobytes);
    }
}
