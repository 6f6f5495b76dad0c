using CodeChill.Server.Platform;

namespace CodeChill.Server.Documents;

internal static class DocumentErrors
{
    public static readonly Error InvalidChange = new("document.invalid_change", 400, "Invalid code change data");
    public static readonly Error InvalidUpdate = new("document.invalid_update", 400, "Invalid document update");
    public static readonly Error InvalidStateVector = new("document.invalid_state_vector", 400, "Invalid state vector");
    public static readonly Error InvalidAwareness = new("document.invalid_awareness", 400, "Invalid awareness update");
    public static readonly Error TooLong = new("document.too_long", 400, "Code too long");
    public static readonly Error TooHeavy = new("document.too_heavy", 400, "Document too large");
    public static readonly Error Conflict = new("document.conflict", 409, "Version no longer known");
    public static readonly Error NotSaved = new("document.not_saved", 503, "The change could not be saved", Retry.Later);
    public static readonly Error ReadOnly = new("document.read_only", 503, "Changes cannot be saved at the moment", Retry.Later);
    public static readonly Error Damaged = new("document.damaged", 503, "The room's document could not be loaded", Retry.Later);
}
