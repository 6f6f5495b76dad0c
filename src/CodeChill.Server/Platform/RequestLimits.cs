using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;

namespace CodeChill.Server.Platform;

/// <summary>Limits on REST requests by address (before anything is looked up) and by user (asked by the caller filter), and on body sizes.</summary>
internal static class RequestLimits
{
    // A partition is its key: no address may ever be spelled like this.
    private const string Unlimited = "unlimited";

    public static void Add(IServiceCollection services, LimitOptions limits)
    {
        services.AddSingleton(limits);
        services.AddSingleton<UserLimiter>();
        services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                PartitionedRateLimiter.Create<HttpContext, string>(http => http.Request.Path.StartsWithSegments("/api")
                    ? Bucket(AddressOf(http), limits.AddressBurst, limits.AddressPerSecond)
                    : RateLimitPartition.GetNoLimiter(Unlimited)),
                PartitionedRateLimiter.Create<HttpContext, string>(http => IsSignIn(http.Request)
                    ? Bucket(AddressOf(http), limits.SignInBurst, limits.SignInPerSecond)
                    : RateLimitPartition.GetNoLimiter(Unlimited)));
            limiter.OnRejected = async (context, _) =>
            {
                var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var known) ? known : TimeSpan.FromSeconds(1);
                await Replies.WriteAsync(context.HttpContext, PlatformErrors.RateLimited with { RetryAfter = wait });
            };
        });
    }

    /// <summary>Account routes get short bodies only; the server-wide limit is Kestrel's.</summary>
    public static Task LimitBodyAsync(HttpContext http, RequestDelegate next)
    {
        var path = http.Request.Path;
        if ((path.StartsWithSegments("/api/auth") || path.StartsWithSegments("/api/users"))
            && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = LimitOptions.AccountBodyBytes;
        return next(http);
    }

    /// <summary>Whom an address stands for: itself, or with IPv6 its /64, because one customer has all of that.</summary>
    public static string AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        if (address is null)
            return "local";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.ToString();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes).ToString();
    }

    // Reading one's profile or logging out is not signing in.
    private static bool IsSignIn(HttpRequest request)
        => HttpMethods.IsPost(request.Method) && (Is(request, "/api/auth/guest") || Is(request, "/api/auth/register") || Is(request, "/api/auth/login")
            || Is(request, "/api/auth/sync") || Is(request, "/api/auth/refresh"));

    private static bool Is(HttpRequest request, string path) => request.Path.StartsWithSegments(path);

    private static RateLimitPartition<string> Bucket(string key, int burst, int perSecond)
        => RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = perSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        });
}

/// <summary>Requests by user, whatever addresses they come from.</summary>
internal sealed class UserLimiter(LimitOptions limits, TimeProvider clock)
{
    private readonly EventRateLimiter _requests = new(limits.UserBurst, limits.UserPerSecond, clock);

    public Error? Refuse(string userId)
        => _requests.TryTake(userId, out var wait) ? null : PlatformErrors.RateLimited with { RetryAfter = wait };
}
