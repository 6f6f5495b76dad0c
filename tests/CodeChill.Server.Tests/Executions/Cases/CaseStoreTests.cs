using CodeChill.Server.Executions.Cases;
using CodeChill.Server.Platform;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Storage;

namespace CodeChill.Server.Tests.Executions.Cases;

public sealed class CaseStoreTests(DatabaseFixture databases)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Cases_keep_their_order_through_every_change(string dialect)
    {
        var (store, room, user) = await ArrangeAsync(dialect);
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add((await store.CreateAsync(room, user, new CaseFields { Name = $"{i}" })).Value!.Id);
        await ShouldBeAsync("01234");
        await store.UpdateAsync(room, ids[4], new CaseFields { Position = 1 });
        await ShouldBeAsync("04123");
        await store.UpdateAsync(room, ids[0], new CaseFields { Position = 49 });
        await ShouldBeAsync("41230");
        (await store.DeleteAsync(room, ids[1])).ShouldBeTrue();
        (await store.DeleteAsync(room, ids[1])).ShouldBeFalse();
        await store.CreateAsync(room, user, new CaseFields { Name = "n", Position = 1 });
        await ShouldBeAsync("4n230");
        (await store.UpdateAsync("another room", ids[0], new CaseFields())).Error.ShouldBe(CaseErrors.NotFound);
        (await store.DeleteAsync("another room", ids[0])).ShouldBeFalse();

        async Task ShouldBeAsync(string names)
        {
            var all = await store.ListAsync(room);
            string.Concat(all.Select(c => c.Name)).ShouldBe(names);
            all.Select(c => c.Position).ShouldBe(Enumerable.Range(0, names.Length));
        }
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_case_is_kept_as_it_was_given_and_limits_are_changed_only_when_named(string dialect)
    {
        var (store, room, user) = await ArrangeAsync(dialect);
        var text = new string('x', CaseLimits.TextLength - 2) + "👋";
        var made = (await store.CreateAsync(room, user, new CaseFields { Name = "Größe 👋", Input = text, ExpectedOutput = text, IsHidden = true, TimeLimit = 1.5, MemoryLimit = 65536 })).Value!;
        var read = (await store.FindAsync(room, made.Id))!;
        (read.Name, read.Input, read.ExpectedOutput, read.IsHidden, read.TimeLimit, read.MemoryLimit).ShouldBe(("Größe 👋", text, text, true, 1.5, 65536L));
        var changed = (await store.UpdateAsync(room, made.Id, new CaseFields { SetsTimeLimit = true, IsHidden = false })).Value!;
        (changed.TimeLimit, changed.MemoryLimit, changed.IsHidden, changed.Input).ShouldBe((null, 65536L, false, text));
        (read.Masked().Input, changed.Masked().Input).ShouldBe((null, text));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_run_keeps_results_once_is_closed_once_and_is_closed_for_a_gone_node(string dialect)
    {
        var (store, room, user) = await ArrangeAsync(dialect);
        var run = Run(room, user);
        await store.OpenRunAsync(run, "node");
        var result = new CaseCompletedEvent(run.Id, Ids.New(TimeProvider.System), "one", 0, false, "wrong_answer", 0.5, 1000, "out 👋", "", [new DiffLine("missing", "x", 1, null)]);
        await store.AddResultAsync(result);
        await store.AddResultAsync(result with { Verdict = "accepted" });
        var end = new CasesCompletedEvent(run.Id, user, "python", "wrong_answer", 0, 2, null);
        (await store.CloseRunAsync(end)).ShouldBeTrue();
        (await store.CloseRunAsync(end with { Verdict = "accepted" })).ShouldBeFalse();
        var read = (await store.FindRunAsync(room, run.Id))!;
        (read.Status, read.Verdict, read.Passed, read.Total, read.UserName).ShouldBe(("completed", "wrong_answer", 0, 2, "Ada"));
        var kept = read.Results!.ShouldHaveSingleItem();
        (kept with { Diff = null }).ShouldBe(result with { Diff = null });
        kept.Diff.ShouldBe(result.Diff);
        (await store.FindRunAsync("another", run.Id)).ShouldBeNull();

        var lost = Run(room, user);
        await store.OpenRunAsync(lost, "node");
        await store.AddResultAsync(result with { RunId = lost.Id, Verdict = "accepted" });
        var before = TimeProvider.System.GetUtcNow().AddSeconds(1);
        (await store.CloseAbandonedAsync("other", new HashSet<string>(), before)).ShouldBeEmpty();
        (await store.CloseAbandonedAsync("node", new HashSet<string> { lost.Id }, before)).ShouldBeEmpty();
        var closed = (await store.CloseAbandonedAsync("node", new HashSet<string>(), before)).ShouldHaveSingleItem();
        (closed.Id, closed.Status, closed.Verdict, closed.Passed).ShouldBe((lost.Id, "completed", "internal_error", 1));
        var (page, total) = await store.ListRunsAsync(room, new PageRequest(1, 1));
        (page.Single().Id, total).ShouldBe((lost.Id, 2));
    }

    private static CaseRunView Run(string room, string user) => new()
    {
        Id = Ids.New(TimeProvider.System),
        RoomId = room,
        UserId = user,
        UserName = "Ada",
        Language = "python",
        SourceCode = "print(1)",
        Status = "running",
        Total = 2,
        CreatedAt = TimeProvider.System.GetUtcNow(),
    };

    private async Task<(CaseStore Store, string Room, string User)> ArrangeAsync(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var user = await TestRooms.CreateUserAsync(database);
        return (new CaseStore(database, TimeProvider.System), await TestRooms.CreateAsync(database, owner: user), user);
    }
}
