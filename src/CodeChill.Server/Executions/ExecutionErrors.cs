using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions;

internal static class ExecutionErrors
{
    public static readonly Error NoCode = new("execution.no_code", 400, "No code to execute");
    public static readonly Error CodeTooLong = new("execution.code_too_long", 400, "Code too long");
    public static readonly Error InputTooLong = new("execution.input_too_long", 400, "Input too long");
    public static readonly Error UnsupportedLanguage = new("execution.unsupported_language", 400, "Unsupported language");
    public static readonly Error NotFound = new("execution.not_found", 404, "Execution not found");
    public static readonly Error NotYours = new("execution.not_yours", 403, "Access denied");
    public static readonly Error TooMany = new("execution.too_many", 429, "Too many executions, wait for one to finish", Retry.Later, ExecutionLimits.RetryAfter);
    public static readonly Error QueueFull = new("execution.queue_full", 503, "The execution queue is full", Retry.Later, ExecutionLimits.RetryAfter);

    public static Error Unavailable(string why) => new("execution.unavailable", 503, $"Code execution is unavailable: {why}", Retry.Later);

    public static Error LanguageUnavailable(string language, string why)
        => new("execution.language_unavailable", 503, $"{language} is unavailable here: {why}", Retry.Later);
}
