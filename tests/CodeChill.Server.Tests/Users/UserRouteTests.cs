using System.Text.Json;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Platform;
using CodeChill.Server.Users.Stats;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CodeChill.Server.Tests.Users;

public sealed class UserRouteTests
{
    public static TheoryData<string, string> GuardedRoutes => new()
    {
        { "GET", "/api/auth/profile" },
        { "PUT", "/api/auth/profile" },
        { "POST", "/api/auth/stats/refresh" },
        { "POST", "/api/auth/logout" },
        { "POST", "/api/auth/verify-token" },
        { "DELETE", "/api/auth/delete-account" },
        { "GET", "/api/users/profile" },
        { "PUT", "/api/users/profile" },
        { "GET", "/api/users/0195d5b5-0000-7000-8000-000000000000/profile" },
        { "GET", "/api/users/search?q=an" },
        { "POST", "/api/users/stats/refresh" },
        { "GET", "/api/users/dashboard" },
        { "GET", "/api/users/rooms" },
    };

    [Fact]
    public async Task Every_route_wants_a_token_with_and_without_a_trailing_slash()
    {
        await using var app = new TestApp();
        foreach (var (method, path) in GuardedRoutes.Select(row => row.Data))
        {
            foreach (var form in new[] { path, path.Contains('?', StringComparison.Ordinal) ? path.Replace("?", "/?", StringComparison.Ordinal) : path + "/" })
            {
                (await app.SendAsync(new HttpMethod(method), form)).ShouldFail(401, "Authorization token required");
                (await app.SendAsync(new HttpMethod(method), form, token: "eyJ.x.y")).ShouldFail(401, "Invalid token");
            }
        }
    }

    [Theory]
    [InlineData("/api/auth/profile", "user")]
    [InlineData("/api/users/profile", "profile")]
    public async Task Profile_is_read_and_changed(string path, string member)
    {
        await using var app = new TestApp();
        var ann = await app.GuestAsync();
        var before = await app.GetAsync(path, ann.Access);
        before.Status.ShouldBe(200, before.Text);
        before.Json.GetProperty(member).GetProperty("id").GetString().ShouldBe(ann.Id);
        before.Json.GetProperty(member).GetProperty("github_stats").ValueKind.ShouldBe(JsonValueKind.Null);

        var changed = await app.PutAsync(
            path,
            new { name = " Änne ", github_username = "anne-dev", leetcode_username = "anne_1", codeforces_username = "an.ne", is_verified = true, email = "x@y.org", id = "z" },
            ann.Access);
        changed.Status.ShouldBe(200, changed.Text);
        changed["message"].ShouldBe("Profile updated successfully");
        var user = (await app.GetAsync(path, ann.Access)).Json.GetProperty(member);
        user.GetRawText().ShouldBe(changed.Json.GetProperty(member).GetRawText());
        user.GetProperty("name").GetString().ShouldBe("Änne");
        user.GetProperty("github_username").GetString().ShouldBe("anne-dev");
        user.GetProperty("leetcode_username").GetString().ShouldBe("anne_1");
        user.GetProperty("codeforces_username").GetString().ShouldBe("an.ne");
        // Not these.
        user.GetProperty("is_verified").GetBoolean().ShouldBeFalse();
        user.GetProperty("email").ValueKind.ShouldBe(JsonValueKind.Null);
        user.GetProperty("id").GetString().ShouldBe(ann.Id);

        // What is absent stays, what is empty or null goes.
        var cleared = (await app.PutAsync(path, new { github_username = "", leetcode_username = (string?)null }, ann.Access)).Json.GetProperty(member);
        cleared.GetProperty("github_username").ValueKind.ShouldBe(JsonValueKind.Null);
        cleared.GetProperty("leetcode_username").ValueKind.ShouldBe(JsonValueKind.Null);
        cleared.GetProperty("codeforces_username").GetString().ShouldBe("an.ne");
        cleared.GetProperty("name").GetString().ShouldBe("Änne");
    }

    [Theory]
    [InlineData("""{"name":"A"}""", "Name must be between 2 and 255 characters")]
    [InlineData("""{"name":"  A "}""", "Name must be between 2 and 255 characters")]
    [InlineData("""{"name":null}""", "Name must be between 2 and 255 characters")]
    [InlineData("""{"name":7}""", "Name must be between 2 and 255 characters")]
    [InlineData("{\"name\":\"a\\nb\"}", "Name must not contain control characters")]
    [InlineData("""{"github_username":"a/b"}""", "Invalid github_username: at most 100 letters, digits, dots, hyphens and underscores")]
    [InlineData("""{"leetcode_username":".."}""", "Invalid leetcode_username: at most 100 letters, digits, dots, hyphens and underscores")]
    [InlineData("""{"codeforces_username":["x"]}""", "Invalid codeforces_username: at most 100 letters, digits, dots, hyphens and underscores")]
    [InlineData("""{}""", "No data provided")]
    [InlineData("""{"is_active":false}""", "No data provided")]
    [InlineData("""[1]""", "Invalid JSON body")]
    public async Task Profile_refuses_what_it_must(string body, string error)
    {
        await using var app = new TestApp();
        var ann = await app.GuestAsync();
        foreach (var path in new[] { "/api/auth/profile", "/api/users/profile" })
        {
            using var client = app.CreateClient();
            using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
            request.Headers.Authorization = new("Bearer", ann.Access);
            (await Answer.OfAsync(await client.SendAsync(request))).ShouldFail(400, error);
        }
    }

    [Fact]
    public async Task Profile_limits_are_exact()
    {
        await using var app = new TestApp();
        var ann = await app.GuestAsync();
        (await app.PutAsync("/api/users/profile", new { name = new string('n', 255), github_username = new string('g', 100) }, ann.Access)).Status.ShouldBe(200);
        (await app.PutAsync("/api/users/profile", new { name = new string('n', 256) }, ann.Access)).Status.ShouldBe(400);
        (await app.PutAsync("/api/users/profile", new { github_username = new string('g', 101) }, ann.Access)).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Two_changes_at_once_both_survive()
    {
        await using var app = new TestApp();
        var ann = await app.GuestAsync();
        await Task.WhenAll(
            app.PutAsync("/api/users/profile", new { name = "Both" }, ann.Access),
            app.PutAsync("/api/users/profile", new { github_username = "both" }, ann.Access),
            app.PutAsync("/api/users/profile", new { codeforces_username = "both" }, ann.Access));
        var profile = (await app.GetAsync("/api/users/profile", ann.Access)).Json.GetProperty("profile");
        profile.GetProperty("name").GetString().ShouldBe("Both");
        profile.GetProperty("github_username").GetString().ShouldBe("both");
        profile.GetProperty("codeforces_username").GetString().ShouldBe("both");
    }

    [Fact]
    public async Task Another_users_profile_shows_no_address()
    {
        await using var app = new TestApp();
        var ann = await app.GuestAsync();
        var bob = TestUser.From(await app.PostAsync("/api/auth/register", new { email = "bob@example.org", password = "correct horse", name = "Bob" }));
        var profile = await app.GetAsync($"/api/users/{bob.Id.ToUpperInvariant()}/profile", ann.Access);
        profile.Status.ShouldBe(200, profile.Text);
        profile.Text.ShouldNotContain("bob@example.org");
        var shown = profile.Json.GetProperty("profile");
        shown.TryGetProperty("email", out _).ShouldBeFalse();
        shown.GetProperty("name").GetString().ShouldBe("Bob");
        shown.GetProperty("public_rooms_created").GetInt64().ShouldBe(0);

        (await app.GetAsync("/api/users/0195d5b5-0000-7000-8000-000000000000/profile", ann.Access)).ShouldFail(404, "User not found");
        (await app.GetAsync("/api/users/not-an-id/profile", ann.Access)).ShouldFail(404, "User not found");
        await app.DeleteAsync("/api/auth/delete-account", bob.Access);
        (await app.GetAsync($"/api/users/{bob.Id}/profile", ann.Access)).ShouldFail(404, "User not found");
    }

    [Fact]
    public async Task Search_finds_names_and_handles_page_by_page()
    {
        await using var app = new TestApp();
        var ann = TestUser.From(await app.PostAsync("/api/auth/register", new { email = "ann@example.org", password = "correct horse", name = "Ann 100%" }));
        await app.PutAsync("/api/auth/profile", new { github_username = "octo_ann" }, ann.Access);
        for (var i = 0; i < 5; i++)
            await app.GuestAsync($"Many {i}");

        (await app.GetAsync("/api/users/search?q=a", ann.Access)).ShouldFail(400, "Search query must be at least 2 characters");
        (await app.GetAsync("/api/users/search", ann.Access)).ShouldFail(400, "Search query must be at least 2 characters");
        (await app.GetAsync("/api/users/search?q=" + new string('a', 101), ann.Access)).ShouldFail(400, "Search query must be at most 100 characters");

        var found = await app.GetAsync("/api/users/search?q=MANY&page=2&per_page=2", ann.Access);
        found.Status.ShouldBe(200, found.Text);
        found["query"].ShouldBe("MANY");
        found.Json.GetProperty("users").EnumerateArray().Select(u => u.GetProperty("name").GetString()).ShouldBe(["Many 2", "Many 3"]);
        found.Json.GetProperty("pagination").GetRawText().ShouldBe("""{"page":2,"pages":3,"per_page":2,"total":5,"has_next":true,"has_prev":true}""");

        (await NamesAsync("octo_")).ShouldBe(["Ann 100%"]);
        // Wildcards are only characters.
        (await NamesAsync("0%25")).ShouldBe(["Ann 100%"]);
        (await NamesAsync("%25%25")).ShouldBeEmpty();
        (await NamesAsync("M_ny")).ShouldBeEmpty();
        // An address finds nobody, and nobody's is shown.
        (await NamesAsync("ann@example.org")).ShouldBeEmpty();
        (await app.GetAsync("/api/users/search?q=ann", ann.Access)).Text.ShouldNotContain("example.org");

        async Task<IEnumerable<string?>> NamesAsync(string query)
            => (await app.GetAsync("/api/users/search?q=" + query, ann.Access)).Json.GetProperty("users").EnumerateArray().Select(u => u.GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("/api/auth/stats/refresh", "user")]
    [InlineData("/api/users/stats/refresh", "profile")]
    public async Task Stats_without_any_source(string path, string member)
    {
        await using var app = new TestApp();
        var ann = await app.GuestAsync();
        var none = await app.PostAsync(path, token: ann.Access);
        none.Status.ShouldBe(200, none.Text);
        none["message"].ShouldNotBeNullOrEmpty();
        none.Json.GetProperty(member).GetProperty("codeforces_stats").ValueKind.ShouldBe(JsonValueKind.Null);

        await app.PutAsync("/api/auth/profile", new { github_username = "ann" }, ann.Access);
        (await app.PostAsync(path, token: ann.Access)).ShouldFail(503, "No platform answered");
    }

    [Fact]
    public async Task Stats_come_from_the_sources_that_answer_and_go_with_the_handle()
    {
        await using var app = new TestApp(services: services => services
            .AddSingleton(new StatsSource(StatsPlatform.GitHub, (handle, _) => Task.FromResult<string?>($$"""{"username":"{{handle}}","followers":3}""")))
            .AddSingleton(new StatsSource(StatsPlatform.LeetCode, (_, _) => throw new HttpRequestException("down"))));
        var ann = await app.GuestAsync();
        await app.PutAsync("/api/auth/profile", new { github_username = "octo", leetcode_username = "leet" }, ann.Access);
        var refreshed = await app.PostAsync("/api/auth/stats/refresh", token: ann.Access);
        refreshed.Status.ShouldBe(200, refreshed.Text);
        refreshed.Json.GetProperty("user").GetProperty("github_stats").GetProperty("followers").GetInt32().ShouldBe(3);
        refreshed.Json.GetProperty("user").GetProperty("leetcode_stats").ValueKind.ShouldBe(JsonValueKind.Null);

        var profile = await app.GetAsync("/api/users/profile", ann.Access);
        profile.Json.GetProperty("profile").GetProperty("github_stats").GetProperty("username").GetString().ShouldBe("octo");
        var other = (await app.PutAsync("/api/auth/profile", new { github_username = (string?)null }, ann.Access)).Json.GetProperty("user");
        other.GetProperty("github_stats").ValueKind.ShouldBe(JsonValueKind.Null, "the numbers were another account's");
    }

    [Fact]
    public async Task Rooms_and_dashboard_follow_membership()
    {
        await using var app = new TestApp();
        var ann = await app.GuestAsync();
        var bob = await app.GuestAsync("Bob");
        for (var i = 0; i < 7; i++)
            await InsertRoomAsync(app, $"00000000-0000-7000-8000-00000000000{i}", i < 4 ? ann.Id : bob.Id, i % 2 == 0, at: i, ann.Id, bob.Id);
        await app.Get<Database>().WriteAsync((db, transaction) => db.ExecuteAsync(
            "UPDATE participants SET is_active = 0 WHERE user_id = @Id AND room_id LIKE '%6'", new { ann.Id }, transaction));

        var rooms = await app.GetAsync("/api/users/rooms", ann.Access);
        rooms.Status.ShouldBe(200, rooms.Text);
        var list = rooms.Json.GetProperty("rooms").EnumerateArray().ToList();
        list.Select(r => r.GetProperty("name").GetString()).ShouldBe(["Room 5", "Room 4", "Room 3", "Room 2", "Room 1", "Room 0"]);
        list[0].GetProperty("user_role").GetString().ShouldBe("participant");
        list[0].GetProperty("owner_name").GetString().ShouldBe("Bob");
        list[0].GetProperty("participants").GetArrayLength().ShouldBe(2);
        list[0].GetProperty("current_participants").GetInt32().ShouldBe(2);
        rooms.Text.ShouldNotContain("password");

        var dashboard = (await app.GetAsync("/api/users/dashboard", ann.Access)).Json.GetProperty("dashboard");
        dashboard.GetProperty("user").GetProperty("id").GetString().ShouldBe(ann.Id);
        dashboard.GetProperty("recent_rooms").GetArrayLength().ShouldBe(5);
        dashboard.GetProperty("owned_rooms").EnumerateArray().Select(r => r.GetProperty("name").GetString()).ShouldBe(["Room 3", "Room 2", "Room 1", "Room 0"]);
        dashboard.GetProperty("stats").GetRawText().ShouldBe("""{"total_rooms_created":4,"total_rooms_joined":7,"active_participations":6}""");
        var profile = (await app.GetAsync("/api/users/profile", ann.Access)).Json.GetProperty("profile");
        profile.GetProperty("rooms_created").GetInt64().ShouldBe(4);
        profile.GetProperty("rooms_joined").GetInt64().ShouldBe(7);
        (await app.GetAsync($"/api/users/{ann.Id}/profile", bob.Access)).Json.GetProperty("profile").GetProperty("public_rooms_created").GetInt64().ShouldBe(2);
    }

    private static Task InsertRoomAsync(TestApp app, string id, string owner, bool isPrivate, int at, params string[] members)
        => app.Get<Database>().WriteAsync(async (db, transaction) =>
        {
            await db.ExecuteAsync(
                """
                INSERT INTO rooms (id, name, is_private, password_hash, max_participants, language, is_active, created_by, created_at, updated_at, last_activity)
                VALUES (@id, @name, @isPrivate, 'secret-hash', 10, 'python', 1, @owner, 1, 1, @at)
                """,
                new { id, name = "Room " + at, isPrivate, owner, at },
                transaction);
            foreach (var member in members)
            {
                await db.ExecuteAsync(
                    """
                    INSERT INTO participants (id, room_id, user_id, role, is_active, joined_at, last_seen)
                    VALUES (@key, @id, @member, @role, 1, 1, 1)
                    """,
                    new { key = Guid.NewGuid().ToString(), id, member, role = member == owner ? "owner" : "participant" },
                    transaction);
            }
        });
}
