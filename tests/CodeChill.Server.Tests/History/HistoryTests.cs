using System.Globalization;
using CodeChill.Server.History;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Storage;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.History;

/// <summary>Every version reads as it was, whatever history did meanwhile: kept, merged, interrupted, cut, damaged.</summary>
public sealed class HistoryTests(DatabaseFixture databases, ITestOutputHelper output)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Every_version_has_the_text_and_the_authors_it_had(string dialect)
    {
        var room = await CreateAsync(dialect, 230);
        await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 0, Cancel);

        (await room.ReadAsync<int>("SELECT COUNT(*) FROM room_checkpoints WHERE room_id = @room")).ShouldBe(4);
        foreach (var (version, text) in room.Texts)
            await ExpectAsync(room, version, version, text);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task What_left_the_log_reads_as_the_burst_it_was_merged_into(string dialect)
    {
        var room = await CreateAsync(dialect, 230);
        await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 160, Cancel);

        (await room.ReadAsync<long>("SELECT MIN(seq) FROM room_updates WHERE room_id = @room")).ShouldBe(151);
        var bursts = await room.ReadAsync<int>("SELECT COUNT(*) FROM room_history WHERE room_id = @room");
        bursts.ShouldBeLessThan(150);
        using var service = room.Service();
        foreach (var (version, _) in room.Texts)
        {
            var read = (await service.ReadAsync(room.Id, version, Cancel)).Value!;
            read.Version.ShouldBeLessThanOrEqualTo(version);
            if (version > 150)
                read.Version.ShouldBe(version);
            if (room.Texts.TryGetValue(read.Version, out var text))
                read.Content.ShouldBe(text, $"version {version} as {read.Version}");
            Attributed(room, read).ShouldBe(room.Authors[read.Version], $"authors of version {read.Version}");
        }
    }

    [Fact]
    public async Task Interrupted_between_any_two_steps_it_is_done_the_next_time_and_nothing_is_lost()
    {
        string[] steps = ["checkpoint", "checkpoint written", "merge", "merged", "merge verified", "log shortened"];
        foreach (var step in steps)
        {
            var room = await CreateAsync("sqlite", 130);
            for (var time = 1; time <= 3; time++)
            {
                var left = time;
                var keeper = room.Keeper();
                keeper.Step = at =>
                {
                    if (at == step && --left == 0)
                        throw new PowerCut();
                };
                try
                {
                    await keeper.KeepAsync(room.Id, room.Seq, leaveBefore: 90, Cancel);
                }
                catch (PowerCut)
                {
                    // What is stored now is all there is.
                }

                await ExpectAllAsync(room);
            }

            await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 90, Cancel);
            await ExpectAllAsync(room);
            (await room.ReadAsync<long>("SELECT MIN(seq) FROM room_updates WHERE room_id = @room")).ShouldBe(51, step);
        }
    }

    [Theory]
    [InlineData("UPDATE room_updates SET payload = @junk WHERE room_id = @room AND seq = 70")]
    [InlineData("UPDATE room_updates SET crc = crc + 1 WHERE room_id = @room AND seq = 70")]
    [InlineData("DELETE FROM room_updates WHERE room_id = @room AND seq = 70")]
    public async Task A_damaged_record_is_told_and_everything_before_and_after_it_is_read(string damage)
    {
        var room = await CreateAsync("sqlite", 230);
        await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 0, Cancel);
        await room.ExecuteAsync(damage, new { junk = new byte[] { 9, 9 } });

        await ExpectAsync(room, 69, 69, room.Texts[69]);
        await ExpectAsync(room, 120, 120, room.Texts[120]);
        using var service = room.Service();
        var behind = (await service.ReadAsync(room.Id, 80, Cancel)).Value!;
        (behind.Version, behind.Content, behind.Damaged).ShouldBe((69, room.Texts[69], true));
        var page = (await service.ListAsync(room.Id, 60, 120, new PageRequest(1, 200), Cancel)).Value!;
        page.Versions.Where(v => v.Damaged == true).Select(v => v.Version).Min().ShouldBe(damage.StartsWith("DELETE", StringComparison.Ordinal) ? 71 : 70);
        page.Versions.Where(v => v.Damaged == true).Select(v => v.Version).Max().ShouldBe(100);

        // Nothing behind the damage is ever merged or taken away.
        await room.TypeAsync(new Random(1), 300);
        await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 400, Cancel);
        (await room.ReadAsync<long>("SELECT MIN(seq) FROM room_updates WHERE room_id = @room")).ShouldBe(51);
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_passed_over_and_a_damaged_burst_is_told()
    {
        var room = await CreateAsync("sqlite", 230);
        await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 120, Cancel);
        await room.ExecuteAsync("UPDATE room_checkpoints SET state = @junk WHERE room_id = @room AND seq = 150", new { junk = new byte[] { 1, 2, 3 } });
        await ExpectAsync(room, 160, 160, room.Texts[160]);

        await room.ExecuteAsync("UPDATE room_history SET crc = crc + 1 WHERE room_id = @room AND seq = (SELECT MAX(seq) FROM room_history WHERE room_id = @room AND seq < 80)");
        using var service = room.Service();
        (await service.ReadAsync(room.Id, 95, Cancel)).Value!.Damaged.ShouldBe(true);
        await ExpectAsync(room, 110, 110, room.Texts[110]);
    }

    [Fact]
    public async Task History_ends_by_age_at_a_checkpoint_and_says_where_it_begins()
    {
        var room = await CreateAsync("sqlite", 230);
        await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 160, Cancel);
        (await room.Service().ListAsync(room.Id, 0, long.MaxValue, new PageRequest(1, 1), Cancel)).Value!.FirstVersion.ShouldBe(await room.ReadAsync<long>("SELECT MIN(version) FROM room_history WHERE room_id = @room"));

        var clock = new FakeTimeProvider(PastRoom.Start.AddDays(31));
        await room.Keeper(days: 30, clock: clock).KeepAsync(room.Id, room.Seq, leaveBefore: 0, Cancel);

        // All of it is too old, but what the log still has is recovery's.
        (await room.ReadAsync<int>("SELECT COUNT(*) FROM room_history WHERE room_id = @room")).ShouldBe(0);
        (await room.ReadAsync<long>("SELECT MIN(seq) FROM room_checkpoints WHERE room_id = @room")).ShouldBe(150);
        using var service = room.Service();
        var page = (await service.ListAsync(room.Id, 0, long.MaxValue, new PageRequest(1, 200), Cancel)).Value!;
        (page.FirstVersion, page.LastVersion, page.Pagination.Total).ShouldBe((150, room.Version, room.Seq - 150));
        (await service.ReadAsync(room.Id, 149, Cancel)).Error.ShouldBe(HistoryErrors.VersionNotFound);
        await ExpectAsync(room, 150, 150, room.Texts[150]);
        await ExpectAsync(room, 170, 170, room.Texts[170]);
    }

    [Fact]
    public async Task History_ends_by_size_at_the_first_checkpoint_behind_which_it_fits()
    {
        var room = await CreateAsync("sqlite", 0);
        await room.TypeAsync(new Random(5), 230, paste: 20_000);
        await room.Keeper(megabytes: 16).KeepAsync(room.Id, room.Seq, leaveBefore: 160, Cancel);
        var before = await room.ReadAsync<long>("SELECT SUM(LENGTH(payload)) FROM room_history WHERE room_id = @room");
        before.ShouldBeGreaterThan(1_100_000);
        (await room.ReadAsync<long>("SELECT MIN(first_seq) FROM room_history WHERE room_id = @room")).ShouldBe(1);

        await room.Keeper(megabytes: 1).KeepAsync(room.Id, room.Seq, leaveBefore: 0, Cancel);

        var first = await room.ReadAsync<long>("SELECT MIN(first_seq) FROM room_history WHERE room_id = @room");
        first.ShouldBeOneOf(51, 101, 151);
        (await room.ReadAsync<long>("SELECT SUM(LENGTH(payload)) FROM room_history WHERE room_id = @room")).ShouldBeLessThanOrEqualTo(1024 * 1024);
        using var service = room.Service();
        (await service.ListAsync(room.Id, 0, long.MaxValue, new PageRequest(1, 1), Cancel)).Value!.FirstVersion.ShouldBe(first - 1);
        (await service.ReadAsync(room.Id, first - 2, Cancel)).Error.ShouldBe(HistoryErrors.VersionNotFound);
        await ExpectAsync(room, first - 1, first - 1, room.Texts[first - 1]);
        await ExpectAsync(room, room.Version, room.Version, room.Text);
    }

    [Fact]
    public async Task A_replay_of_too_many_edits_begins_later_and_says_so()
    {
        var room = await CreateAsync("sqlite", 0);
        await room.AppendAsync(HistoryLimits.ReplayEdits - 1);
        var whole = await PlayAsync(room, room.Keeper());
        (whole.Truncated, whole.Edits, whole.Base).ShouldBe((false, HistoryLimits.ReplayEdits, ""));
        await room.AppendAsync(25);
        var cut = await PlayAsync(room, room.Keeper());
        (cut.Truncated, cut.Edits, cut.Base).ShouldBe((true, HistoryLimits.ReplayEdits, room.Text[..^HistoryLimits.ReplayEdits]));
        cut.Text.ShouldBe(room.Text);
    }

    [Fact]
    public async Task One_user_asks_for_a_bounded_share_of_the_past()
    {
        var room = await CreateAsync("sqlite", 0);
        var clock = new FakeTimeProvider();
        using var service = new HistoryService(room.Store, room.Keeper(), clock);
        for (var i = 0; i < 30; i++)
            service.Refuse("ada", 1).ShouldBeNull();
        var refused = service.Refuse("ada", 1).ShouldNotBeNull();
        refused.Status.ShouldBe(429);
        refused.RetryAfter.ShouldNotBeNull();
        service.Refuse("bob", 5).ShouldBeNull();
        clock.Advance(TimeSpan.FromSeconds(1));
        service.Refuse("ada", 3).ShouldBeNull();
        service.Refuse("ada", 1).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_page_says_what_each_version_changed()
    {
        var room = await CreateAsync("sqlite", 120);
        await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 0, Cancel);
        using var service = room.Service();
        var seen = new List<long>();
        for (var number = 1; ; number++)
        {
            var page = (await service.ListAsync(room.Id, 0, long.MaxValue, new PageRequest(number, 50), Cancel)).Value!;
            foreach (var version in page.Versions)
            {
                seen.Add(version.Version);
                var before = version.Version == 1 ? "" : room.Texts[version.Version - 1];
                (before.Length + version.Inserted - version.Deleted).ShouldBe(room.Texts[version.Version].Length);
                version.Kind.ShouldBe(version.Version == 1 ? "template" : version.UserId == room.Users[^1] ? "text" : "yjs");
                version.UserName.ShouldNotBeNull();
            }

            if (!page.Pagination.HasNext)
                break;
        }

        seen.ShouldBe(room.Texts.Keys.Reverse());
    }

    [Fact]
    public async Task A_replay_plays_to_the_text_as_it_is_also_over_damage()
    {
        var room = await CreateAsync("sqlite", 230);
        var keeper = room.Keeper();
        await keeper.KeepAsync(room.Id, room.Seq, leaveBefore: 120, Cancel);
        var whole = await PlayAsync(room, keeper);
        (whole.Text, whole.Damaged, whole.Truncated).ShouldBe((room.Text, false, false));
        await room.ExecuteAsync("UPDATE room_updates SET crc = crc + 1 WHERE room_id = @room AND seq = 130");
        var damaged = await PlayAsync(room, keeper);
        (damaged.Text, damaged.Damaged).ShouldBe((room.Text, true));
    }

    private sealed record Film(string Base, bool Truncated, int Edits, string Text, bool Damaged);

    private static async Task<Film> PlayAsync(PastRoom room, HistoryKeeper keeper)
    {
        using var written = new MemoryStream();
        using var service = room.Service(keeper);
        using var writer = new ReplayWriter(service, room.Store, keeper, (await new RoomStore(room.Database, TimeProvider.System).FindAsync(room.Id))!, written);
        await writer.WriteAsync(Cancel);
        var lines = System.Text.Encoding.UTF8.GetString(written.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => System.Text.Json.JsonDocument.Parse(l).RootElement).ToList();
        var text = lines[0].GetProperty("base_content").GetString()!;
        var (damaged, time, edits) = (false, 0L, 0);
        foreach (var line in lines.Skip(1))
        {
            line[0].GetInt64().ShouldBeGreaterThanOrEqualTo(time);
            time = line[0].GetInt64();
            if (line[1].GetString() == "d")
                damaged = true;
            if (line[1].GetString() != "e")
                continue;
            edits++;
            foreach (var edit in line[4].EnumerateArray().Reverse())
                text = text.Remove(edit[0].GetInt32(), edit[1].GetInt32()).Insert(edit[0].GetInt32(), edit[2].GetString()!);
        }

        return new Film(lines[0].GetProperty("base_content").GetString()!, lines[0].GetProperty("truncated").GetBoolean(), edits, text, damaged);
    }

    private async Task<PastRoom> CreateAsync(string dialect, int edits)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("CODECHILL_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var room = await PastRoom.CreateAsync(await databases.CreateAsync(dialect));
        await room.TypeAsync(new Random(seed), edits);
        return room;
    }

    private static async Task ExpectAllAsync(PastRoom room)
    {
        using var service = room.Service();
        foreach (var version in room.Texts.Keys.Where(v => v % 7 == 0))
        {
            var read = (await service.ReadAsync(room.Id, version, Cancel)).Value!;
            read.Damaged.ShouldBeNull();
            read.Content.ShouldBe(room.Texts[read.Version]);
        }

        (await service.ReadAsync(room.Id, room.Version, Cancel)).Value!.Content.ShouldBe(room.Text);
    }

    private static async Task ExpectAsync(PastRoom room, long asked, long version, string text)
    {
        using var service = room.Service();
        var read = (await service.ReadAsync(room.Id, asked, Cancel)).Value!;
        (read.Version, read.Content).ShouldBe((version, text));
        Attributed(room, read).ShouldBe(room.Authors[version], $"authors of version {version}");
    }

    private static string Attributed(PastRoom room, VersionText read)
        => string.Concat(read.Attribution.Select(r => new string(room.InitialOf(r.UserId), r.Length)));

    private sealed class PowerCut : Exception;
}
