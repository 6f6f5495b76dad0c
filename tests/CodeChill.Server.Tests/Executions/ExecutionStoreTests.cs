using CodeChill.Server.Executions;
using CodeChill.Server.Platform;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Storage;

namespace CodeChill.Server.Tests.Executions;

public sealed class ExecutionStoreTests(DatabaseFixture databases)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_record_is_closed_once(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = await TestRooms.CreateUserAsync(database);
        var room = await TestRooms.CreateAsync(database, owner: user);
        var store = new ExecutionStore(database, TimeProvider.System);
        var id = await store.OpenAsync(room, user, new ExecutionRequest("python", "print(1)", "in"));
        await store.StartAsync(id);

        (await store.CloseAsync(id, new RunOutcome("completed", "success", "1\n", "", null, 0, 0.25, 4096))).ShouldBeTrue();
        (await store.CloseAsync(id, RunOutcome.Failed("time_limit", "too late"))).ShouldBeFalse();

        var record = (await store.FindAsync(id))!;
        (record.Status, record.Verdict, record.Output, record.ExitCode, record.ExecutionTime, record.MemoryUsage)
            .ShouldBe(("completed", "success", "1\n", 0, 0.25, 4096L));
        record.StartedAt.ShouldNotBeNull();
        record.CompletedAt.ShouldNotBeNull();
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task What_an_earlier_process_left_open_is_closed_as_interrupted(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = await TestRooms.CreateUserAsync(database);
        var room = await TestRooms.CreateAsync(database, owner: user);
        var store = new ExecutionStore(database, TimeProvider.System);
        var pending = await store.OpenAsync(room, user, new ExecutionRequest("python", "1", null));
        var running = await store.OpenAsync(room, user, new ExecutionRequest("python", "2", null));
        await store.StartAsync(running);
        var done = await store.OpenAsync(room, user, new ExecutionRequest("python", "3", null));
        await store.CloseAsync(done, new RunOutcome("completed", "success"));

        (await store.CloseAbandonedAsync()).ShouldBe(2);

        (await store.FindAsync(pending))!.Verdict.ShouldBe("interrupted");
        (await store.FindAsync(running))!.Status.ShouldBe("failed");
        (await store.FindAsync(done))!.Status.ShouldBe("completed");
        var (page, total) = await store.ListAsync(room, new PageRequest(1, 2));
        page.Select(e => e.Id).ShouldBe([done, running]);
        total.ShouldBe(3);
    }
}
