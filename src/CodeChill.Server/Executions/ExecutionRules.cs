using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions;

/// <summary>What a run must be, asked by the route and the event alike.</summary>
internal static class ExecutionRules
{
    public static Outcome<ExecutionRequest> Check(string? language, string? source, string? input, bool liveInput = false)
    {
        if (string.IsNullOrWhiteSpace(source))
            return ExecutionErrors.NoCode;
        if (source.Length > ExecutionLimits.SourceLength)
            return ExecutionErrors.CodeTooLong;
        if (input is { Length: > ExecutionLimits.InputLength })
            return ExecutionErrors.InputTooLong;
        return LanguageCatalog.FindAny(language ?? LanguageCatalog.Default) is { } known
            ? new ExecutionRequest(known.Name, source, string.IsNullOrEmpty(input) ? null : input, liveInput)
            : ExecutionErrors.UnsupportedLanguage;
    }
}
