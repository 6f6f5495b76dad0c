using CodeChill.Server.Documents;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Storage;
using Dapper;

namespace CodeChill.Server.Tests.Documents;

/// <summary>Loading gives the whole document or refuses; compaction never takes what recovery needs.</summary>
public sealed class DocumentStoreTests(DatabaseFixture databases)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_new_room_loads_with_its_template_at_version_one(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var room = await TestRooms.CreateAsync(database, "hello ∀ 😀\n");

        var document = RoomDocument.Restore(await Store(database).LoadAsync(room, TestContext.Current.CancellationToken));

        document.Version.ShouldBe(1);
        document.Text.ShouldBe("hello ∀ 😀\n");
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Compaction_keeps_text_version_the_snapshot_before_and_the_whole_log(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var room = await TestRooms.CreateAsync(database, "");
        var document = await TypeAsync(database, room, "0123456789");
        await Store(database).CompactAsync(room, document.Seq, document.Version, document.EncodeState(), document.Text, TestContext.Current.CancellationToken);
        (await CountAsync(database, "room_updates", room)).ShouldBe(11);

        document = await TypeAsync(database, room, "abc");
        await Store(database).CompactAsync(room, document.Seq, document.Version, document.EncodeState(), document.Text, TestContext.Current.CancellationToken);

        document = await TypeAsync(database, room, "d");
        await Store(database).CompactAsync(room, document.Seq, document.Version, document.EncodeState(), document.Text, TestContext.Current.CancellationToken);

        (await CountAsync(database, "room_updates", room)).ShouldBe(15);
        (await CountAsync(database, "room_snapshots", room)).ShouldBe(2);
        var loaded = RoomDocument.Restore(await Store(database).LoadAsync(room, TestContext.Current.CancellationToken));
        loaded.Version.ShouldBe(15);
        loaded.Text.ShouldBe("0123456789abcd");
        (await database.ReadAsync(c => c.ExecuteScalarAsync<string>("SELECT current_content FROM rooms WHERE id = @room", new { room }))).ShouldBe("0123456789abcd");
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_damaged_snapshot_falls_back_to_the_one_before_and_its_records(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var room = await TestRooms.CreateAsync(database, "");
        foreach (var word in new[] { "one ", "two ", "three" })
        {
            var document = await TypeAsync(database, room, word);
            await Store(database).CompactAsync(room, document.Seq, document.Version, document.EncodeState(), document.Text, TestContext.Current.CancellationToken);
        }

        await database.WriteAsync((c, t) => c.ExecuteAsync(
            "UPDATE room_snapshots SET crc = crc + 1 WHERE room_id = @room AND seq = (SELECT s FROM (SELECT MAX(seq) AS s FROM room_snapshots WHERE room_id = @room) newest)",
            new { room },
            t));

        var loaded = RoomDocument.Restore(await Store(database).LoadAsync(room, TestContext.Current.CancellationToken));
        loaded.Text.ShouldBe("one two three");
    }

    [Theory]
    [InlineData("UPDATE room_updates SET payload = @junk WHERE room_id = @room AND seq = 3")]
    [InlineData("DELETE FROM room_updates WHERE room_id = @room AND seq = 3")]
    [InlineData("DELETE FROM room_updates WHERE room_id = @room AND seq = 6")]
    public async Task A_log_that_lost_or_changed_a_record_does_not_open(string damage)
    {
        var database = await databases.CreateAsync("sqlite");
        var room = await TestRooms.CreateAsync(database, "");
        await TypeAsync(database, room, "abcde");
        await database.WriteAsync((c, t) => c.ExecuteAsync(damage, new { room, junk = new byte[] { 0, 0 } }, t));

        await Should.ThrowAsync<DocumentDamagedException>(() => Store(database).LoadAsync(room, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_snapshot_that_does_not_read_back_as_the_text_takes_no_other_away()
    {
        var database = await databases.CreateAsync("sqlite");
        var room = await TestRooms.CreateAsync(database, "");
        var document = await TypeAsync(database, room, "abc");
        await Store(database).CompactAsync(room, document.Seq, document.Version, document.EncodeState(), document.Text, TestContext.Current.CancellationToken);
        document = await TypeAsync(database, room, "def");
        await Store(database).CompactAsync(room, document.Seq, document.Version, document.EncodeState(), document.Text, TestContext.Current.CancellationToken);
        document = await TypeAsync(database, room, "ghi");

        await Should.ThrowAsync<DocumentDamagedException>(() => Store(database).CompactAsync(
            room, document.Seq, document.Version, RoomDocument.Template("something else"), document.Text, TestContext.Current.CancellationToken));

        (await CountAsync(database, "room_snapshots", room)).ShouldBe(3);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_room_that_was_not_closed_in_good_order_never_gives_a_version_out_twice(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var room = await TestRooms.CreateAsync(database, "");
        var given = new HashSet<long>();
        // Crashes in a row: each time some versions are given out and none is committed.
        for (var crash = 0; crash < 3; crash++)
        {
            var lost = RoomDocument.Restore(await Store(database).LoadAsync(room, TestContext.Current.CancellationToken));
            await Store(database).OpenAsync(room, lost.VersionLimit);
            var replica = new WholeTextReplica();
            replica.Sent(lost.Version);
            foreach (var version in given)
                lost.ApplyWholeText(replica, "typed on a lost text", version, null).Error.ShouldBe(DocumentErrors.Conflict);
            foreach (var text in new[] { "given out", "given out, never committed" })
            {
                var edit = lost.ApplyWholeText(replica, text, lost.Version, null).Value.Edit;
                edit.Seq.ShouldBe(lost.Seq);
                given.Add(edit.Version).ShouldBeTrue($"{edit.Version} meant another text before");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_room_that_was_closed_in_good_order_counts_on(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var room = await TestRooms.CreateAsync(database, "");
        await Store(database).OpenAsync(room, 10_001);
        await Store(database).CloseAsync(room, 1);

        var document = RoomDocument.Restore(await Store(database).LoadAsync(room, TestContext.Current.CancellationToken));
        document.ApplyWholeText(new WholeTextReplica(), "next", 1, null).Value.Edit.Version.ShouldBe(2);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task An_operation_is_known_after_a_restart_also_when_a_snapshot_stands_for_it(string dialect)
    {
        var database = await databases.CreateAsync(dialect);
        var room = await TestRooms.CreateAsync(database, "");
        var document = await TypeAsync(database, room, "abc");
        foreach (var (seq, at) in new[] { (2, DateTimeOffset.UnixEpoch), (3, TimeProvider.System.GetUtcNow()), (4, TimeProvider.System.GetUtcNow()) })
        {
            await database.WriteAsync((c, t) => c.ExecuteAsync(
                "UPDATE room_updates SET operation_id = @operation, created_at = @at WHERE room_id = @room AND seq = @seq",
                new { room, seq, at, operation = $"user:{seq}" },
                t));
        }

        await Store(database).CompactAsync(room, document.Seq, document.Version, document.EncodeState(), document.Text, TestContext.Current.CancellationToken);

        var loaded = RoomDocument.Restore(await Store(database).LoadAsync(room, TestContext.Current.CancellationToken));
        loaded.FindOperation("user:4").ShouldBe(4);
        loaded.FindOperation("user:3").ShouldBe(3);
        loaded.FindOperation("user:2").ShouldBeNull("it is long ago");
    }

    private static DocumentStore Store(Database database) => new(database, TimeProvider.System);

    /// <summary>Appends one record a character, as typing does.</summary>
    private static async Task<RoomDocument> TypeAsync(Database database, string room, string text)
    {
        var document = RoomDocument.Restore(await Store(database).LoadAsync(room));
        var replica = new WholeTextReplica();
        replica.Sent(document.Version);
        foreach (var c in text)
        {
            var edit = document.ApplyWholeText(replica, document.Text + c, document.Version, null).Value.Edit;
            await database.WriteAsync(async (connection, transaction) =>
            {
                await connection.ExecuteAsync(
                    "INSERT INTO room_updates (room_id, seq, version, client_kind, created_at, crc, payload) VALUES (@room, @Seq, @Version, 'whole-text', 0, @crc, @payload)",
                    new { room, edit.Seq, edit.Version, crc = (long)LogEntry.Checksum(edit.Update.Span), payload = edit.Update.ToArray() },
                    transaction);
                await connection.ExecuteAsync("UPDATE rooms SET content_seq = @Seq, content_version = @Version, closed_seq = @Seq WHERE id = @room", new { room, edit.Seq, edit.Version }, transaction);
            });
        }

        return document;
    }

    private static Task<int> CountAsync(Database database, string table, string room)
        => database.ReadAsync(c => c.ExecuteScalarAsync<int>($"SELECT COUNT(*) FROM {table} WHERE room_id = @room", new { room }));
}
