using CodeChill.Server.Platform;

namespace CodeChill.Server.Auth;

/// <summary>
/// How often a password may be guessed: per account wherever the guesses come from, and per address whatever accounts they are for. Right
/// passwords cost nothing. Numbers: 20 guesses at once and then one each 45 s for an account, five times that for an address.
/// </summary>
internal sealed class SignInLimits(TimeProvider clock)
{
    public const int GuessesPerAccount = 20;
    public const int GuessesPerAddress = 100;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    private readonly EventRateLimiter _accounts = new(GuessesPerAccount, GuessesPerAccount / Window.TotalSeconds, clock);
    private readonly EventRateLimiter _addresses = new(GuessesPerAddress, GuessesPerAddress / Window.TotalSeconds, clock);

    /// <summary>Counts one try; the answer is why it is not even looked at.</summary>
    public Error? Refuse(string account, string address)
    {
        if (!_addresses.TryTake(address, out var wait))
            return PlatformErrors.RateLimited with { RetryAfter = wait };
        return _accounts.TryTake(account, out wait) ? null : PlatformErrors.RateLimited with { RetryAfter = wait };
    }

    public void Succeeded(string account, string address)
    {
        _addresses.GiveBack(address);
        _accounts.GiveBack(account);
    }
}
