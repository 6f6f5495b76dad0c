using System.Net;
using System.Text.Json;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Users.Stats;

/// <summary>
/// <c>codeforces_stats</c>: <c>user.info</c>, all pages of <c>user.status</c>, and the rating's course from <c>user.rating</c>. The hardest and
/// the average problem are taken over the different problems somebody solved.
/// </summary>
internal sealed class CodeforcesStats(
    IHttpClientFactory clients, [FromKeyedServices("codeforces")] PlatformQuota quota, TimeProvider clock)
{
    public const string DisplayName = "Codeforces";

    private const int PerPage = 5000;
    private const int MaxPages = 4;
    private const int HistoryLength = 200;

    /// <summary>"Call limit exceeded" comes without a time.</summary>
    private static readonly TimeSpan CallLimitPause = TimeSpan.FromSeconds(10);

    /// <summary>Null when Codeforces knows nobody of that name.</summary>
    public async Task<string?> FetchAsync(string handle, CancellationToken cancel)
    {
        if (handle.Length is < 1 or > 24)
            return null;
        try
        {
            var escaped = Uri.EscapeDataString(handle);
            if (await AskAsync($"user.info?handles={escaped}&checkHistoricHandles=false", cancel) is not { } info)
                return null;
            using (info)
            {
                if (Result(info) is not [var user, ..] || StatsText.Text(user, "handle") is null)
                    throw NoAnswer();
                var solved = await SolvedAsync(escaped, cancel);
                return Write(user, solved, await RatingsAsync(escaped, cancel));
            }
        }
        catch (Exception failure) when (PlatformHttp.Explain(DisplayName, failure) is { } known)
        {
            throw known;
        }
    }

    private sealed class Solved
    {
        public int Submissions { get; set; }

        public int Accepted { get; set; }

        /// <summary>Rating by problem; null for problems without one.</summary>
        public Dictionary<string, long?> Problems { get; } = [];
    }

    private async Task<Solved> SolvedAsync(string handle, CancellationToken cancel)
    {
        var solved = new Solved();
        for (var page = 0; page < MaxPages; page++)
        {
            using var answer = await AskAsync($"user.status?handle={handle}&from={(page * PerPage) + 1}&count={PerPage}", cancel) ?? throw NoAnswer();
            var submissions = Result(answer);
            solved.Submissions += submissions.Length;
            foreach (var submission in submissions)
            {
                if (StatsText.Text(submission, "verdict") != "OK")
                    continue;
                solved.Accepted++;
                if (submission.TryGetProperty("problem", out var problem) && problem.ValueKind == JsonValueKind.Object)
                    solved.Problems[$"{StatsText.Number(problem, "contestId")}/{StatsText.Text(problem, "problemsetName", 60)}/{StatsText.Text(problem, "index", 20)}"]
                        = StatsText.Number(problem, "rating") is > 0 and < 10_000 and var rating ? rating : null;
            }

            if (submissions.Length < PerPage)
                break;
        }

        return solved;
    }

    /// <summary>Extra to the contract, so its failure costs nothing but the chart.</summary>
    private async Task<List<object>?> RatingsAsync(string handle, CancellationToken cancel)
    {
        try
        {
            using var answer = await AskAsync($"user.rating?handle={handle}", cancel);
            return answer is null
                ? null
                : [.. Result(answer).Where(c => StatsText.Number(c, "newRating") is not null && StatsText.Time(c, "ratingUpdateTimeSeconds") is not null).TakeLast(HistoryLength)
                    .Select(c => new { Rating = StatsText.Number(c, "newRating"), At = StatsText.Time(c, "ratingUpdateTimeSeconds"), Contest = StatsText.Text(c, "contestName", 120) })];
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return null;
        }
    }

    private string Write(JsonElement user, Solved solved, List<object>? history)
    {
        var ratings = solved.Problems.Values.OfType<long>().ToList();
        return JsonSerializer.Serialize(
            new
            {
                Username = StatsText.Text(user, "handle"),
                FirstName = StatsText.Text(user, "firstName"),
                LastName = StatsText.Text(user, "lastName"),
                Country = StatsText.Text(user, "country"),
                City = StatsText.Text(user, "city"),
                Organization = StatsText.Text(user, "organization"),
                Rating = StatsText.Number(user, "rating"),
                MaxRating = StatsText.Number(user, "maxRating"),
                Rank = StatsText.Text(user, "rank"),
                MaxRank = StatsText.Text(user, "maxRank"),
                Contribution = StatsText.Number(user, "contribution"),
                RegistrationTime = StatsText.Time(user, "registrationTimeSeconds"),
                LastOnlineTime = StatsText.Time(user, "lastOnlineTimeSeconds"),
                AcceptedCount = solved.Accepted,
                TotalSubmissions = solved.Submissions,
                SolvedProblems = solved.Problems.Count,
                MaxProblemRating = ratings.Count == 0 ? (long?)null : ratings.Max(),
                AvgProblemRating = ratings.Count == 0 ? (double?)null : Math.Round(ratings.Average(), 1),
                RatingHistory = history,
                UpdatedAt = clock.GetUtcNow(),
            },
            Json.Options);
    }

    /// <summary>Null when it answers that there is nobody of that name.</summary>
    private async Task<JsonDocument?> AskAsync(string path, CancellationToken cancel)
    {
        using var http = clients.CreateClient(PlatformHttp.ClientOf(StatsPlatform.Codeforces));
        using var response = await http.GetAsync(path, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        JsonDocument? answer = null;
        try
        {
            answer = JsonDocument.Parse(body);
        }
        catch (JsonException) when (!response.IsSuccessStatusCode)
        {
            throw new StatsFailure($"Codeforces answered with an error ({(int)response.StatusCode})");
        }

        if (response.StatusCode == HttpStatusCode.OK && StatsText.Text(answer.RootElement, "status", 20) == "OK")
            return answer;
        var comment = StatsText.Text(answer.RootElement, "comment") ?? "";
        answer.Dispose();
        if (comment.Contains("not found", StringComparison.OrdinalIgnoreCase) && comment.Contains("handle", StringComparison.OrdinalIgnoreCase))
            return null;
        throw comment.Contains("limit exceeded", StringComparison.OrdinalIgnoreCase)
            ? quota.Block(CallLimitPause)
            : response.StatusCode == HttpStatusCode.OK ? NoAnswer() : new StatsFailure($"Codeforces answered with an error ({(int)response.StatusCode})");
    }

    private static JsonElement[] Result(JsonDocument answer)
        => answer.RootElement.TryGetProperty("result", out var result) && result.ValueKind == JsonValueKind.Array ? [.. result.EnumerateArray()] : throw NoAnswer();

    private static StatsFailure NoAnswer() => new("Codeforces sent something that is no answer");
}
