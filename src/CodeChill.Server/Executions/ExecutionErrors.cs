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
    public static readonly Error NotRunning = new("execution.not_running", 404, "This run is over");
    public static readonly Error TakesNoInput = new("execution.takes_no_input", 400, "This run takes no input");
    public static readonly Error InputEnded = new("execution.input_ended", 400, "The input of this run was ended");
    public static readonly Error InputInvalid = new("execution.input_invalid", 400, $"Input must be text of at most {ExecutionLimits.InputPiece} characters");
    public static readonly Error InputFull = new(
        "execution.input_full", 429, "The program is not reading its input", Retry.Later, TimeSpan.FromSeconds(1));

    public static readonly Error NoLiveInput = new("execution.no_live_input", 400, "Programs cannot take input while they run here");
    public static readonly Error TooMany = new("execution.too_many", 429, "Too many executions, wait for one to finish", Retry.Later, ExecutionLimits.RetryAfter);
    public static readonly Error QueueFull = new("execution.queue_full", 429, "The execution queue is full", Retry.Later, ExecutionLimits.RetryAfter);

    public static Error TooFast(TimeSpan wait) => new("execution.too_fast", 429, "Too many executions, slow down", Retry.Later, wait);

    public static Error Unavailable(string why) => new("execution.unavailable", 503, $"Code execution is unavailable: {why}", Retry.Later);

    public static Error LanguageUnavailable(string language, string why)
        => new("execution.language_unavailable", 503, $"{language} is unavailable here: {why}", Retry.Later);
}
