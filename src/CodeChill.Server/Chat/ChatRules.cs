using CodeChill.Server.Platform;

namespace CodeChill.Server.Chat;

/// <summary>What a message must be, asked by the route and the event alike.</summary>
internal static class ChatRules
{
    public static Outcome<NewMessage> Check(string? content, string? type, string? replyTo)
    {
        if (Check(content).Error is { } error)
            return error;
        type ??= "text";
        if (!ChatLimits.SendableTypes.Contains(type))
            return ChatErrors.InvalidType;
        if (replyTo is not null && Ids.Canonical(replyTo) is null)
            return ChatErrors.ParentNotFound;
        return new NewMessage(content!.Trim(), type, Ids.Canonical(replyTo));
    }

    public static Outcome<string> Check(string? content)
        => content?.Trim() is { Length: > 0 and <= ChatLimits.ContentMax } trimmed ? trimmed : ChatErrors.InvalidContent;
}
