using System.Diagnostics;
using CodeChill.Server.Documents;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Storage;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeChill.Server.Tests.Operations;

/// <summary>The backup of docs/operations.md, taken at moments nobody chose, while rooms are being typed in.</summary>
public sealed class BackupTests(DatabaseFixture databases)
{
    private const int Copies = 20;
    private const int Rooms = 3;

    [Fact]
    public async Task Copy_taken_while_edits_are_written_holds_every_acknowledged_one_and_opens()
    {
        var place = await databases.PlaceAsync("sqlite");
        var database = databases.Open("sqlite", place);
        await database.MigrateAsync(default);
        var rooms = new string[Rooms];
        for (var i = 0; i < Rooms; i++)
            rooms[i] = await TestRooms.CreateAsync(database, "start");
        using var log = new UpdateLog(database, TimeProvider.System, NullLogger<UpdateLog>.Instance);
        await log.StartAsync(default);
        using var enough = new CancellationTokenSource();
        var acknowledged = new long[Rooms];
        var typing = Enumerable.Range(0, Rooms).Select(i => Task.Run(() => TypeAsync(i))).ToArray();

        for (var copy = 0; copy < Copies; copy++)
        {
            // Every copy meets rooms in which edits have been acknowledged since the copy before.
            while (Enumerable.Range(0, Rooms).Any(i => Volatile.Read(ref acknowledged[i]) <= copy + 1) && !typing.Any(t => t.IsCompleted))
                await Task.Yield();
            var before = acknowledged.Select((_, i) => Volatile.Read(ref acknowledged[i])).ToArray();
            var target = $"{place}.{copy}";
            await database.ReadAsync(connection => connection.ExecuteAsync($"VACUUM INTO '{target}'"));
            await using var restored = new SqliteDatabase(target);
            await restored.MigrateAsync(default);
            (await restored.ReadAsync(connection => connection.ExecuteScalarAsync<string>("PRAGMA integrity_check"))).ShouldBe("ok");
            for (var i = 0; i < Rooms; i++)
            {
                var document = RoomDocument.Restore(await new DocumentStore(restored, TimeProvider.System).LoadAsync(rooms[i]));
                document.Seq.ShouldBeGreaterThanOrEqualTo(before[i], $"copy {copy}, room {i}");
                document.Text.ShouldBe(TextAt(document.Seq), $"copy {copy}, room {i}");
            }
        }

        await enough.CancelAsync();
        await Task.WhenAll(typing);
        await log.StopAsync(default);
        acknowledged.Min().ShouldBeGreaterThan(Copies, "the copies were taken while nobody typed");

        async Task TypeAsync(int i)
        {
            var document = RoomDocument.Restore(await new DocumentStore(database, TimeProvider.System).LoadAsync(rooms[i]));
            var replica = new WholeTextReplica();
            var began = Stopwatch.GetTimestamp();
            while (!enough.IsCancellationRequested && Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(2))
            {
                replica.Sent(document.Version);
                var edit = document.ApplyWholeText(replica, TextAt(document.Seq + 1), document.Version, null).Value.Edit;
                (await log.Append(new LogEntry(rooms[i], edit.Seq, edit.Version, null, "whole-text", null, TimeProvider.System.GetUtcNow(), edit.Update))).ShouldBe(Commit.Done);
                Volatile.Write(ref acknowledged[i], edit.Seq);
            }
        }
    }

    /// <summary>The text of every moment is known, so a copy is compared with what it must be.</summary>
    private static string TextAt(long seq) => seq == 1 ? "start" : $"edit {seq} {new string((char)('a' + (seq % 26)), (int)(seq % 200))}";
}
