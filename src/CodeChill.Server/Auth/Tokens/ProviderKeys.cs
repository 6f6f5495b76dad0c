using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace CodeChill.Server.Auth.Tokens;

/// <summary>
/// Theory of operation. The identity provider's discovery document and signing keys, as it published them last. They are fetched at
/// start and every <see cref="RefreshPeriod"/> in the background, so a withdrawn key stops working by itself; there is no "last known
/// good" set. A token with an unknown key id makes one fetch that all such tokens wait for; a fetch that did not bring the key makes the
/// next one wait longer, so made-up key ids cost the provider two fetches a minute at most. When the provider cannot be reached the keys it published last keep
/// working: nobody is signed out because it is down. While it was never reached at all, whoever signs in asks again, once a second at most.
/// </summary>
internal sealed class ProviderKeys(ProviderOptions options, IHttpClientFactory http, TimeProvider clock, ILogger<ProviderKeys> log)
    : BackgroundService
{
    public const string HttpClientName = "identity-provider";
    public static readonly TimeSpan RefreshPeriod = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan NeverReachedPause = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private const int MinRsaBits = 2048;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile Published? _published;
    private volatile bool _reachable = true;
    private long _lastTry;
    private TimeSpan _pause = TimeSpan.Zero;

    /// <summary>What the provider published last; null until the first fetch worked.</summary>
    public Published? Current => _published;

    /// <summary>False when the last fetch failed.</summary>
    public bool IsReachable => _reachable;

    public sealed record Published(string Issuer, Uri KeysUrl, Uri? UserInfoUrl, IReadOnlyDictionary<string, SecurityKey> Keys);

    /// <summary>The provider's documents, fetched now when they never were.</summary>
    public async ValueTask<Published?> PublishedAsync(CancellationToken cancel)
    {
        if (_published is null)
            await RefreshAsync(() => _published is not null, cancel);
        return _published;
    }

    /// <summary>The key, or null when the provider does not publish it (or cannot be asked: see <see cref="IsReachable"/>).</summary>
    public async ValueTask<SecurityKey?> FindAsync(string keyId, CancellationToken cancel)
    {
        if (_published?.Keys.TryGetValue(keyId, out var key) == true)
            return key;
        await RefreshAsync(() => _published?.Keys.ContainsKey(keyId) == true, cancel);
        return _published?.Keys.GetValueOrDefault(keyId);
    }

    /// <summary>Fetches unless somebody else just did. <paramref name="done"/> says whether that brought what was missing.</summary>
    private async Task RefreshAsync(Func<bool> done, CancellationToken cancel)
    {
        if (IsPausing())
            return;
        await _gate.WaitAsync(cancel);
        try
        {
            if (done() || IsPausing())
                return;
            var first = _published is null;
            await FetchAsync(cancel);
            _lastTry = clock.GetTimestamp();
            // The very first fetch is nobody's attempt to find a key: a key that is new right after it is looked for at once.
            _pause = _published is null ? NeverReachedPause
                : first ? TimeSpan.Zero
                : done() || _pause == TimeSpan.Zero ? FirstPause : LongestPause;
        }
        finally
        {
            _gate.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(RefreshPeriod, clock);
        try
        {
            // A request may have been quicker.
            await RefreshAsync(() => _published is not null, stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RefreshInTurnAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task RefreshInTurnAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            await FetchAsync(cancel);
            _pause = TimeSpan.Zero;
        }
        finally
        {
            _gate.Release();
        }
    }

    public override void Dispose()
    {
        _gate.Dispose();
        base.Dispose();
    }

    private bool IsPausing() => _pause > TimeSpan.Zero && clock.GetElapsedTime(_lastTry) < _pause;

    private async Task FetchAsync(CancellationToken cancel)
    {
        try
        {
            using var client = http.CreateClient(HttpClientName);
            var (issuer, keysUrl, userInfoUrl) = ReadDiscovery(
                await client.GetByteArrayAsync(new Uri(options.Authority, ".well-known/openid-configuration"), cancel));
            var keys = ReadKeys(await client.GetByteArrayAsync(keysUrl, cancel));
            _published = new(issuer, keysUrl, userInfoUrl, keys);
            _reachable = true;
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or InvalidDataException
            || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            _reachable = false;
            log.LogWarning("The keys of {Authority} could not be fetched: {Reason}", options.Authority, failure.Message);
        }
    }

    private (string Issuer, Uri Keys, Uri? UserInfo) ReadDiscovery(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var issuer = Text(root, "issuer");
        // OpenID Connect Discovery §4.3; only the last slash may differ, tenants write it both ways.
        if (issuer?.TrimEnd('/') != options.Authority.AbsoluteUri.TrimEnd('/'))
            throw new InvalidDataException("the discovery document speaks for another issuer");
        return (issuer, SafeUrl(Text(root, "jwks_uri")) ?? throw new InvalidDataException("no usable jwks_uri"), SafeUrl(Text(root, "userinfo_endpoint")));
    }

    private Uri? SafeUrl(string? text)
        => Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback && options.Authority.IsLoopback))
            ? url
            : null;

    private static Dictionary<string, SecurityKey> ReadKeys(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        if (!document.RootElement.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array)
            throw new InvalidDataException("no keys in the key set");
        var keys = new Dictionary<string, SecurityKey>(StringComparer.Ordinal);
        foreach (var entry in list.EnumerateArray())
        {
            // A key we cannot use is not a reason to lose the others.
            if (entry.ValueKind == JsonValueKind.Object && ReadKey(entry) is { } key)
                keys.TryAdd(key.KeyId, key);
        }

        return keys;
    }

    private static RsaSecurityKey? ReadKey(JsonElement entry)
    {
        if (Text(entry, "kty") != "RSA" || Text(entry, "use") is not (null or "sig") || Text(entry, "alg") is not (null or SecurityAlgorithms.RsaSha256)
            || Text(entry, "kid") is not { Length: > 0 and <= 256 } id || Text(entry, "n") is not { } modulusText || Text(entry, "e") is not { } exponentText)
            return null;
        try
        {
            var modulus = Base64UrlEncoder.DecodeBytes(modulusText).SkipWhile(b => b == 0).ToArray();
            return modulus.Length * 8 < MinRsaBits
                ? null
                : new RsaSecurityKey(new RSAParameters { Modulus = modulus, Exponent = Base64UrlEncoder.DecodeBytes(exponentText) }) { KeyId = id };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) => UnverifiedToken.TextOf(element, name);
}
