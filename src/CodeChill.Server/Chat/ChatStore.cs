using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Chat;

/// <summary>The SQL of chat messages. <c>seq</c> gives their order: two of the same millisecond still have one.</summary>
internal sealed class ChatStore(Database database, TimeProvider clock)
{
    private const string Columns =
        """
        m.id, m.room_id, m.user_id, u.name AS user_name, u.picture AS user_picture, m.content, m.message_type, m.is_edited, m.is_deleted,
        m.reply_to, m.created_at, m.edited_at
        """;

    private const string From = "FROM messages m JOIN users u ON u.id = m.user_id";

    public async Task<Outcome<MessageView>> AddAsync(string roomId, string userId, NewMessage message)
    {
        var id = Ids.New(clock);
        var added = await database.WriteAsync<Outcome<bool>>(async (connection, transaction) =>
        {
            if (message.ReplyTo is { } parent && await connection.ExecuteScalarAsync<int>(
                "SELECT COUNT(*) FROM messages WHERE id = @parent AND room_id = @roomId", new { parent, roomId }, transaction) == 0)
                return ChatErrors.ParentNotFound;
            var now = clock.GetUtcNow();
            await connection.ExecuteAsync(
                """
                INSERT INTO messages (id, room_id, user_id, content, message_type, reply_to, created_at)
                VALUES (@id, @roomId, @userId, @Content, @Type, @ReplyTo, @now)
                """,
                new { id, roomId, userId, message.Content, message.Type, message.ReplyTo, now },
                transaction);
            await connection.ExecuteAsync("UPDATE rooms SET last_activity = @now WHERE id = @roomId", new { roomId, now }, transaction);
            return true;
        });
        return added.Error is { } error ? error : (await FindAsync(id))!;
    }

    public async Task<MessageView?> FindAsync(string messageId)
        => (await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<Row>(
            $"SELECT {Columns} {From} WHERE m.id = @messageId AND m.is_deleted = 0", new { messageId })))?.View();

    public Task EditAsync(string messageId, string content)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE messages SET content = @content, is_edited = 1, edited_at = @now WHERE id = @messageId",
            new { messageId, content, now = clock.GetUtcNow() },
            transaction));

    /// <summary>What was said is gone from the database; that something was said, and by whom, stays.</summary>
    public Task DeleteAsync(string messageId)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE messages SET content = @content, message_type = 'system', is_deleted = 1, edited_at = @now WHERE id = @messageId",
            new { messageId, content = ChatLimits.DeletedContent, now = clock.GetUtcNow() },
            transaction));

    /// <summary>The newest messages, oldest first.</summary>
    public async Task<IReadOnlyList<MessageView>> RecentAsync(string roomId, int count)
        => await PageAsync("m.room_id = @roomId", new { roomId, PerPage = count, Offset = 0 });

    /// <summary>Pages count from the newest message back; within a page time runs forward.</summary>
    public async Task<(IReadOnlyList<MessageView> Messages, long Total)> ListAsync(string roomId, PageRequest page)
    {
        var total = await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM messages WHERE room_id = @roomId", new { roomId }));
        return (await PageAsync("m.room_id = @roomId", new { roomId, page.PerPage, page.Offset }), total);
    }

    public async Task<(IReadOnlyList<MessageView> Messages, long Total)> SearchAsync(string roomId, string query, PageRequest page)
    {
        const string Where = "m.room_id = @roomId AND m.is_deleted = 0 AND LOWER(m.content) LIKE @pattern ESCAPE '!'";
        var arguments = new { roomId, pattern = Database.LikePattern(query.ToLowerInvariant()), page.PerPage, page.Offset };
        var total = await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM messages m WHERE {Where}", arguments));
        return (await PageAsync(Where, arguments), total);
    }

    private async Task<IReadOnlyList<MessageView>> PageAsync(string where, object arguments)
    {
        var rows = await database.ReadAsync(connection => connection.QueryAsync<Row>(
            $"SELECT {Columns} {From} WHERE {where} ORDER BY m.seq DESC LIMIT @PerPage OFFSET @Offset", arguments));
        return [.. rows.Reverse().Select(row => row.View())];
    }

    private sealed class Row
    {
        public string Id { get; init; } = "";
        public string RoomId { get; init; } = "";
        public string UserId { get; init; } = "";
        public string UserName { get; init; } = "";
        public string? UserPicture { get; init; }
        public string Content { get; init; } = "";
        public string MessageType { get; init; } = "";
        public bool IsEdited { get; init; }
        public string? ReplyTo { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? EditedAt { get; init; }

        public MessageView View() => new()
        {
            Id = Id,
            RoomId = RoomId,
            UserId = UserId,
            UserName = UserName,
            UserPicture = UserPicture,
            Content = Content,
            MessageType = MessageType,
            IsEdited = IsEdited,
            ReplyTo = ReplyTo,
            CreatedAt = CreatedAt,
            EditedAt = EditedAt,
        };
    }
}
