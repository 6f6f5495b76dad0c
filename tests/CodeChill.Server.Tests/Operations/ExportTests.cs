using System.IO.Pipelines;
using System.Text.Json;
using CodeChill.Server.Operations;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Platform;
using CodeChill.Server.Tests.Storage;
using CodeChill.Server.Users;
using Dapper;

namespace CodeChill.Server.Tests.Operations;

public sealed class ExportTests(DatabaseFixture databases)
{
    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Export_holds_everything_of_mine_and_nothing_of_others(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var (ann, bob) = (await TestRooms.CreateUserAsync(database, "Ann"), await TestRooms.CreateUserAsync(database, "Bob"));
        var (mine, theirs) = (await TestRooms.CreateAsync(database, "my text", ann), await TestRooms.CreateAsync(database, "canary of Bob", bob));
        // More than two pages, so that the seams between them are crossed.
        const int Messages = 1_203;
        await database.WriteAsync(async (c, t) =>
        {
            for (var i = 0; i < Messages; i++)
            {
                await c.ExecuteAsync(
                    "INSERT INTO messages (id, room_id, user_id, content, message_type, created_at) VALUES (@id, @mine, @ann, @content, 'text', @i)",
                    new { id = Ids.New(TimeProvider.System), mine, ann, content = $"message {i}", i },
                    t);
            }

            await c.ExecuteAsync(
                "INSERT INTO messages (id, room_id, user_id, content, message_type, created_at) VALUES (@id, @mine, @bob, 'canary of Bob', 'text', 1)",
                new { id = Ids.New(TimeProvider.System), mine, bob },
                t);
            foreach (var user in new[] { ann, bob })
            {
                await c.ExecuteAsync(
                    """
                    INSERT INTO room_history (room_id, seq, first_seq, version, user_id, client_kind, first_at, created_at, crc, payload)
                    VALUES (@mine, @seq, @seq, 1, @user, 'yjs', 1, 1, 0, @payload)
                    """,
                    new { mine, user, seq = user == ann ? 5 : 6, payload = new byte[1] },
                    t);
                await c.ExecuteAsync(
                    "INSERT INTO executions (id, room_id, user_id, language, source_code, status, created_at) VALUES (@id, @mine, @user, 'python', @code, 'completed', 1)",
                    new { id = Ids.New(TimeProvider.System), mine, user, code = user == ann ? "print(1)" : "canary of Bob" },
                    t);
                await c.ExecuteAsync(
                    """
                    INSERT INTO test_cases (id, room_id, name, input, expected_output, is_hidden, position, created_by, created_at, updated_at)
                    VALUES (@id, @mine, 'one', @code, '', 1, @position, @user, 1, 1)
                    """,
                    new { id = Ids.New(TimeProvider.System), mine, user, position = user == ann ? 0 : 1, code = user == ann ? "in" : "canary of Bob" },
                    t);
                await c.ExecuteAsync(
                    """
                    INSERT INTO case_runs (id, room_id, user_id, language, source_code, status, passed, total, node_id, created_at)
                    VALUES (@id, @mine, @user, 'python', @code, 'completed', 1, 2, 'node', 1)
                    """,
                    new { id = Ids.New(TimeProvider.System), mine, user, code = user == ann ? "print(2)" : "canary of Bob" },
                    t);
            }
        });

        using var output = new MemoryStream();
        await new Export(database, TimeProvider.System).WriteAsync((await new UserStore(database, TimeProvider.System).FindAsync(ann))!, PipeWriter.Create(output), default);
        var text = System.Text.Encoding.UTF8.GetString(output.ToArray());
        text.ShouldNotContain("canary of Bob");
        text.ShouldNotContain(theirs);
        var json = JsonElement.Parse(text);
        json.GetProperty("user").GetProperty("id").GetString().ShouldBe(ann);
        json.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("content").GetString()).ShouldBe(Enumerable.Range(0, Messages).Select(i => $"message {i}"));
        json.GetProperty("executions").EnumerateArray().ShouldHaveSingleItem().GetProperty("source_code").GetString().ShouldBe("print(1)");
        json.GetProperty("test_cases").EnumerateArray().ShouldHaveSingleItem().GetProperty("input").GetString().ShouldBe("in");
        var caseRun = json.GetProperty("case_runs").EnumerateArray().ShouldHaveSingleItem();
        (caseRun.GetProperty("source_code").GetString(), caseRun.GetProperty("total").GetInt32()).ShouldBe(("print(2)", 2));
        json.GetProperty("rooms").EnumerateArray().ShouldHaveSingleItem().GetProperty("content").GetString().ShouldBe("my text");
        json.GetProperty("memberships").EnumerateArray().ShouldHaveSingleItem().GetProperty("role").GetString().ShouldBe("owner");
        json.GetProperty("edits").EnumerateArray().Select(edit => edit.GetProperty("kind").GetString()).ShouldBe(["yjs", "template"]);
    }

    [Fact]
    public async Task Export_is_a_file_for_its_owner_and_not_too_often()
    {
        await using var app = new TestApp();
        (await app.GetAsync("/api/users/export")).ShouldFail(401, "Authorization token required");
        var registered = TestUser.From(await app.PostAsync("/api/auth/register", new { email = "ann@example.org", password = "correct horse", name = "Ann" }));
        for (var i = 0; i < 3; i++)
        {
            var export = await app.GetAsync("/api/users/export", registered.Access);
            export.Status.ShouldBe(200, export.Text);
            export.Response.Content.Headers.ContentDisposition!.FileName!.Trim('"').ShouldBe("codechill-export.json");
            export.Json.GetProperty("account").GetProperty("login_email").GetString().ShouldBe("ann@example.org");
            export.Json.GetProperty("account").GetProperty("has_password").GetBoolean().ShouldBeTrue();
            export.Json.GetProperty("sessions").GetArrayLength().ShouldBe(1);
            foreach (var secret in new[] { "correct horse", registered.Refresh, registered.Access, "password_hash", "AQAAAA" })
                export.Text.ShouldNotContain(secret);
        }

        var refused = await app.GetAsync("/api/users/export", registered.Access);
        refused.ShouldFail(429, "Rate limit exceeded");
        refused.Response.Headers.RetryAfter.ShouldNotBeNull();
    }
}
