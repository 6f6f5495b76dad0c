using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions.Cases;

internal static class CaseErrors
{
    public static readonly Error NotFound = new("case.not_found", 404, "Test case not found");
    public static readonly Error RunNotFound = new("case.run_not_found", 404, "Run not found");
    public static readonly Error TooMany = new("case.too_many", 400, $"A room has at most {CaseLimits.PerRoom} test cases");
    public static readonly Error None = new("case.none", 400, "There are no test cases");
    public static readonly Error Running = new("case.running", 429, "The test cases are being run already", Retry.Later, ExecutionLimits.RetryAfter);
    public static readonly Error InvalidName = new("case.invalid_name", 400, $"Name must be 1 to {CaseLimits.NameLength} characters");
    public static readonly Error InvalidText = new(
        "case.invalid_text", 400, $"Input and expected output must be text of at most {CaseLimits.TextLength} characters");

    public static readonly Error InvalidTime = new(
        "case.invalid_time_limit", 400, $"time_limit must be {CaseLimits.MinSeconds} to {CaseLimits.MaxSeconds} seconds, or null");

    public static readonly Error InvalidMemory = new(
        "case.invalid_memory_limit", 400, $"memory_limit must be {CaseLimits.MinKilobytes} to {CaseLimits.MaxKilobytes} kilobytes, or null");

    public static readonly Error InvalidPosition = new("case.invalid_position", 400, $"position must be 0 to {CaseLimits.PerRoom - 1}");
}
