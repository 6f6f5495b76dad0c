namespace CodeChill.Server.Chat;

internal static class ChatLimits
{
    public const int ContentMax = 1000;
    public const int RecentMessages = 50;
    public const int PerPage = 50;
    public const int MaxPerPage = 100;
    public const int SearchMin = 2;
    public const string DeletedContent = "[Message deleted]";

    /// <summary>What a client may send; <c>system</c> is the server's own.</summary>
    public static readonly IReadOnlySet<string> SendableTypes = new HashSet<string> { "text", "code", "file" };
}
