using CodeChill.Server.Executions;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Storage;
using Dapper;

namespace CodeChill.Server.Tests.Executions;

public sealed class ExecutionStoreTests(DatabaseFixture databases)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_record_is_closed_once(string dialect)
    {
        var (store, _, room, user) = await ArrangeAsync(dialect);
        var record = await store.OpenAsync(room, user, "Ada", new ExecutionRequest("python", "print(1)", "in"), "node");
        await store.StartAsync(record.Id, TimeProvider.System.GetUtcNow());
        (await store.FindAsync(record.Id))!.Status.ShouldBe("running");

        (await store.CloseAsync(End(record) with { Output = "1\n", ExitCode = 0, ExecutionTime = 0.25, MemoryUsage = 4096 })).ShouldBeTrue();
        (await store.CloseAsync(End(record, "failed", "time_limit"))).ShouldBeFalse();

        var closed = (await store.FindAsync(record.Id))!;
        (closed.Status, closed.Verdict, closed.Output, closed.ExitCode, closed.ExecutionTime, closed.MemoryUsage)
            .ShouldBe(("completed", "success", "1\n", 0, 0.25, 4096L));
        closed.StartedAt.ShouldNotBeNull();
        closed.CompletedAt.ShouldNotBeNull();
        closed.UserName.ShouldBe("Ada");
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_start_that_is_written_late_does_not_open_a_closed_record(string dialect)
    {
        var (store, _, room, user) = await ArrangeAsync(dialect);
        var record = await store.OpenAsync(room, user, "Ada", new ExecutionRequest("python", "1", null), "node");
        await store.CloseAsync(End(record));
        await store.StartAsync(record.Id, TimeProvider.System.GetUtcNow());
        (await store.FindAsync(record.Id))!.Status.ShouldBe("completed");
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Only_what_the_gone_node_left_open_is_closed(string dialect)
    {
        var (store, database, room, user) = await ArrangeAsync(dialect);
        var request = new ExecutionRequest("python", "1", null);
        var pending = await store.OpenAsync(room, user, "Ada", request, "gone");
        var running = await store.OpenAsync(room, user, "Ada", request, "gone");
        await store.StartAsync(running.Id, TimeProvider.System.GetUtcNow());
        var done = await store.OpenAsync(room, user, "Ada", request, "gone");
        await store.CloseAsync(End(done));
        var alive = await store.OpenAsync(room, user, "Ada", request, "gone");
        var elsewhere = await store.OpenAsync(room, user, "Ada", request, "other");
        var unnamed = await store.OpenAsync(room, user, "Ada", request, "x");
        await database.WriteAsync((c, t) => c.ExecuteAsync("UPDATE executions SET node_id = NULL WHERE id = @Id", new { unnamed.Id }, t));
        var now = TimeProvider.System.GetUtcNow();

        (await store.CloseAbandonedAsync("gone", new HashSet<string>(), now.AddHours(-1))).ShouldBeEmpty();
        var closed = await store.CloseAbandonedAsync("gone", new HashSet<string> { alive.Id }, now.AddSeconds(1));

        closed.Select(c => c.Id).ShouldBe([pending.Id, running.Id, unnamed.Id], ignoreOrder: true);
        closed.ShouldAllBe(c => c.Status == "failed" && c.Verdict == "interrupted" && c.CompletedAt != null);
        (await store.FindAsync(done.Id))!.Status.ShouldBe("completed");
        (await store.FindAsync(alive.Id))!.Status.ShouldBe("pending");
        (await store.FindAsync(elsewhere.Id))!.Status.ShouldBe("pending");
        (await store.InterruptedAsync(room, now.AddMinutes(-1))).Count.ShouldBe(3);
        (await store.InterruptedAsync(room, now.AddMinutes(5))).ShouldBeEmpty();
        var (page, total) = await store.ListAsync(room, new PageRequest(1, 2));
        page.Select(e => e.Id).ShouldBe([unnamed.Id, elsewhere.Id]);
        total.ShouldBe(6);
    }

    internal static ExecutionView End(ExecutionView record, string status = "completed", string verdict = "success")
        => record with { Status = status, Verdict = verdict, StartedAt = record.CreatedAt, CompletedAt = record.CreatedAt };

    private async Task<(ExecutionStore Store, Database Database, string Room, string User)> ArrangeAsync(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = await TestRooms.CreateUserAsync(database);
        return (new ExecutionStore(database, TimeProvider.System), database, await TestRooms.CreateAsync(database, owner: user), user);
    }
}
