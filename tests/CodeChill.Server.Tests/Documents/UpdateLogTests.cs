using CodeChill.Server.Documents;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Storage;
using Dapper;
using Microsoft.Extensions.Logging;

namespace CodeChill.Server.Tests.Documents;

/// <summary>The log: nothing is acknowledged before it is durable, and two owners of a room cannot both write.</summary>
public sealed class UpdateLogTests(DatabaseFixture databases)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Appends_of_many_rooms_are_committed_in_order_and_move_the_version(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var (alpha, beta) = (await TestRooms.CreateAsync(database), await TestRooms.CreateAsync(database));
        await using var log = await RunningLog.StartAsync(database);

        var appends = new List<Task<Commit>>();
        for (var seq = 2; seq <= 301; seq++)
        {
            appends.Add(log.Log.Append(Entry(alpha, seq)));
            if (seq <= 11)
                appends.Add(log.Log.Append(Entry(beta, seq)));
        }

        (await Task.WhenAll(appends).WaitAsync(Patience)).ShouldAllBe(commit => commit == Commit.Done);
        (await SeqsAsync(database, alpha)).ShouldBe(Enumerable.Range(1, 301).Select(i => (long)i));
        (await SeqsAsync(database, beta)).ShouldBe(Enumerable.Range(1, 11).Select(i => (long)i));
        (await VersionAsync(database, alpha)).ShouldBe(301);
        log.Log.BacklogBytes.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_seq_that_another_owner_wrote_fences_that_room_and_no_other(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var (contested, peaceful) = (await TestRooms.CreateAsync(database), await TestRooms.CreateAsync(database));
        await using (var rival = await RunningLog.StartAsync(database))
            (await rival.Log.Append(Entry(contested, 2, "theirs")).WaitAsync(Patience)).ShouldBe(Commit.Done);

        await using var log = await RunningLog.StartAsync(database);
        var fenced = log.Log.Append(Entry(contested, 2, "ours"));
        var done = log.Log.Append(Entry(peaceful, 2));

        (await fenced.WaitAsync(Patience)).ShouldBe(Commit.Fenced);
        (await done.WaitAsync(Patience)).ShouldBe(Commit.Done);
        (await PayloadAsync(database, contested, 2)).ShouldBe("theirs"u8.ToArray());
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_row_of_our_own_earlier_try_counts_as_written(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var room = await TestRooms.CreateAsync(database);
        var entry = Entry(room, 2);
        await using (var first = await RunningLog.StartAsync(database))
            (await first.Log.Append(entry).WaitAsync(Patience)).ShouldBe(Commit.Done);

        await using var log = await RunningLog.StartAsync(database);
        var again = log.Log.Append(entry);
        var next = log.Log.Append(Entry(room, 3));

        (await again.WaitAsync(Patience)).ShouldBe(Commit.Done);
        (await next.WaitAsync(Patience)).ShouldBe(Commit.Done);
        (await SeqsAsync(database, room)).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task While_the_database_is_away_nothing_is_acknowledged_and_afterwards_everything_is()
    {
        var real = await databases.CreateAsync("sqlite");
        var room = await TestRooms.CreateAsync(real);
        var flaky = new FlakyDatabase(real) { Away = true };
        await using var log = await RunningLog.StartAsync(flaky);

        var append = log.Log.Append(Entry(room, 2));
        await flaky.Refused.WaitAsync(TestContext.Current.CancellationToken);
        append.IsCompleted.ShouldBeFalse();
        // The database refuses first, then the log takes note of it.
        using var patience = new CancellationTokenSource(Patience);
        while (log.Log.FailingSince is null && !patience.IsCancellationRequested)
            await Task.Yield();
        log.Log.FailingSince.ShouldNotBeNull();

        flaky.Away = false;
        (await append.WaitAsync(Patience)).ShouldBe(Commit.Done);
        log.Log.FailingSince.ShouldBeNull();
        (await SeqsAsync(real, room)).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task A_backlog_at_the_cap_refuses_before_it_is_queued()
    {
        var real = await databases.CreateAsync("sqlite");
        var room = await TestRooms.CreateAsync(real);
        var flaky = new FlakyDatabase(real) { Away = true };
        await using var log = await RunningLog.StartAsync(flaky);
        var full = new byte[UpdateLog.MaxBacklogBytes];

        var held = log.Log.Append(new LogEntry(room, 2, 2, null, "yjs", null, DateTimeOffset.UnixEpoch, full));
        (await log.Log.Append(Entry(room, 3)).WaitAsync(Patience)).ShouldBe(Commit.Refused);
        log.Log.BacklogBytes.ShouldBe(UpdateLog.MaxBacklogBytes);

        flaky.Away = false;
        (await held.WaitAsync(Patience)).ShouldBe(Commit.Done);
    }

    [Fact]
    public async Task A_stop_writes_what_was_taken()
    {
        var database = await databases.CreateAsync("sqlite");
        var room = await TestRooms.CreateAsync(database);
        var log = await RunningLog.StartAsync(database);
        var appends = Enumerable.Range(2, 200).Select(seq => log.Log.Append(Entry(room, seq))).ToList();

        await log.DisposeAsync();

        (await Task.WhenAll(appends).WaitAsync(Patience)).ShouldAllBe(commit => commit == Commit.Done);
        (await log.Log.Append(Entry(room, 999)).WaitAsync(Patience)).ShouldBe(Commit.Refused);
    }

    [Fact]
    public void The_checksum_is_crc32c() => LogEntry.Checksum("123456789"u8).ShouldBe(0xE3069283u);

    internal static LogEntry Entry(string room, long seq, string payload = "edit")
        => new(room, seq, seq, null, "yjs", null, DateTimeOffset.FromUnixTimeMilliseconds(seq), System.Text.Encoding.UTF8.GetBytes(payload));

    private static Task<IEnumerable<long>> SeqsAsync(Database database, string room)
        => database.ReadAsync(c => c.QueryAsync<long>("SELECT seq FROM room_updates WHERE room_id = @room ORDER BY seq", new { room }));

    private static Task<long> VersionAsync(Database database, string room)
        => database.ReadAsync(c => c.ExecuteScalarAsync<long>("SELECT content_version FROM rooms WHERE id = @room", new { room }));

    private static Task<byte[]> PayloadAsync(Database database, string room, long seq)
        => database.ReadAsync(c => c.QuerySingleAsync<byte[]>("SELECT payload FROM room_updates WHERE room_id = @room AND seq = @seq", new { room, seq }));

    /// <summary>What the log complains of belongs into the test's output.</summary>
    private sealed class TestLogger : ILogger<UpdateLog>
    {
        private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try
            {
                _output?.WriteLine($"{formatter(state, exception)} {exception}");
            }
            catch (InvalidOperationException)
            {
                // The test is over; the loop may still have something to say.
            }
        }
    }

    private sealed class RunningLog(UpdateLog log) : IAsyncDisposable
    {
        public UpdateLog Log { get; } = log;

        public static async Task<RunningLog> StartAsync(Database database)
        {
            var log = new UpdateLog(database, TimeProvider.System, new TestLogger());
            await log.StartAsync(CancellationToken.None);
            return new RunningLog(log);
        }

        public async ValueTask DisposeAsync()
        {
            // A log that cannot write any more must fail its test, not hang it.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await Log.StopAsync(patience.Token);
            Log.Dispose();
        }
    }
}
