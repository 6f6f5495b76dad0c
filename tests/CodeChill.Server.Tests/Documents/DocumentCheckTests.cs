using CodeChill.Server.Documents;
using CodeChill.Server.Tests.History;
using CodeChill.Server.Tests.Storage;

namespace CodeChill.Server.Tests.Documents;

/// <summary>An operator's two commands: one looks, the other sets aside; neither deletes.</summary>
public sealed class DocumentCheckTests(DatabaseFixture databases)
{
    public static TheoryData<string> Dialects => DatabaseFixture.Dialects;

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Verifying_names_every_fault_and_changes_nothing(string dialect)
    {
        var room = await CreateAsync(dialect);
        (await VerifyAsync(room)).ShouldEndWith("1 rooms, 0 faults\n");

        await room.ExecuteAsync("UPDATE room_updates SET crc = crc + 1 WHERE room_id = @room AND seq = 110");
        await room.ExecuteAsync("UPDATE room_history SET payload = @junk WHERE room_id = @room AND seq = 50", new { junk = new byte[] { 7 } });
        await room.ExecuteAsync("UPDATE room_checkpoints SET state = @junk WHERE room_id = @room AND seq = 50", new { junk = new byte[] { 7 } });
        var before = await CountAsync(room);
        var said = await VerifyAsync(room);

        said.ShouldContain("the record at seq 110 does not match its checksum");
        said.ShouldContain("history: the record at seq 50 does not match its checksum");
        said.ShouldContain("room_checkpoints: seq 50 does not read back");
        (await CountAsync(room)).ShouldBe(before);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Repairing_opens_the_room_with_the_whole_prefix_and_sets_the_rest_aside(string dialect)
    {
        var room = await CreateAsync(dialect);
        await room.ExecuteAsync("UPDATE room_updates SET crc = crc + 1 WHERE room_id = @room AND seq = 110");
        var store = new DocumentStore(room.Database, TimeProvider.System);
        await Should.ThrowAsync<DocumentDamagedException>(() => store.LoadAsync(room.Id, TestContext.Current.CancellationToken));
        var before = await CountAsync(room);
        var said = new StringWriter();

        (await new DocumentCheck(room.Database, TimeProvider.System, said).RepairAsync(room.Id)).ShouldBeTrue(said.ToString());

        var document = RoomDocument.Restore(await store.LoadAsync(room.Id, TestContext.Current.CancellationToken));
        document.Text.ShouldBe(room.Texts[109]);
        (await room.ReadAsync<long>("SELECT MIN(seq) FROM room_set_aside WHERE room_id = @room AND source = 'room_updates'")).ShouldBe(110);
        (await CountAsync(room)).ShouldBe(before, "nothing is deleted");
        // Versions that people were shown are not given out again.
        var replica = new WholeTextReplica();
        replica.Sent(document.Version);
        document.ApplyWholeText(replica, "after the repair", document.Version, null).Value.Edit.Version.ShouldBeGreaterThan(room.Version);
        (await VerifyAsync(room)).ShouldEndWith("1 rooms, 0 faults\n");
    }

    [Fact]
    public async Task A_whole_room_is_left_alone_and_one_with_nothing_whole_too()
    {
        var room = await CreateAsync("sqlite");
        var said = new StringWriter();
        (await new DocumentCheck(room.Database, TimeProvider.System, said).RepairAsync(room.Id)).ShouldBeFalse();
        said.ToString().ShouldContain("nothing to repair");

        await room.ExecuteAsync("UPDATE room_snapshots SET crc = crc + 1 WHERE room_id = @room");
        var before = await CountAsync(room);
        (await new DocumentCheck(room.Database, TimeProvider.System, said).RepairAsync(room.Id)).ShouldBeFalse();
        said.ToString().ShouldContain("Restore it from a backup");
        (await CountAsync(room)).ShouldBe(before);
    }

    [Fact]
    public async Task Every_single_byte_of_the_last_record_may_be_wrong()
    {
        var room = await CreateAsync("sqlite");
        var payload = await room.ReadAsync<byte[]>("SELECT payload FROM room_updates WHERE room_id = @room ORDER BY seq DESC LIMIT 1");
        var store = new DocumentStore(room.Database, TimeProvider.System);
        for (var at = 0; at < payload.Length; at++)
        {
            byte[] torn = at % 2 == 0 ? payload[..at] : [.. payload.Select((b, i) => i == at ? (byte)(b ^ 0x10) : b)];
            await room.ExecuteAsync("UPDATE room_updates SET payload = @torn WHERE room_id = @room AND seq = @Seq", new { torn, room.Seq });
            await Should.ThrowAsync<DocumentDamagedException>(() => store.LoadAsync(room.Id, TestContext.Current.CancellationToken), $"byte {at}");
        }

        (await new DocumentCheck(room.Database, TimeProvider.System, TextWriter.Null).RepairAsync(room.Id)).ShouldBeTrue();
        RoomDocument.Restore(await store.LoadAsync(room.Id, TestContext.Current.CancellationToken)).Text.ShouldBe(room.Texts[room.Version - 1]);
    }

    /// <summary>120 edits: the first 100 merged, a snapshot at 105, the rest in the log.</summary>
    private async Task<PastRoom> CreateAsync(string dialect)
    {
        var room = await PastRoom.CreateAsync(await databases.CreateAsync(dialect));
        await room.TypeAsync(new Random(7), 104);
        await room.SnapshotAsync();
        await room.Keeper().KeepAsync(room.Id, room.Seq, leaveBefore: 101, TestContext.Current.CancellationToken);
        await room.TypeAsync(new Random(8), 15);
        return room;
    }

    private static async Task<string> VerifyAsync(PastRoom room)
    {
        var said = new StringWriter { NewLine = "\n" };
        await new DocumentCheck(room.Database, TimeProvider.System, said).VerifyAsync();
        return said.ToString();
    }

    private static Task<long> CountAsync(PastRoom room)
        => room.ReadAsync<long>(
            """
            SELECT (SELECT COUNT(*) FROM room_updates WHERE room_id = @room) + (SELECT COUNT(*) FROM room_snapshots WHERE room_id = @room)
                 + (SELECT COUNT(*) FROM room_history WHERE room_id = @room) + (SELECT COUNT(*) FROM room_checkpoints WHERE room_id = @room)
                 + (SELECT COUNT(*) FROM room_set_aside WHERE room_id = @room)
            """);
}
