namespace CodeChill.Server.Platform;

/// <summary>Ids are UUID strings of 36 characters. Version 7 keeps index pages warm; its 74 random bits keep them unguessable enough for names that are not secrets.</summary>
internal static class Ids
{
    public static string New(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow()).ToString();

    /// <summary>The canonical spelling, or null: a room asked for in upper case is the same room and must reach the same grain.</summary>
    public static string? Canonical(string? id) => Guid.TryParseExact(id, "D", out var guid) ? guid.ToString() : null;
}
