using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Tests.Platform;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Auth;

/// <summary>Rotation, withdrawal, floods and outages of the tenant's keys.</summary>
public sealed class ProviderKeyTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private FakeIdentityProvider _provider = null!;
    private TestApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await FakeIdentityProvider.StartAsync();
        _app = new TestApp(_provider.Settings, clock: _clock);
        (await VerifyAsync(_provider.Token())).Status.ShouldBe(200);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task New_key_works_with_its_first_token()
    {
        var next = TokenForge.NewRsa("key-2");
        _provider.Publish(next);
        (await VerifyAsync(next.Sign(_provider.Claims()))).Status.ShouldBe(200);
        (await VerifyAsync(_provider.Token())).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Second_rotation_shortly_after_works_within_ten_seconds()
    {
        var second = TokenForge.NewRsa("key-2");
        _provider.Publish(second);
        (await VerifyAsync(second.Sign(_provider.Claims()))).Status.ShouldBe(200);
        var third = TokenForge.NewRsa("key-3");
        _provider.Publish(third);
        (await VerifyAsync(third.Sign(_provider.Claims()))).ShouldFail(401, "Invalid token");
        _clock.Advance(ProviderKeys.FirstPause);
        (await VerifyAsync(third.Sign(_provider.Claims()))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Withdrawn_key_stops_working_with_the_next_fetch()
    {
        var leaked = _provider.Token();
        _provider.Publish(TokenForge.NewRsa("key-2"));
        _provider.Withdraw(_provider.Key.Id);
        var fetched = _provider.KeyFetches;
        _clock.Advance(ProviderKeys.RefreshPeriod);
        // The fetch runs in the background; its effect is what is waited for.
        while (_app.Get<ProviderKeys>().Current!.Keys.ContainsKey(_provider.Key.Id))
            await Task.Yield();
        _provider.KeyFetches.ShouldBe(fetched + 1);
        (await VerifyAsync(leaked)).ShouldFail(401, "Invalid token");
    }

    [Fact]
    public async Task Flood_of_made_up_key_ids_costs_two_fetches_a_minute_and_nobody_else_anything()
    {
        var before = _provider.KeyFetches;
        var good = _provider.Token();
        var stranger = TokenForge.NewRsa("made-up");
        var claims = _provider.Claims().ToJsonString();
        var validator = _app.Get<TokenValidator>();
        for (var second = 0; second < 60; second++)
        {
            // One signature serves all: the key id is looked up first.
            for (var i = 0; i < 100; i++)
            {
                var token = TokenForge.Join(TokenForge.Header("RS256", $"kid-{second}-{i}").ToJsonString(), claims, new byte[256]);
                (await validator.ValidateAsync(token, default)).IsError.ShouldBeTrue();
            }

            (await validator.ValidateAsync(good, default)).IsError.ShouldBeFalse();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        (_provider.KeyFetches - before).ShouldBeInRange(1, 2);
        (await VerifyAsync(stranger.Sign(_provider.Claims()))).ShouldFail(401, "Invalid token");
    }

    [Fact]
    public async Task Many_tokens_of_a_new_key_at_once_make_one_fetch()
    {
        var next = TokenForge.NewRsa("key-2");
        _provider.Publish(next);
        var before = _provider.KeyFetches;
        var token = next.Sign(_provider.Claims());
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => VerifyAsync(token)));
        answers.ShouldAllBe(a => a.Status == 200);
        _provider.KeyFetches.ShouldBe(before + 1);
    }

    [Fact]
    public async Task Known_keys_work_while_the_provider_is_down_and_new_ones_say_why_not()
    {
        _provider.IsDown = true;
        _clock.Advance(TimeSpan.FromHours(1));
        while (_app.Get<ProviderKeys>().IsReachable)
            await Task.Yield();
        (await VerifyAsync(_provider.Token(change: c => c["exp"] = _clock.GetUtcNow().ToUnixTimeSeconds() + 60))).Status.ShouldBe(200);
        (await VerifyAsync(TokenForge.NewRsa("key-2").Sign(_provider.Claims()))).ShouldFail(503, "Identity provider unavailable");
    }

    [Fact]
    public async Task Server_starts_while_the_provider_is_down_and_recovers()
    {
        _provider.IsDown = true;
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = new TestApp(_provider.Settings, clock: clock);
        // However often it was asked in vain, whoever comes when the provider is back gets in a second later.
        for (var i = 0; i < 3; i++)
        {
            (await app.PostAsync("/api/auth/login", token: _provider.Token())).ShouldFail(503, "Identity provider unavailable");
            clock.Advance(ProviderKeys.NeverReachedPause);
        }

        _provider.IsDown = false;
        (await app.PostAsync("/api/auth/login", token: _provider.Token())).Status.ShouldBe(200);
    }

    private Task<Answer> VerifyAsync(string token) => _app.PostAsync("/api/auth/verify-token", token: token);
}
