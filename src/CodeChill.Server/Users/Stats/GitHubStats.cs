using System.Text.Json;
using CodeChill.Server.Platform;
using Octokit;
using Octokit.Internal;

namespace CodeChill.Server.Users.Stats;

/// <summary>
/// <c>github_stats</c>, through Octokit over our own chain of handlers. All public repositories somebody owns are counted, page by page:
/// stars, forks, and the main language of each.
/// </summary>
internal sealed class GitHubStats(IHttpMessageHandlerFactory handlers, StatsOptions options)
{
    public const string DisplayName = "GitHub";

    private const int PerPage = 100;

    /// <summary>5000 repositories; beyond that the numbers are those of the first 5000.</summary>
    private const int MaxPages = 50;

    /// <summary>Null when GitHub knows nobody of that name.</summary>
    public async Task<string?> FetchAsync(string handle, CancellationToken cancel)
    {
        // GitHub's names have no dots and at most 39 characters; what cannot be one is not asked for.
        if (handle.Length > 39 || !handle.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            return null;
        try
        {
            return await AskAsync(handle, cancel);
        }
        catch (NotFoundException)
        {
            return null;
        }
        catch (AuthorizationException failure)
        {
            throw new StatsFailure("GitHub does not accept this server's token", null, failure);
        }
        catch (ApiException failure)
        {
            throw new StatsFailure($"GitHub answered with an error ({(int)failure.StatusCode})", null, failure);
        }
        catch (Exception failure) when (PlatformHttp.Explain(DisplayName, failure) is { } known)
        {
            throw known;
        }
    }

    private async Task<string> AskAsync(string handle, CancellationToken cancel)
    {
        var client = Client();
        var user = await client.User.Get(handle).WaitAsync(cancel);
        if (string.IsNullOrEmpty(user?.Login))
            throw new StatsFailure("GitHub sent something that is no answer");
        long stars = 0, forks = 0;
        var languages = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var page = 1; page <= MaxPages; page++)
        {
            var repositories = await client.Repository.GetAllForUser(handle, new ApiOptions { StartPage = page, PageSize = PerPage, PageCount = 1 }).WaitAsync(cancel);
            foreach (var repository in repositories)
            {
                stars += Math.Max(0, repository.StargazersCount);
                forks += Math.Max(0, repository.ForksCount);
                if (StatsText.Clean(repository.Language, 60) is { } language)
                    languages[language] = languages.GetValueOrDefault(language) + 1;
            }

            if (repositories.Count < PerPage)
                break;
        }

        return JsonSerializer.Serialize(
            new
            {
                Username = StatsText.Clean(user.Login, StatsText.NameLength),
                Name = StatsText.Clean(user.Name, StatsText.NameLength),
                Bio = StatsText.Clean(user.Bio, StatsText.AboutLength),
                Location = StatsText.Clean(user.Location, StatsText.NameLength),
                Company = StatsText.Clean(user.Company, StatsText.NameLength),
                Blog = StatsText.CleanLink(user.Blog),
                user.PublicRepos,
                user.Followers,
                user.Following,
                TotalStars = stars,
                TotalForks = forks,
                Languages = languages.OrderByDescending(l => l.Value).ToDictionary(l => l.Key, l => l.Value),
                CreatedAt = user.CreatedAt.ToUniversalTime(),
                UpdatedAt = user.UpdatedAt.ToUniversalTime(),
            },
            Json.Options);
    }

    /// <summary>A connection made directly: Octokit would add "/api/v3" to an address that is not GitHub's own.</summary>
    private GitHubClient Client()
        => new(new Connection(
            new ProductHeaderValue("CodeChill", Health.Version),
            options.GitHubUrl,
            options.GitHubToken is { } token ? new InMemoryCredentialStore(new Credentials(token)) : new InMemoryCredentialStore(Credentials.Anonymous),
            new HttpClientAdapter(() => handlers.CreateHandler(PlatformHttp.ClientOf(StatsPlatform.GitHub))),
            new SimpleJsonSerializer()));
}
