using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Users.Stats;

/// <summary><c>leetcode_stats</c>, by LeetCode's GraphQL. The handle goes as a variable, never into the query's text.</summary>
internal sealed class LeetCodeStats(IHttpClientFactory clients, StatsOptions options, TimeProvider clock)
{
    public const string DisplayName = "LeetCode";

    private const string Query =
        """
        query userStats($username: String!) {
          matchedUser(username: $username) {
            username
            profile { realName aboutMe countryName company school ranking }
            submitStats {
              acSubmissionNum { difficulty count }
              totalSubmissionNum { difficulty count }
            }
          }
        }
        """;

    /// <summary>Null when LeetCode knows nobody of that name.</summary>
    public async Task<string?> FetchAsync(string handle, CancellationToken cancel)
    {
        try
        {
            using var http = clients.CreateClient(PlatformHttp.ClientOf(StatsPlatform.LeetCode));
            using var request = new HttpRequestMessage(HttpMethod.Post, "graphql")
            {
                Content = JsonContent.Create(new { query = Query, variables = new { username = handle }, operationName = "userStats" }),
            };
            // It refuses requests that come from nowhere.
            request.Headers.Referrer = options.LeetCodeUrl;
            using var response = await http.SendAsync(request, cancel);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new StatsFailure($"LeetCode answered with an error ({(int)response.StatusCode})");
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancel));
            return Read(answer.RootElement);
        }
        catch (Exception failure) when (PlatformHttp.Explain(DisplayName, failure) is { } known)
        {
            throw known;
        }
    }

    private string? Read(JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object
            || !data.TryGetProperty("matchedUser", out var user))
            throw new StatsFailure("LeetCode sent something that is no answer");
        if (user.ValueKind == JsonValueKind.Null)
        {
            // Nobody of that name, unless an error says something else went wrong.
            return IsAboutAnotherError(answer) ? throw new StatsFailure("LeetCode could not answer") : null;
        }

        if (StatsText.Text(user, "username") is not { } username || !user.TryGetProperty("submitStats", out var submitted) || submitted.ValueKind != JsonValueKind.Object)
            throw new StatsFailure("LeetCode sent something that is no answer");
        var profile = user.TryGetProperty("profile", out var given) ? given : default;
        return JsonSerializer.Serialize(
            new
            {
                Username = username,
                RealName = StatsText.Text(profile, "realName"),
                AboutMe = StatsText.Text(profile, "aboutMe", StatsText.AboutLength),
                Country = StatsText.Text(profile, "countryName"),
                Company = StatsText.Text(profile, "company"),
                School = StatsText.Text(profile, "school"),
                Ranking = StatsText.Number(profile, "ranking"),
                // Problems solved and problems tried, so that the two can be set against each other.
                AcceptedSubmissions = ByDifficulty(submitted, "acSubmissionNum"),
                TotalSubmissions = ByDifficulty(submitted, "totalSubmissionNum"),
                UpdatedAt = clock.GetUtcNow(),
            },
            Json.Options);
    }

    private static bool IsAboutAnotherError(JsonElement answer)
        => answer.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
            && errors.EnumerateArray().Any(error => StatsText.Text(error, "message")?.Contains("does not exist", StringComparison.OrdinalIgnoreCase) != true);

    /// <summary>{"All": n, "Easy": n, …}</summary>
    private static Dictionary<string, long> ByDifficulty(JsonElement submitted, string name)
    {
        var counts = new Dictionary<string, long>();
        if (!submitted.TryGetProperty(name, out var list) || list.ValueKind != JsonValueKind.Array)
            return counts;
        foreach (var entry in list.EnumerateArray().Take(20))
        {
            if (StatsText.Text(entry, "difficulty", 40) is { } difficulty && StatsText.Number(entry, "count") is >= 0 and var count)
                counts[difficulty] = count;
        }

        return counts;
    }
}
