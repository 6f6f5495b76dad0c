using System.Text;
using CodeChill.Server.Documents;
using CodeChill.Server.History;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Documents;
using CodeChill.Text;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeChill.Server.Tests.History;

/// <summary>
/// A room with a past, written to the log as the server writes it, and beside it what a naive recorder noted: the text after every version and
/// who typed each of its characters.
/// </summary>
internal sealed class PastRoom
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, Document> _replicas = [];
    private readonly RoomDocument _document;
    private readonly WholeTextReplica _whole = new();
    private readonly StringBuilder _typed = new();
    private DateTimeOffset _now = Start;

    private PastRoom(Database database, string id, RoomDocument document, IReadOnlyList<string> users)
    {
        (Database, Id, _document, Users) = (database, id, document, users);
        _whole.Sent(document.Version);
        _typed.Append('A', document.Text.Length);
        Note();
    }

    public Database Database { get; }

    public string Id { get; }

    /// <summary>The first one made the room; the last one types whole texts.</summary>
    public IReadOnlyList<string> Users { get; }

    public SortedDictionary<long, string> Texts { get; } = [];

    /// <summary>By version, for each character who typed it: A, B or C.</summary>
    public SortedDictionary<long, string> Authors { get; } = [];

    public char InitialOf(string? userId) => userId is null ? '?' : (char)('A' + Users.ToList().IndexOf(userId));

    public HistoryStore Store => new(Database);

    public static async Task<PastRoom> CreateAsync(Database database, string template = "// hello\n")
    {
        var users = new List<string>();
        foreach (var name in new[] { "Ada", "Bob", "Cid" })
            users.Add(await TestRooms.CreateUserAsync(database, name));
        var room = await TestRooms.CreateAsync(database, template, users[0]);
        var stored = await new DocumentStore(database, TimeProvider.System).LoadAsync(room);
        await database.WriteAsync((c, t) => c.ExecuteAsync("UPDATE room_updates SET created_at = @Start WHERE room_id = @room", new { Start, room }, t));
        return new PastRoom(database, room, RoomDocument.Restore(stored), users);
    }

    public HistoryKeeper Keeper(int every = 50, int days = 0, TimeProvider? clock = null, int megabytes = 64)
        => new(Store, new HistoryOptions { Days = days, MegabytesPerRoom = megabytes, CheckpointEvery = every }, clock ?? TimeProvider.System, NullLogger<HistoryKeeper>.Instance);

    public HistoryService Service(HistoryKeeper? keeper = null) => new(Store, keeper ?? Keeper(), TimeProvider.System);

    /// <summary>
    /// Random typing of all users, Yjs replicas and whole texts, with pauses; one transaction. With <paramref name="paste"/> each edit replaces up to
    /// so many characters by as many.
    /// </summary>
    public Task TypeAsync(Random dice, int edits, int paste = 0) => Database.WriteAsync(async (connection, transaction) =>
    {
        for (var i = 0; i < edits; i++)
        {
            var user = Users[dice.Next(Users.Count)];
            _now = _now.AddMilliseconds(dice.Next(4) == 0 ? 3_000 : 150);
            var length = _document.Length;
            var index = dice.Next(length + 1);
            var removed = paste > 0 ? Math.Min(length - index, paste) : length > 200 || dice.Next(4) == 0 ? Math.Min(length - index, dice.Next(6)) : 0;
            var inserted = paste == 0 && removed > 0 && dice.Next(2) == 0 ? "" : string.Concat(Enumerable.Range(0, 1 + dice.Next(Math.Max(3, paste))).Select(_ => (char)('a' + dice.Next(26))));
            if (removed == 0 && inserted.Length == 0)
                inserted = "x";
            // A whole text does not say where in a run of equal characters it was typed in; the comparison decides.
            var before = _document.Text;
            IReadOnlyList<TextEdit> edits = user == Users[^1]
                ? TextDiff.Compute(before, before[..index] + inserted + before[(index + removed)..])
                : [new TextEdit(index, removed, inserted)];
            var edit = user == Users[^1] ? Whole(index, removed, inserted) : Replica(user, index, removed, inserted);
            if (!edit.Changed)
                continue;
            await LogAsync(connection, transaction, edit, user, user == Users[^1] ? "whole-text" : "yjs");
            foreach (var (at, deleted, typed) in edits.Reverse())
                _typed.Remove(at, deleted).Insert(at, new string(InitialOf(user), typed.Length));
            Note();
        }
    });

    /// <summary>One user types so many characters in a row, without a pause; nothing is noted.</summary>
    public Task AppendAsync(int edits) => Database.WriteAsync(async (connection, transaction) =>
    {
        var replica = new Document();
        replica.ApplyUpdate(_document.EncodeState());
        var text = replica.GetText(RoomDocument.RootName);
        for (var i = 0; i < edits; i++)
        {
            _now = _now.AddMilliseconds(50);
            var edit = _document.ApplyUpdate(text.Insert(text.Length, "x").Update.ToArray()).Value;
            await LogAsync(connection, transaction, edit, Users[1], "yjs");
        }
    });

    public Task SnapshotAsync()
        => new DocumentStore(Database, TimeProvider.System).CompactAsync(Id, _document.Seq, _document.Version, _document.EncodeState(), _document.Text);

    public Task<T> ReadAsync<T>(string sql, object? more = null)
        => Database.ReadAsync(c => c.ExecuteScalarAsync<T>(sql, new DynamicParametersOf(Id, more).Value))!;

    public Task ExecuteAsync(string sql, object? more = null)
        => Database.WriteAsync((c, t) => c.ExecuteAsync(sql, new DynamicParametersOf(Id, more).Value, t));

    public long Seq => _document.Seq;

    public long Version => _document.Version;

    public string Text => _document.Text;

    private async Task LogAsync(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, Accepted edit, string user, string kind)
    {
        await connection.ExecuteAsync(
            """
            INSERT INTO room_updates (room_id, seq, version, user_id, client_kind, created_at, crc, payload)
            VALUES (@Id, @Seq, @Version, @user, @kind, @now, @crc, @payload)
            """,
            new { Id, edit.Seq, edit.Version, user, kind, now = _now, crc = (long)LogEntry.Checksum(edit.Update.Span), payload = edit.Update.ToArray() },
            transaction);
        await connection.ExecuteAsync("UPDATE rooms SET content_seq = @Seq, content_version = @Version, closed_seq = @Seq WHERE id = @Id", new { edit.Seq, edit.Version, Id }, transaction);
    }

    private Accepted Whole(int index, int removed, string inserted)
    {
        var text = _document.Text;
        return _document.ApplyWholeText(_whole, text[..index] + inserted + text[(index + removed)..], _document.Version, null).Value.Edit;
    }

    private Accepted Replica(string user, int index, int removed, string inserted)
    {
        if (!_replicas.TryGetValue(user, out var replica))
            _replicas[user] = replica = new Document();
        replica.ApplyUpdate(_document.EncodeState());
        var change = replica.GetText(RoomDocument.RootName).Apply([new TextEdit(index, removed, inserted)]);
        return _document.ApplyUpdate(change.Update.ToArray()).Value;
    }

    private void Note()
    {
        Texts[_document.Version] = _document.Text;
        Authors[_document.Version] = _typed.ToString();
    }

    private readonly struct DynamicParametersOf
    {
        public DynamicParametersOf(string room, object? more)
        {
            Value = new DynamicParameters(more);
            Value.Add("room", room);
        }

        public DynamicParameters Value { get; }
    }
}
