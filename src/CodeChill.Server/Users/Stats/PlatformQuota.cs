using System.Globalization;
using System.Net;

namespace CodeChill.Server.Users.Stats;

/// <summary>
/// Keeps one platform's rules on how often it may be asked: requests with a distance between them, and none at all before the time it named
/// (<c>Retry-After</c>, or GitHub's <c>X-RateLimit-Reset</c> once nothing remains). What cannot be asked now fails at once with that time.
/// </summary>
internal sealed class PlatformQuota(string displayName, TimeSpan spacing, TimeProvider clock)
{
    /// <summary>A request that would have to stand in line for longer is refused: somebody waits for it.</summary>
    private static readonly TimeSpan LongestLine = TimeSpan.FromSeconds(30);

    /// <summary>A platform that says "too much" without saying for how long.</summary>
    private static readonly TimeSpan DefaultBlock = TimeSpan.FromSeconds(60);

    /// <summary>No header shuts a platform out for longer.</summary>
    private static readonly TimeSpan LongestBlock = TimeSpan.FromHours(24);

    private readonly Lock _gate = new();
    private DateTimeOffset _blockedUntil;
    private DateTimeOffset _nextTurn;

    public async Task WaitTurnAsync(CancellationToken cancel)
    {
        TimeSpan wait;
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            if (now < _blockedUntil)
                throw Blocked(_blockedUntil);
            var turn = _nextTurn > now ? _nextTurn : now;
            wait = turn - now;
            if (wait > LongestLine)
                throw new StatsFailure($"{displayName} is asked too often at the moment", turn);
            _nextTurn = turn + spacing;
        }

        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, clock, cancel);
    }

    public StatsFailure Blocked(DateTimeOffset until)
        => new($"{displayName} allows no more requests until {until.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC", until);

    /// <summary>The platform said that it is asked too often.</summary>
    public StatsFailure Block(TimeSpan? wait = null)
    {
        lock (_gate)
        {
            var length = wait ?? DefaultBlock;
            var until = clock.GetUtcNow() + (length > LongestBlock ? LongestBlock : length);
            if (until > _blockedUntil)
                _blockedUntil = until;
            return Blocked(_blockedUntil);
        }
    }

    /// <summary>Looks at an answer's headers. The failure when it says "too much", else null.</summary>
    public StatsFailure? Observe(HttpResponseMessage response)
    {
        var now = clock.GetUtcNow();
        var retryAfter = response.Headers.RetryAfter?.Delta ?? (response.Headers.RetryAfter?.Date is { } date ? date - now : null);
        var isUsedUp = Header(response, "X-RateLimit-Remaining") == 0;
        var reset = isUsedUp && Header(response, "X-RateLimit-Reset") is { } seconds and > 0 and < 32_503_680_000 ? DateTimeOffset.FromUnixTimeSeconds(seconds) - now : (TimeSpan?)null;
        var isRefused = response.StatusCode == HttpStatusCode.TooManyRequests
            || (response.StatusCode == HttpStatusCode.Forbidden && (isUsedUp || retryAfter is not null))
            || (response.StatusCode == HttpStatusCode.ServiceUnavailable && retryAfter is not null);
        if (isRefused)
            return Block(retryAfter ?? reset);
        if (reset > TimeSpan.Zero)
            Block(reset);
        return null;
    }

    private static long? Header(HttpResponseMessage response, string name)
        => response.Headers.TryGetValues(name, out var values) && long.TryParse(values.FirstOrDefault(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>The quota in a client's chain of handlers: outside of it repetitions, which must stand in line again, inside of it time limits, which must not run meanwhile.</summary>
internal sealed class QuotaHandler(PlatformQuota quota) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await quota.WaitTurnAsync(cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        if (quota.Observe(response) is not { } refused)
            return response;
        response.Dispose();
        throw refused;
    }
}
