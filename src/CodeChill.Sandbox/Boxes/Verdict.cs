using System.Globalization;
using CodeChill.Sandbox.Languages;

namespace CodeChill.Sandbox.Boxes;

/// <summary>What a finished box means for people: status, signal and one sentence.</summary>
internal readonly record struct Verdict(RunStatus Status, int? ExitCode, string? Signal, string Message)
{
    private static readonly Dictionary<int, (string Name, string Meaning)> s_signals = new()
    {
        [1] = ("SIGHUP", "hang-up"),
        [2] = ("SIGINT", "interrupt"),
        [3] = ("SIGQUIT", "quit"),
        [4] = ("SIGILL", "illegal instruction"),
        [5] = ("SIGTRAP", "trap"),
        [6] = ("SIGABRT", "the program gave up"),
        [7] = ("SIGBUS", "invalid memory access"),
        [8] = ("SIGFPE", "arithmetic error, such as division by zero"),
        [9] = ("SIGKILL", "killed"),
        [11] = ("SIGSEGV", "invalid memory access"),
        [13] = ("SIGPIPE", "wrote to a closed pipe"),
        [14] = ("SIGALRM", "alarm"),
        [15] = ("SIGTERM", "asked to end"),
        [24] = ("SIGXCPU", "CPU time limit"),
        [25] = ("SIGXFSZ", "file size limit"),
        [31] = ("SIGSYS", "forbidden system call"),
    };

    public static Verdict Of(BoxOutcome box, BoxLimits limits, long outputBytes, string stderr, Language language)
    {
        var signal = SignalOf(box.ExitCode);
        switch (box.Stop)
        {
            case StopReason.Cancelled: return Killed(RunStatus.Cancelled, "The run was stopped.");
            case StopReason.Output: return Killed(RunStatus.OutputLimit, $"The program wrote more than {Size(outputBytes)} and was ended.");
            case StopReason.Memory: return Killed(RunStatus.MemoryLimit, TooMuchMemory());
            case StopReason.Wall: return Killed(RunStatus.TimeLimit, $"The program ran longer than {Seconds(limits.Wall)} and was ended.{ForkNote()}");
            case StopReason.Cpu: return Killed(RunStatus.TimeLimit, $"The program used more than {Seconds(limits.Cpu)} of processor time and was ended.{ForkNote()}");
        }
        if (box.OutOfMemoryKills > 0) return new(RunStatus.MemoryLimit, box.ExitCode, signal, TooMuchMemory());
        if (!box.Started) return new(RunStatus.SandboxUnavailable, null, null, "The sandbox could not be set up for this run.");
        if (box.ExitCode == 0) return new(RunStatus.Success, 0, null, "The program ended normally.");
        if (signal == "SIGXCPU") return new(RunStatus.TimeLimit, box.ExitCode, signal, $"The program used more than {Seconds(limits.Cpu)} of processor time and was ended.");
        if (language.MemorySigns.Any(s => stderr.Contains(s, StringComparison.Ordinal))) return new(RunStatus.MemoryLimit, box.ExitCode, signal, TooMuchMemory());
        if (box.RefusedForks > 0)
        {
            return new(RunStatus.ProcessLimit, box.ExitCode, signal, $"The program asked for more than {limits.Processes} processes and threads, and failed.");
        }
        var message = signal is null
            ? $"The program ended with exit code {box.ExitCode}."
            : $"The program was ended by {signal}{Meaning(box.ExitCode)}.";
        return new(RunStatus.RuntimeError, box.ExitCode, signal, message);

        string TooMuchMemory() => $"The program needed more than {Size(limits.MemoryBytes)} of memory.";

        string ForkNote() => box.RefusedForks > 0 ? $" It had also reached its limit of {limits.Processes} processes." : "";
    }

    private static Verdict Killed(RunStatus status, string message) => new(status, null, "SIGKILL", message);

    /// <summary>bubblewrap reports death by signal n as exit code 128 + n, like a shell. A program that *exits* with such a number looks the same.</summary>
    public static string? SignalOf(int exitCode) =>
        exitCode is > 128 and <= 192 ? s_signals.TryGetValue(exitCode - 128, out var s) ? s.Name : $"signal {exitCode - 128}" : null;

    private static string Meaning(int exitCode) => s_signals.TryGetValue(exitCode - 128, out var s) ? $" ({s.Meaning})" : "";

    public static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + (time.TotalSeconds == 1 ? " second" : " seconds");

    public static string Size(long bytes) => bytes >= 1 << 20
        ? (bytes / 1048576.0).ToString("0.#", CultureInfo.InvariantCulture) + " MiB"
        : (bytes / 1024.0).ToString("0.#", CultureInfo.InvariantCulture) + " KiB";
}
