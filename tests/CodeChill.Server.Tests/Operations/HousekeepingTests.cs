using CodeChill.Server.Documents;
using CodeChill.Server.Operations;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Platform;
using CodeChill.Server.Tests.Storage;
using CodeChill.Server.Users;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Operations;

/// <summary>The rows of housekeeping, on both dialects; that the grain lets nobody go who is in is shown over the real server in <c>RealServerTests</c>.</summary>
public sealed class HousekeepingTests(DatabaseFixture databases)
{
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(_start);
    private readonly List<(string Room, DateTimeOffset Before)> _expired = [];
    private readonly List<(string Room, DateTimeOffset Before)> _dropped = [];

    [Fact]
    public async Task Every_column_that_names_a_room_or_a_user_has_an_owner()
    {
        var database = await databases.CreateAsync("sqlite");
        var columns = (await database.ReadAsync(c => c.QueryAsync<(string Table, string Column)>(
            "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT IN ('changelog', 'sqlite_sequence')"))).AsList();
        columns.Where(c => c.Column == "room_id").Select(c => c.Table).Order().ShouldBe(OwnedTables.OfRoom.Order());
        columns.Where(c => c.Column is "user_id" or "created_by" or "owner_id" or "author_id" or "updated_by" or "restored_by").Select(c => (c.Table, c.Column)).Order()
            .ShouldBe(OwnedTables.OfUser.Select(c => (c.Table, c.Column)).Order());
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Deleted_account_is_removed_for_good_after_its_time_and_others_keep_what_it_told_them(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var (ann, bob) = (await AccountAsync(database, "Ann"), await AccountAsync(database, "Bob"));
        var shared = await TestRooms.CreateAsync(database, owner: ann);
        var alone = await TestRooms.CreateAsync(database, owner: ann);
        await new RoomStore(database, _clock).AddMemberAsync(shared, bob, "participant");
        await MessageAsync(database, shared, ann, "canary told Bob");
        await MessageAsync(database, alone, ann, "canary to myself");
        await RunAsync(database, shared, ann);

        (await new UserStore(database, _clock).DeactivateAsync(ann)).ShouldBeTrue();
        _clock.Advance(TimeSpan.FromDays(29));
        await KeepHouseAsync(database);
        (await NameAsync(database, ann)).ShouldBe("Ann");

        _clock.Advance(TimeSpan.FromDays(2));
        await KeepHouseAsync(database);
        (await NameAsync(database, ann)).ShouldBeNull();
        (await CountAsync(database, "SELECT COUNT(*) FROM rooms WHERE id = @alone", new { alone })).ShouldBe(0);
        var message = await database.ReadAsync(c => c.QuerySingleAsync<(string Content, string Name)>(
            "SELECT m.content, u.name FROM messages m JOIN users u ON u.id = m.user_id WHERE m.room_id = @shared", new { shared }));
        message.ShouldBe(("canary told Bob", "Deleted user"));
        foreach (var (table, column, _) in OwnedTables.OfUser)
            (await CountAsync(database, $"SELECT COUNT(*) FROM {table} WHERE {column} = @ann", new { ann })).ShouldBe(0, $"{table}.{column}");
        (await CountAsync(database, "SELECT COUNT(*) FROM refresh_tokens WHERE token_hash = @hash", new { hash = "hash of Ann" })).ShouldBe(0);

        // The others are as they were.
        (await NameAsync(database, bob)).ShouldBe("Bob");
        (await CountAsync(database, "SELECT COUNT(*) FROM sessions WHERE user_id = @bob", new { bob })).ShouldBe(1);
        (await new RoomStore(database, _clock).FindAsync(shared))!.OwnerName.ShouldBe("Deleted user");
        var document = await new DocumentStore(database, _clock).LoadAsync(shared);
        document.Records.ShouldHaveSingleItem().UserId.ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Rooms_are_closed_when_idle_and_removed_when_deleted_long_ago(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var ann = await AccountAsync(database, "Ann");
        var (deleted, kept) = (await TestRooms.CreateAsync(database, owner: ann), await TestRooms.CreateAsync(database, owner: ann));
        foreach (var room in new[] { deleted, kept })
        {
            await MessageAsync(database, room, ann, "hello");
            await RunAsync(database, room, ann);
            await CaseRunAsync(database, room, ann);
            await new DocumentStore(database, _clock).CompactAsync(room, 1, 1, RoomDocument.Template("x"), "x");
            await SetAsync(database, "rooms", room, "last_activity", _clock.GetUtcNow());
        }

        await new RoomStore(database, _clock).DeleteAsync(deleted);
        _clock.Advance(TimeSpan.FromDays(31));
        await KeepHouseAsync(database);
        (await CountAsync(database, "SELECT COUNT(*) FROM rooms WHERE id = @deleted", new { deleted })).ShouldBe(0);
        foreach (var table in OwnedTables.OfRoom)
        {
            (await CountAsync(database, $"SELECT COUNT(*) FROM {table} WHERE room_id = @deleted", new { deleted })).ShouldBe(0, table);
        }

        foreach (var table in new[] { "messages", "executions", "case_runs", "room_updates", "participants" })
            (await CountAsync(database, $"SELECT COUNT(*) FROM {table} WHERE room_id = @kept", new { kept })).ShouldBe(1, table);
        (await CountAsync(database, "SELECT COUNT(*) FROM case_results")).ShouldBe(1);
        _expired.ShouldBeEmpty();
        // A room that is not deleted is never purged, whatever asks for it.
        (await new HousekeepingStore(database, _clock).PurgeRoomAsync(kept, default)).ShouldBeFalse();
        _clock.Advance(TimeSpan.FromDays(150));
        await KeepHouseAsync(database);
        _expired.ShouldBe([(kept, _clock.GetUtcNow() - TimeSpan.FromDays(180))]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Members_who_do_not_come_are_let_go_by_their_room(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var (ann, bob, eve) = (await AccountAsync(database, "Ann"), await AccountAsync(database, "Bob"), await AccountAsync(database, "Eve"));
        var store = new RoomStore(database, _clock);
        var (quiet, busy) = (await TestRooms.CreateAsync(database, owner: ann), await TestRooms.CreateAsync(database, owner: eve));
        await store.AddMemberAsync(quiet, bob, "participant");
        await store.AddMemberAsync(busy, bob, "participant");
        _clock.Advance(TimeSpan.FromDays(91));
        await store.SeenAsync(busy, bob);
        await KeepHouseAsync(database);
        _dropped.ShouldBe([(quiet, _clock.GetUtcNow() - TimeSpan.FromDays(90))]);
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Guest_who_cannot_come_back_is_deleted_and_later_purged(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var (lost, here, registered) = (await AccountAsync(database, "Lost", guest: true), await AccountAsync(database, "Here", guest: true), await AccountAsync(database, "Ann"));
        await SetAsync(database, "sessions", "session of Here", "expires_at", _start.AddDays(400));
        _clock.Advance(TimeSpan.FromDays(61));
        await KeepHouseAsync(database);
        (await CountAsync(database, "SELECT COUNT(*) FROM users WHERE id = @lost AND is_active = 0", new { lost })).ShouldBe(1);
        (await CountAsync(database, "SELECT COUNT(*) FROM users WHERE id IN (@here, @registered) AND is_active = 1", new { here, registered })).ShouldBe(2);
        _clock.Advance(TimeSpan.FromDays(31));
        await KeepHouseAsync(database);
        (await NameAsync(database, lost)).ShouldBeNull();
        (await NameAsync(database, here)).ShouldBe("Here");
    }

    [Theory]
    [MemberData(nameof(DatabaseFixture.Dialects), MemberType = typeof(DatabaseFixture))]
    public async Task Runs_and_messages_go_when_they_are_older_than_their_retention(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var ann = await AccountAsync(database, "Ann");
        var room = await TestRooms.CreateAsync(database, owner: ann);
        for (var i = 0; i < 3; i++)
        {
            await MessageAsync(database, room, ann, "old");
            await RunAsync(database, room, ann);
        }

        await RunAsync(database, room, ann, status: "running");
        await CaseRunAsync(database, room, ann);
        _clock.Advance(TimeSpan.FromDays(50));
        await MessageAsync(database, room, ann, "new");
        await RunAsync(database, room, ann);
        _clock.Advance(TimeSpan.FromDays(50));
        await KeepHouseAsync(database);
        (await CountAsync(database, "SELECT COUNT(*) FROM executions")).ShouldBe(2, "the new one, and the one that is not over");
        (await CountAsync(database, "SELECT COUNT(*) FROM case_runs")).ShouldBe(0);
        (await CountAsync(database, "SELECT COUNT(*) FROM case_results")).ShouldBe(0);
        (await CountAsync(database, "SELECT COUNT(*) FROM messages")).ShouldBe(4, "chat is kept unless its retention is set");

        await KeepHouseAsync(database, ("Housekeeping:ChatDays", "60"));
        (await CountAsync(database, "SELECT COUNT(*) FROM messages")).ShouldBe(1);
    }

    [Fact]
    public async Task Step_that_fails_does_not_keep_the_others_from_their_turn_and_zero_days_is_never()
    {
        var database = await databases.CreateAsync("sqlite");
        var ann = await AccountAsync(database, "Ann");
        var room = await TestRooms.CreateAsync(database, owner: ann);
        await MessageAsync(database, room, ann, "old");
        _clock.Advance(TimeSpan.FromDays(1000));
        var calls = new List<int>();
        RetentionTask[] tasks = [new(RetentionTask.CaseRuns, (_, batch, _) =>
        {
            calls.Add(batch);
            return Task.FromResult(calls.Count < 3 ? batch : 0);
        })];
        await KeepHouseAsync(database, tasks, ("Housekeeping:ExecutionDays", "10"), ("Housekeeping:MemberIdleDays", "0"), ("Housekeeping:RoomIdleDays", "10"), ("throw", "yes"));
        calls.ShouldBe([500, 500, 500]);
        _expired.Count.ShouldBe(1);
        await KeepHouseAsync(database, tasks, ("Housekeeping:ExecutionDays", "0"), ("Housekeeping:RoomIdleDays", "0"));
        calls.Count.ShouldBe(3);
        _expired.Count.ShouldBe(1);
        (await CountAsync(database, "SELECT COUNT(*) FROM messages")).ShouldBe(1);
    }

    [Fact]
    public async Task Rounds_come_at_their_time()
    {
        await using var app = new TestApp(
            new() { ["EXECUTION_RETENTION_DAYS"] = "1", ["HOUSEKEEPING_MINUTES"] = "10", ["Housekeeping:FirstAfterSeconds"] = "30" },
            clock: _clock,
            services: services => services.AddSingleton(new RetentionTask(RetentionTask.Executions, (before, _, _) =>
            {
                _dropped.Add(("", before));
                return Task.FromResult(0);
            })));
        await app.GetAsync("/api");
        _dropped.ShouldBeEmpty();
        await RoundAsync(TimeSpan.FromSeconds(30), 1);
        await RoundAsync(TimeSpan.FromMinutes(10), 2);
        _dropped[^1].Before.ShouldBe(_clock.GetUtcNow() - TimeSpan.FromDays(1));

        async Task RoundAsync(TimeSpan wait, int rounds)
        {
            // The service may not have armed its timer yet: keep the hands moving in small steps until it has rung.
            for (var moved = TimeSpan.Zero; _dropped.Count < rounds; moved += TimeSpan.FromSeconds(1))
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
                (moved < wait * 100).ShouldBeTrue("no round came");
            }
        }
    }

    private Task KeepHouseAsync(Database database, params (string Key, string Value)[] settings)
    {
        var store = new HousekeepingStore(database, _clock);
        return KeepHouseAsync(
            database,
            [
                new(RetentionTask.Chat, store.PruneMessagesAsync),
                new(RetentionTask.Executions, store.PruneExecutionsAsync),
                new(RetentionTask.CaseRuns, store.PruneCaseRunsAsync),
            ],
            settings);
    }

    private async Task KeepHouseAsync(Database database, RetentionTask[] tasks, params (string Key, string Value)[] settings)
    {
        using var housekeeping = new Housekeeping(
            Options(settings),
            new HousekeepingStore(database, _clock),
            tasks,
            new Caretakers(
                async (room, before) =>
                {
                    _expired.Add((room, before));
                    if (settings.Any(s => s.Key == "throw"))
                        throw new TimeoutException("the grain is not there");
                    await new RoomStore(database, _clock).DeleteAsync(room);
                    return true;
                },
                (room, before) =>
                {
                    _dropped.Add((room, before));
                    return Task.FromResult(1);
                },
                (user, cancel) => new UserStore(database, _clock).DeactivateAsync(user, cancel)),
            _clock,
            NullLogger<Housekeeping>.Instance);
        await housekeeping.RunAsync(default);
    }

    private static HousekeepingOptions Options(params (string Key, string Value)[] settings)
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager();
        foreach (var (key, value) in settings)
            configuration[key] = value;
        var reader = new SettingsReader(configuration, new Microsoft.Extensions.Hosting.Internal.HostingEnvironment { EnvironmentName = "Production" }, EnvironmentNames.NameByKey);
        var options = HousekeepingOptions.Read(reader);
        reader.Problems.ShouldBeEmpty();
        return options;
    }

    private async Task<string> AccountAsync(Database database, string name, bool guest = false)
    {
        var id = Ids.New(_clock);
        var now = _clock.GetUtcNow();
        await database.WriteAsync(async (c, t) =>
        {
            await c.ExecuteAsync(
                """
                INSERT INTO users (id, name, email, login_email, picture, github_username, is_guest, is_active, created_at, updated_at)
                VALUES (@id, @name, @mail, @mail, 'face.png', @name, @guest, 1, @now, @now)
                """,
                new { id, name, mail = name + "@example.org", guest, now },
                t);
            await c.ExecuteAsync(
                "INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES (@session, @id, @now, @expires)",
                new { session = "session of " + name, id, now, expires = now.AddDays(30) },
                t);
            await c.ExecuteAsync(
                "INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES (@hash, @session, @now)",
                new { hash = "hash of " + name, session = "session of " + name, now },
                t);
        });
        return id;
    }

    private Task<int> MessageAsync(Database database, string roomId, string userId, string content)
        => database.WriteAsync<int>((c, t) => c.ExecuteAsync(
            "INSERT INTO messages (id, room_id, user_id, content, message_type, created_at) VALUES (@id, @roomId, @userId, @content, 'text', @now)",
            new { id = Ids.New(_clock), roomId, userId, content, now = _clock.GetUtcNow() },
            t));

    private Task<int> RunAsync(Database database, string roomId, string userId, string status = "completed")
        => database.WriteAsync<int>((c, t) => c.ExecuteAsync(
            "INSERT INTO executions (id, room_id, user_id, language, source_code, status, created_at) VALUES (@id, @roomId, @userId, 'python', 'print(1)', @status, @now)",
            new { id = Ids.New(_clock), roomId, userId, status, now = _clock.GetUtcNow() },
            t));

    private Task CaseRunAsync(Database database, string roomId, string userId)
        => database.WriteAsync(async (c, t) =>
        {
            var id = Ids.New(_clock);
            await c.ExecuteAsync(
                """
                INSERT INTO case_runs (id, room_id, user_id, language, source_code, status, total, node_id, created_at)
                VALUES (@id, @roomId, @userId, 'python', 'print(1)', 'completed', 1, 'node', @now)
                """,
                new { id, roomId, userId, now = _clock.GetUtcNow() },
                t);
            await c.ExecuteAsync(
                "INSERT INTO case_results (run_id, position, case_id, name, is_hidden, verdict) VALUES (@id, 0, @id, 'one', 0, 'accepted')", new { id }, t);
        });

    private static Task<int> SetAsync(Database database, string table, string id, string column, DateTimeOffset value)
        => database.WriteAsync<int>((c, t) => c.ExecuteAsync($"UPDATE {table} SET {column} = @value WHERE id = @id", new { id, value }, t));

    private static Task<string?> NameAsync(Database database, string userId)
        => database.ReadAsync(c => c.QuerySingleOrDefaultAsync<string?>("SELECT name FROM users WHERE id = @userId", new { userId }));

    private static Task<long> CountAsync(Database database, string sql, object? arguments = null)
        => database.ReadAsync(c => c.ExecuteScalarAsync<long>(sql, arguments));
}
