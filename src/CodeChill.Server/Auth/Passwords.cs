using System.Threading.RateLimiting;
using CodeChill.Server.Platform;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace CodeChill.Server.Auth;

/// <summary>
/// Salted slow hashes (PBKDF2-SHA512) for accounts and rooms. A hash costs 0.1–0.3 s of a core on purpose, so only a few run at once and
/// only a bounded number wait: guessing passwords must not be a way to starve everybody else.
/// </summary>
internal sealed class Passwords : IDisposable
{
    private const int MaxWaiting = 64;
    private static readonly object Nobody = new();

    private readonly PasswordHasher<object> _hasher;
    private readonly ConcurrencyLimiter _gate;
    private readonly Lazy<string> _decoy;

    public Passwords(AuthOptions options)
    {
        _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = options.PasswordIterations }));
        _gate = new(new() { PermitLimit = options.PasswordConcurrency, QueueLimit = MaxWaiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });
        _decoy = new(() => _hasher.HashPassword(Nobody, Guid.NewGuid().ToString()));
    }

    public Task<Outcome<string>> HashAsync(string password, CancellationToken cancel)
        => RunAsync(() => _hasher.HashPassword(Nobody, password), cancel);

    /// <summary>
    /// Whether the password fits the hash. With no hash (an unknown account) the same work is done and the answer is no, so that the time
    /// taken does not tell which accounts exist.
    /// </summary>
    public Task<Outcome<PasswordVerdict>> VerifyAsync(string? hash, string password, CancellationToken cancel)
        => RunAsync(
            () =>
            {
                var result = _hasher.VerifyHashedPassword(Nobody, hash ?? _decoy.Value, password);
                return hash is null || result == PasswordVerificationResult.Failed
                    ? PasswordVerdict.Wrong
                    : result == PasswordVerificationResult.SuccessRehashNeeded ? PasswordVerdict.RightButOldHash : PasswordVerdict.Right;
            },
            cancel);

    public void Dispose() => _gate.Dispose();

    private async Task<Outcome<T>> RunAsync<T>(Func<T> work, CancellationToken cancel)
    {
        using var lease = await _gate.AcquireAsync(1, cancel);
        return lease.IsAcquired ? await Task.Run(work, cancel) : PlatformErrors.RateLimited with { RetryAfter = TimeSpan.FromSeconds(5) };
    }
}

internal enum PasswordVerdict
{
    Wrong,
    Right,

    /// <summary>Right, but hashed with fewer rounds than today's: hash it again.</summary>
    RightButOldHash,
}
