using CodeChill.Server.Platform;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Platform;

public sealed class EventRateLimiterTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Burst_then_a_steady_rate_for_each_key()
    {
        var limiter = new EventRateLimiter(burst: 3, perSecond: 2, _clock);
        for (var i = 0; i < 3; i++)
            limiter.TryTake("ann").ShouldBeTrue();
        limiter.TryTake("ann", out var wait).ShouldBeFalse();
        wait.ShouldBe(TimeSpan.FromSeconds(0.5));
        limiter.TryTake("bob").ShouldBeTrue();
        _clock.Advance(wait);
        limiter.TryTake("ann").ShouldBeTrue();
        limiter.TryTake("ann").ShouldBeFalse();
        _clock.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 3; i++)
            limiter.TryTake("ann").ShouldBeTrue();
        limiter.TryTake("ann").ShouldBeFalse("an hour's rest earns a burst, not an hour's worth");
    }

    [Fact]
    public void Given_back_tokens_count_and_never_exceed_the_burst()
    {
        var limiter = new EventRateLimiter(burst: 1, perSecond: 0.001, _clock);
        limiter.TryTake("ann").ShouldBeTrue();
        limiter.GiveBack("ann");
        limiter.GiveBack("ann");
        limiter.TryTake("ann").ShouldBeTrue();
        limiter.TryTake("ann").ShouldBeFalse();
    }

    [Fact]
    public void Made_up_keys_do_not_stay()
    {
        var limiter = new EventRateLimiter(burst: 1, perSecond: 1, _clock);
        for (var i = 0; i < 30_000; i++)
        {
            limiter.TryTake("key" + i).ShouldBeTrue();
            if (i % 1000 == 0)
                _clock.Advance(TimeSpan.FromSeconds(1));
        }

        limiter.Count.ShouldBeLessThan(12_000);
    }
}
