using System.Text;
using System.Text.Json;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Users.Stats;

/// <summary>Reads what platforms say of somebody: people write what they like there, and the platform itself may send anything.</summary>
internal static class StatsText
{
    public const int NameLength = 255;
    public const int AboutLength = 1000;

    /// <summary>One line of at most <paramref name="limit"/> characters, without control characters and halves of surrogate pairs; null for nothing.</summary>
    public static string? Clean(string? text, int limit)
    {
        if (text is null)
            return null;
        var clean = new StringBuilder(Math.Min(text.Length, limit));
        foreach (var rune in text.EnumerateRunes())
        {
            // EnumerateRunes gives the replacement character for half a pair. Format characters could turn the line around it.
            var isOdd = Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator
                || rune.Value is >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069;
            var next = isOdd ? new Rune(' ') : rune;
            if (clean.Length + next.Utf16SequenceLength > limit)
                break;
            clean.Append(next.ToString());
        }

        return clean.ToString().Trim() is { Length: > 0 } left ? left : null;
    }

    /// <summary>A web address, or what people write for one; never another scheme, which a page might make a link of.</summary>
    public static string? CleanLink(string? text)
        => Clean(text, NameLength) is { } link && (!link.Contains(':', StringComparison.Ordinal)
            || link.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || link.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) ? link : null;

    public static string? Text(JsonElement parent, string name, int limit = NameLength)
        => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? Clean(Json.Text(value), limit) : null;

    public static long? Number(JsonElement parent, string name)
        => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            && Math.Abs(number) < 1L << 53
            ? number
            : null;

    /// <summary>Seconds since 1970 as a time.</summary>
    public static DateTimeOffset? Time(JsonElement parent, string name)
        => Number(parent, name) is > 0 and < 32_503_680_000 and var seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}
