using CodeChill.Server.Platform;

namespace CodeChill.Server.Chat;

internal static class ChatErrors
{
    public static readonly Error InvalidContent = new("chat.invalid_content", 400, "Invalid message content");
    public static readonly Error InvalidType = new("chat.invalid_type", 400, "Invalid message type");
    public static readonly Error ParentNotFound = new("chat.parent_not_found", 400, "Parent message not found");
    public static readonly Error NotFound = new("chat.not_found", 404, "Message not found");
    public static readonly Error NotAuthor = new("chat.not_author", 403, "You can only edit your own messages");
    public static readonly Error NotAllowed = new("chat.not_allowed", 403, "You cannot delete this message");
    public static readonly Error QueryTooShort = new("chat.query_too_short", 400, "Search query must be at least 2 characters");
}
