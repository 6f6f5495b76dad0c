using CodeChill.Sandbox;

namespace CodeChill.Server.Executions;

/// <summary><c>--check-sandbox</c>: says what this machine can run, and for each thing that is missing the command that mends it.</summary>
internal static class SandboxCheck
{
    public const string Argument = "--check-sandbox";

    /// <summary>Prints the report. The exit code: 0 when programs can be run.</summary>
    public static async Task<int> RunAsync(TextWriter output)
    {
        await using var sandbox = await SandboxRunner.CreateAsync();
        var report = sandbox.Report;
        await output.WriteLineAsync(report.Available
            ? $"Programs can be run: bubblewrap {report.BubblewrapVersion}, limits by {report.Limits}, root {report.RootPath}"
            : $"Programs cannot be run: {report.Reason}");
        foreach (var problem in report.Problems)
        {
            await output.WriteLineAsync($"{(problem.Fatal ? "!" : "-")} {problem.Problem}");
            if (problem.Fix.Length > 0)
                await output.WriteLineAsync($"    fix: {problem.Fix}");
        }

        foreach (var language in report.Languages)
            await output.WriteLineAsync($"  {language.Name,-12} {(language.Available ? language.Version : $"unavailable: {language.Reason}")}");
        return report.Available ? 0 : 1;
    }
}
