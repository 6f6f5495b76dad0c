using CodeChill.Server.Auth;
using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Platform;
using Dapper;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Auth;

public sealed class SessionTests
{
    [Fact]
    public async Task Refreshing_rotates_and_a_used_token_ends_the_session()
    {
        await using var app = new TestApp();
        var ended = new List<SessionsEnded>();
        app.Get<SessionRegistry>().Ended += ended.Add;
        var ann = await app.GuestAsync();

        var second = await app.PostAsync("/api/auth/refresh", token: ann.Refresh);
        second.Status.ShouldBe(200, second.Text);
        second["refresh_token"].ShouldNotBe(ann.Refresh);
        second.Json.GetProperty("user").GetProperty("id").GetString().ShouldBe(ann.Id);
        (await app.PostAsync("/api/auth/verify-token", token: second["access_token"])).Status.ShouldBe(200);
        ended.ShouldBeEmpty();

        (await app.PostAsync("/api/auth/refresh", token: ann.Refresh)).ShouldFail(401, "Invalid token");
        // Whoever holds the newer one may be the thief: the family is gone.
        (await app.PostAsync("/api/auth/refresh", token: second["refresh_token"])).ShouldFail(401, "Invalid token");
        (await app.PostAsync("/api/auth/verify-token", token: second["access_token"])).ShouldFail(401, "Invalid token");
        (await app.PostAsync("/api/auth/verify-token", token: ann.Access)).ShouldFail(401, "Invalid token");
        ended.ShouldHaveSingleItem().UserId.ShouldBe(ann.Id);
    }

    [Fact]
    public async Task One_refresh_token_used_by_many_at_once_works_at_most_once()
    {
        await using var app = new TestApp();
        var ann = await app.GuestAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.PostAsync("/api/auth/refresh", token: ann.Refresh)));
        answers.Count(a => a.Status == 200).ShouldBe(1);
        (await app.PostAsync("/api/auth/verify-token", token: ann.Access)).ShouldFail(401, "Invalid token");
    }

    [Fact]
    public async Task Refresh_failures()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = new TestApp(clock: clock);
        (await app.PostAsync("/api/auth/refresh")).ShouldFail(401, "Authorization token required");
        (await app.PostAsync("/api/auth/refresh", token: "made-up")).ShouldFail(401, "Invalid token");
        var ann = await app.GuestAsync();
        (await app.PostAsync("/api/auth/refresh", token: ann.Access)).ShouldFail(401, "Invalid token");
        var bob = await app.GuestAsync("Bob");
        (await app.DeleteAsync("/api/auth/delete-account", bob.Access)).Status.ShouldBe(200);
        (await app.PostAsync("/api/auth/refresh", token: bob.Refresh)).ShouldFail(404, "User not found");

        clock.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        (await app.PostAsync("/api/auth/refresh", token: ann.Refresh)).ShouldFail(401, "Token has expired");
    }

    [Fact]
    public async Task Access_token_expires_and_the_refreshed_one_works()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = new TestApp(clock: clock);
        var ann = await app.GuestAsync();
        clock.Advance(TimeSpan.FromMinutes(15) + TokenChecks.ClockSkew - TimeSpan.FromSeconds(2));
        (await app.PostAsync("/api/auth/verify-token", token: ann.Access)).Status.ShouldBe(200);
        clock.Advance(TimeSpan.FromSeconds(2));
        (await app.PostAsync("/api/auth/verify-token", token: ann.Access)).ShouldFail(401, "Token has expired");
        var next = await app.PostAsync("/api/auth/refresh", token: ann.Refresh);
        (await app.PostAsync("/api/auth/verify-token", token: next["access_token"])).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Logout_stops_the_sessions_tokens_at_once_and_no_other_session()
    {
        await using var app = new TestApp();
        var ended = new List<SessionsEnded>();
        app.Get<SessionRegistry>().Ended += ended.Add;
        var register = await app.PostAsync("/api/auth/register", new { email = "ann@example.org", password = "correct horse", name = "Ann" });
        var here = TestUser.From(register);
        var there = TestUser.From(await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "correct horse" }));
        (await app.PostAsync("/api/auth/verify-token", token: here.Access)).Status.ShouldBe(200);

        (await app.PostAsync("/api/auth/logout")).ShouldFail(401, "Authorization token required");
        var logout = await app.PostAsync("/api/auth/logout", token: here.Access);
        logout.Status.ShouldBe(200, logout.Text);
        logout["message"].ShouldNotBeNullOrEmpty();

        (await app.PostAsync("/api/auth/verify-token", token: here.Access)).ShouldFail(401, "Invalid token");
        (await app.PostAsync("/api/auth/refresh", token: here.Refresh)).ShouldFail(401, "Invalid token");
        (await app.PostAsync("/api/auth/logout", token: here.Access)).ShouldFail(401, "Invalid token");
        (await app.PostAsync("/api/auth/verify-token", token: there.Access)).Status.ShouldBe(200);
        var caller = (await app.Get<TokenValidator>().ValidateAsync(there.Access, default)).Value!;
        var over = ended.ShouldHaveSingleItem();
        over.UserId.ShouldBe(here.Id);
        over.Covers(caller).ShouldBeFalse();
        over.Covers(caller with { SessionId = over.SessionId }).ShouldBeTrue();
    }

    [Fact]
    public async Task Session_ended_by_another_node_is_noticed_within_two_seconds()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = new TestApp(clock: clock);
        var ann = await app.GuestAsync();
        (await app.PostAsync("/api/auth/verify-token", token: ann.Access)).Status.ShouldBe(200);
        await app.Get<Database>().WriteAsync((db, transaction) => db.ExecuteAsync("UPDATE sessions SET revoked_at = 1", transaction: transaction));
        clock.Advance(SessionRegistry.MaxAge + TimeSpan.FromMilliseconds(1));
        (await app.PostAsync("/api/auth/verify-token", token: ann.Access)).ShouldFail(401, "Invalid token");
    }

    [Fact]
    public async Task Deleting_an_account_leaves_all_rooms_and_stops_every_token()
    {
        await using var app = new TestApp();
        var register = await app.PostAsync("/api/auth/register", new { email = "ann@example.org", password = "correct horse", name = "Ann" });
        var here = TestUser.From(register);
        var there = TestUser.From(await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "correct horse" }));
        await InsertRoomAsync(app, here.Id);
        var deleted = new List<string>();
        var ended = new List<SessionsEnded>();
        app.Get<Accounts>().Deleted += deleted.Add;
        app.Get<SessionRegistry>().Ended += ended.Add;

        var answer = await app.DeleteAsync("/api/auth/delete-account/", here.Access);
        answer.Status.ShouldBe(200, answer.Text);
        answer["message"].ShouldNotBeNullOrEmpty();

        (await app.GetAsync("/api/auth/profile", here.Access)).ShouldFail(401, "Invalid token");
        (await app.GetAsync("/api/auth/profile", there.Access)).ShouldFail(401, "Invalid token");
        (await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "correct horse" })).ShouldFail(401, "Invalid email or password");
        deleted.ShouldBe([here.Id]);
        ended.ShouldBe([new SessionsEnded(here.Id, null)]);
        var active = await app.Get<Database>().ReadAsync(db => db.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM participants WHERE is_active = 1"));
        active.ShouldBe(0);
        // The address is free again, for a new account.
        var again = await app.PostAsync("/api/auth/register", new { email = "ann@example.org", password = "correct horse", name = "Ann" });
        TestUser.From(again).Id.ShouldNotBe(here.Id);
    }

    [Fact]
    public async Task Pruning_keeps_what_still_matters()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = new TestApp(clock: clock);
        var old = await app.GuestAsync();
        clock.Advance(TimeSpan.FromDays(20));
        var young = await app.GuestAsync("Bob");
        clock.Advance(TimeSpan.FromDays(12));
        await app.Get<SessionStore>().PruneAsync(TimeSpan.FromDays(1), default);
        (await app.PostAsync("/api/auth/refresh", token: old.Refresh)).ShouldFail(401, "Invalid token");
        (await app.PostAsync("/api/auth/refresh", token: young.Refresh)).Status.ShouldBe(200);
    }

    private static Task InsertRoomAsync(TestApp app, string userId)
        => app.Get<Database>().WriteAsync(async (db, transaction) =>
        {
            await db.ExecuteAsync(
                """
                INSERT INTO rooms (id, name, is_private, max_participants, language, is_active, created_by, created_at, updated_at, last_activity)
                VALUES ('r', 'Room', 0, 10, 'python', 1, @userId, 1, 1, 1)
                """,
                new { userId },
                transaction);
            await db.ExecuteAsync(
                "INSERT INTO participants (id, room_id, user_id, role, is_active, joined_at, last_seen) VALUES ('p', 'r', @userId, 'owner', 1, 1, 1)",
                new { userId },
                transaction);
        });
}
