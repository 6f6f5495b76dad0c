using System.Reflection;
using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Cases;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Executions;

public sealed class RecordKeeperTests(DatabaseFixture databases)
{
    private static readonly ExecutionRequest _request = new("python", "1", null);

    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task When_the_database_is_away_the_end_is_told_and_the_record_closed_later(string dialect)
    {
        var world = await World.CreateAsync(databases, dialect);
        using var node = world.Node("a");
        await node.StartAsync(TestContext.Current.CancellationToken);
        var record = await node.OpenAsync(world.Room, world.User, "Ada", _request);
        world.Database.Away = true;
        (await node.CloseAsync(ExecutionStoreTests.End(record))).ShouldBeTrue();
        world.Database.Away = false;
        var deadline = 0;
        while ((await world.Store.FindAsync(record.Id))!.Status != "completed")
        {
            (++deadline).ShouldBeLessThan(20_000);
            world.Clock.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        await node.StopAsync(CancellationToken.None);
        world.Reports.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task What_waits_for_the_database_is_written_before_a_stop(string dialect)
    {
        var world = await World.CreateAsync(databases, dialect);
        using var node = world.Node("a");
        await node.StartAsync(TestContext.Current.CancellationToken);
        var record = await node.OpenAsync(world.Room, world.User, "Ada", _request);
        world.Database.Away = true;
        await node.CloseAsync(ExecutionStoreTests.End(record));
        world.Database.Away = false;
        await node.StopAsync(CancellationToken.None);
        (await world.Store.FindAsync(record.Id))!.Status.ShouldBe("completed");
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_restarted_node_closes_its_own_and_leaves_those_of_others(string dialect)
    {
        var world = await World.CreateAsync(databases, dialect);
        using var before = world.Node("a");
        using var other = world.Node("b");
        var lost = await before.OpenAsync(world.Room, world.User, "Ada", _request);
        var alive = await other.OpenAsync(world.Room, world.User, "Ada", _request);
        world.Clock.Advance(TimeSpan.FromSeconds(1));

        using var after = world.Node("a");
        await after.BeatAsync();

        (await world.Store.FindAsync(lost.Id))!.Verdict.ShouldBe("interrupted");
        (await world.Store.FindAsync(alive.Id))!.Status.ShouldBe("pending");
        world.Reports.ShouldBe([lost.Id]);
        await after.BeatAsync();
        world.Reports.Count.ShouldBe(1);
        // The one that was thought dead comes to its end after all: it is told that the record is closed.
        (await before.CloseAsync(ExecutionStoreTests.End(lost))).ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_node_that_does_not_come_back_is_gone_when_its_beat_stands_still_and_not_before(string dialect)
    {
        var world = await World.CreateAsync(databases, dialect);
        using var dead = world.Node("dead");
        using var slow = world.Node("slow");
        using var watcher = world.Node("watcher");
        await dead.BeatAsync();
        var lost = await dead.OpenAsync(world.Room, world.User, "Ada", _request);
        var alive = await slow.OpenAsync(world.Room, world.User, "Ada", _request);
        // Clocks mean nothing: an hour may pass, or be jumped over, between two looks.
        world.Clock.Advance(TimeSpan.FromHours(1));
        for (var look = 0; look < RecordKeeper.GoneAfter; look++)
        {
            await slow.BeatAsync();
            await watcher.BeatAsync();
            (await world.Store.FindAsync(lost.Id))!.Status.ShouldBe("pending", $"look {look}");
        }

        await slow.BeatAsync();
        await watcher.BeatAsync();
        (await world.Store.FindAsync(lost.Id))!.Verdict.ShouldBe("interrupted");
        (await world.Store.FindAsync(alive.Id))!.Status.ShouldBe("pending");
        world.Reports.ShouldBe([lost.Id]);
        await watcher.BeatAsync();
        world.Reports.Count.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_record_in_this_nodes_name_of_which_it_knows_nothing_is_closed_in_time(string dialect)
    {
        var world = await World.CreateAsync(databases, dialect);
        using var node = world.Node("a");
        await node.BeatAsync();
        var known = await node.OpenAsync(world.Room, world.User, "Ada", _request);
        // A commit whose answer was lost: the record is there, and nobody knows its id.
        var orphan = await world.Store.OpenAsync(world.Room, world.User, "Ada", _request, "a");
        await node.BeatAsync();
        (await world.Store.FindAsync(orphan.Id))!.Status.ShouldBe("pending");
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        for (var look = 0; look < 12; look++)
            await node.BeatAsync();
        (await world.Store.FindAsync(orphan.Id))!.Verdict.ShouldBe("interrupted");
        (await world.Store.FindAsync(known.Id))!.Status.ShouldBe("pending");
    }

    [Fact]
    public void A_node_keeps_its_name_with_its_folder_and_a_second_process_gets_another()
    {
        var folder = Directory.CreateTempSubdirectory("codechill-node-").FullName;
        try
        {
            string id;
            using (var first = Identity(folder))
            {
                id = first.Id;
                using var second = Identity(folder);
                second.Id.ShouldNotBe(id);
            }

            using var again = Identity(folder);
            again.Id.ShouldBe(id);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NodeIdentity Identity(string folder)
        => new(new ServerOptions { Url = null, DataFolder = folder, WebRoot = null, TrustedProxies = [], StopTimeout = TimeSpan.FromSeconds(1) }, TimeProvider.System, NullLogger<NodeIdentity>.Instance);

    private sealed class World
    {
        public required FlakyDatabase Database { get; init; }

        public required FakeTimeProvider Clock { get; init; }

        public required ExecutionStore Store { get; init; }

        public required string Room { get; init; }

        public required string User { get; init; }

        /// <summary>Ids of the runs whose end was reported to a room.</summary>
        public List<string> Reports { get; } = [];

        public static async Task<World> CreateAsync(DatabaseFixture databases, string dialect)
        {
            var real = await databases.CreateAsync(dialect);
            var user = await TestRooms.CreateUserAsync(real);
            var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
            return new World
            {
                Database = new FlakyDatabase(real),
                Clock = clock,
                Store = new ExecutionStore(real, clock),
                Room = await TestRooms.CreateAsync(real, owner: user),
                User = user,
            };
        }

        public RecordKeeper Node(string name)
        {
            var grains = (GrainsProxy)(object)DispatchProxy.Create<IGrainFactory, GrainsProxy>();
            grains.World = this;
            return new RecordKeeper(
                new ExecutionStore(Database, Clock),
                new CaseStore(Database, Clock),
                new NodeStore(Database),
                new NodeIdentity(name),
                (IGrainFactory)(object)grains,
                new ExecutionMetrics(new TestMeters()),
                Clock,
                NullLogger<RecordKeeper>.Instance);
        }
    }

#pragma warning disable CA1852 // A dispatch proxy is derived from at run time.
    /// <summary>Gives a room that notes what is reported to it.</summary>
    internal class GrainsProxy : DispatchProxy
    {
        public object? World { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var room = DispatchProxy.Create<IRoomGrain, RoomProxy>();
            ((RoomProxy)(object)room).Reports = ((World)World!).Reports;
            return room;
        }
    }

    internal class RoomProxy : DispatchProxy
    {
        public List<string> Reports { get; set; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (args is [ExecutionCompleted completed])
                Reports.Add(completed.ExecutionId);
            return Task.FromResult(true);
        }
    }
#pragma warning restore CA1852
}
