using System.Data.Common;
using CodeChill.Server.Documents;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Rooms;

/// <summary>A row of <c>rooms</c> with its owner's public face.</summary>
internal sealed class RoomRow
{
    public string Id { get; init; } = "";
    public string Name { get; init; } = "";
    public string? Description { get; init; }
    public bool IsPrivate { get; init; }
    public string? PasswordHash { get; init; }
    public int MaxParticipants { get; init; }
    public string Language { get; init; } = "";
    public bool IsActive { get; init; }
    public string CreatedBy { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset LastActivity { get; init; }
    public long ContentVersion { get; init; }
    public string? OwnerName { get; init; }
    public string? OwnerPicture { get; init; }

    // Only where the query asks for one user's membership.
    public string? UserRole { get; init; }
    public DateTimeOffset? JoinedAt { get; init; }
}

/// <summary>A row of <c>participants</c> with the user's public face.</summary>
internal sealed class ParticipantRow
{
    public string Id { get; init; } = "";
    public string RoomId { get; init; } = "";
    public string UserId { get; init; } = "";
    public string UserName { get; init; } = "";
    public string? UserPicture { get; init; }
    public string Role { get; init; } = "";
    public bool IsActive { get; init; }
    public DateTimeOffset JoinedAt { get; init; }
    public DateTimeOffset LastSeen { get; init; }

    public ParticipantView View() => new()
    {
        Id = Id,
        RoomId = RoomId,
        UserId = UserId,
        UserName = UserName,
        UserPicture = UserPicture,
        Role = Role,
        IsActive = IsActive,
        JoinedAt = JoinedAt,
        LastSeen = LastSeen,
    };
}

/// <summary>A new room, checked.</summary>
internal sealed record NewRoom(
    string Name, string? Description, bool IsPrivate, string? PasswordHash, int MaxParticipants, string Language, string OwnerId, byte[] Template, string TemplateText);

/// <summary>The SQL of rooms and their members.</summary>
internal sealed class RoomStore(Database database, TimeProvider clock)
{
    private const string RoomColumns =
        """
        r.id, r.name, r.description, r.is_private, r.password_hash, r.max_participants, r.language, r.is_active, r.created_by,
        r.created_at, r.updated_at, r.last_activity, r.content_version, o.name AS owner_name, o.picture AS owner_picture
        """;

    private const string ParticipantColumns =
        "p.id, p.room_id, p.user_id, u.name AS user_name, u.picture AS user_picture, p.role, p.is_active, p.joined_at, p.last_seen";

    /// <summary>
    /// Room, owner's membership and the template as the log's first record, in one transaction: nobody can ever join a room whose template
    /// is not there, and a second template cannot come.
    /// </summary>
    public Task<Outcome<string>> CreateAsync(NewRoom room)
        => database.WriteAsync<Outcome<string>>(async (connection, transaction) =>
        {
            // Locks the owner's row, so that two requests at once cannot both be the fifth room.
            await connection.ExecuteAsync("UPDATE users SET updated_at = updated_at WHERE id = @OwnerId", new { room.OwnerId }, transaction);
            var active = await connection.ExecuteScalarAsync<int>(
                "SELECT COUNT(*) FROM rooms WHERE created_by = @OwnerId AND is_active = 1", new { room.OwnerId }, transaction);
            if (active >= RoomLimits.ActiveRoomsPerUser)
                return RoomErrors.TooManyRooms;

            var id = Ids.New(clock);
            var now = clock.GetUtcNow();
            await connection.ExecuteAsync(
                """
                INSERT INTO rooms (id, name, description, is_private, password_hash, max_participants, language, is_active, created_by,
                                   created_at, updated_at, last_activity, content_seq, content_version, closed_seq, current_content)
                VALUES (@id, @Name, @Description, @IsPrivate, @PasswordHash, @MaxParticipants, @Language, 1, @OwnerId, @now, @now, @now, 1, 1, 1, @TemplateText)
                """,
                new { id, room.Name, room.Description, room.IsPrivate, room.PasswordHash, room.MaxParticipants, room.Language, room.OwnerId, room.TemplateText, now },
                transaction);
            await InsertMemberAsync(connection, transaction, id, room.OwnerId, RoomPermissions.Owner, now);
            await connection.ExecuteAsync(
                """
                INSERT INTO room_updates (room_id, seq, version, user_id, client_kind, operation_id, created_at, crc, payload)
                VALUES (@id, 1, 1, @OwnerId, 'template', NULL, @now, @crc, @Template)
                """,
                new { id, room.OwnerId, now, crc = (long)LogEntry.Checksum(room.Template), room.Template },
                transaction);
            return id;
        });

    public Task<RoomRow?> FindAsync(string roomId)
        => database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<RoomRow>(
            $"SELECT {RoomColumns} FROM rooms r JOIN users o ON o.id = r.created_by WHERE r.id = @roomId", new { roomId }));

    /// <summary>The role of an active member of an active room; null for everybody else. The bool tells whether the room is there at all.</summary>
    public async Task<(bool Exists, string? Role)> FindRoleAsync(string roomId, string userId)
    {
        var row = await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<RoomRow>(
            """
            SELECT r.id, p.role AS user_role FROM rooms r
            LEFT JOIN participants p ON p.room_id = r.id AND p.user_id = @userId AND p.is_active = 1
            WHERE r.id = @roomId AND r.is_active = 1
            """,
            new { roomId, userId }));
        return (row is not null, row?.UserRole);
    }

    /// <summary>What reading a part of the room over REST needs: the room exists and the caller may do <paramref name="action"/>.</summary>
    public async Task<Error?> AuthorizeAsync(string roomId, string userId, RoomAction action)
    {
        var (exists, role) = await FindRoleAsync(roomId, userId);
        return !exists ? RoomErrors.NotFound : RoomPermissions.Allows(role, action) ? null : RoomErrors.AccessDenied;
    }

    public async Task<(IReadOnlyList<RoomRow> Rooms, long Total)> ListPublicAsync(string? search, string? language, PageRequest page)
    {
        var where = "r.is_active = 1 AND r.is_private = 0"
            + (search is null ? "" : " AND (LOWER(r.name) LIKE @pattern ESCAPE '!' OR LOWER(COALESCE(r.description, '')) LIKE @pattern ESCAPE '!')")
            + (language is null ? "" : " AND r.language = @language");
        var arguments = new { pattern = search is null ? null : Database.LikePattern(search.ToLowerInvariant()), language, page.PerPage, page.Offset };
        return await database.ReadAsync(async connection =>
        {
            var total = await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM rooms r WHERE {where}", arguments);
            var rooms = await connection.QueryAsync<RoomRow>(
                $"""
                SELECT {RoomColumns} FROM rooms r JOIN users o ON o.id = r.created_by
                WHERE {where} ORDER BY r.last_activity DESC, r.id DESC LIMIT @PerPage OFFSET @Offset
                """,
                arguments);
            return ((IReadOnlyList<RoomRow>)rooms.AsList(), total);
        });
    }

    /// <summary>The active rooms a user is a member of, most recently active first.</summary>
    public async Task<IReadOnlyList<RoomRow>> ListMineAsync(string userId)
        => (await database.ReadAsync(connection => connection.QueryAsync<RoomRow>(
            $"""
            SELECT {RoomColumns}, p.role AS user_role, p.joined_at FROM participants p
            JOIN rooms r ON r.id = p.room_id JOIN users o ON o.id = r.created_by
            WHERE p.user_id = @userId AND p.is_active = 1 AND r.is_active = 1 ORDER BY r.last_activity DESC, r.id DESC
            """,
            new { userId }))).AsList();

    /// <summary>The active members of some rooms, by room, in the order they joined.</summary>
    public async Task<ILookup<string, ParticipantRow>> MembersAsync(IReadOnlyCollection<string> roomIds)
    {
        if (roomIds.Count == 0)
            return Array.Empty<ParticipantRow>().ToLookup(p => p.RoomId);
        var rows = await database.ReadAsync(connection => connection.QueryAsync<ParticipantRow>(
            $"""
            SELECT {ParticipantColumns} FROM participants p JOIN users u ON u.id = p.user_id
            WHERE p.room_id IN @roomIds AND p.is_active = 1 ORDER BY p.joined_at, p.id
            """,
            new { roomIds }));
        return rows.ToLookup(p => p.RoomId);
    }

    public Task AddMemberAsync(string roomId, string userId, string role)
        => database.WriteAsync(async (connection, transaction) =>
        {
            var now = clock.GetUtcNow();
            // Somebody who comes back keeps their row: joined_at moves, the role does not outlive the leaving.
            var back = await connection.ExecuteAsync(
                "UPDATE participants SET is_active = 1, role = @role, joined_at = @now, last_seen = @now WHERE room_id = @roomId AND user_id = @userId",
                new { roomId, userId, role, now },
                transaction);
            if (back == 0)
                await InsertMemberAsync(connection, transaction, roomId, userId, role, now);
            await TouchAsync(connection, transaction, roomId, now);
        });

    public Task RemoveMemberAsync(string roomId, string userId)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE participants SET is_active = 0, last_seen = @now WHERE room_id = @roomId AND user_id = @userId",
            new { roomId, userId, now = clock.GetUtcNow() },
            transaction));

    public Task SetRoleAsync(string roomId, string userId, string role)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE participants SET role = @role WHERE room_id = @roomId AND user_id = @userId AND is_active = 1", new { roomId, userId, role }, transaction));

    public Task SeenAsync(string roomId, string userId)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE participants SET last_seen = @now WHERE room_id = @roomId AND user_id = @userId",
            new { roomId, userId, now = clock.GetUtcNow() },
            transaction));

    public Task UpdateAsync(string roomId, string name, string? description, string language, int maxParticipants)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            UPDATE rooms SET name = @name, description = @description, language = @language, max_participants = @maxParticipants,
                             updated_at = @now, last_activity = @now WHERE id = @roomId
            """,
            new { roomId, name, description, language, maxParticipants, now = clock.GetUtcNow() },
            transaction));

    /// <summary>Soft delete: the room disappears, its rows stay until retention takes them.</summary>
    public Task DeleteAsync(string roomId)
        => database.WriteAsync(async (connection, transaction) =>
        {
            var now = clock.GetUtcNow();
            await connection.ExecuteAsync("UPDATE rooms SET is_active = 0, updated_at = @now WHERE id = @roomId", new { roomId, now }, transaction);
            await connection.ExecuteAsync(
                "UPDATE participants SET is_active = 0, last_seen = @now WHERE room_id = @roomId AND is_active = 1", new { roomId, now }, transaction);
        });

    private static Task<int> TouchAsync(DbConnection connection, DbTransaction transaction, string roomId, DateTimeOffset now)
        => connection.ExecuteAsync("UPDATE rooms SET last_activity = @now WHERE id = @roomId", new { roomId, now }, transaction);

    private Task<int> InsertMemberAsync(DbConnection connection, DbTransaction transaction, string roomId, string userId, string role, DateTimeOffset now)
        => connection.ExecuteAsync(
            """
            INSERT INTO participants (id, room_id, user_id, role, is_active, joined_at, last_seen)
            VALUES (@id, @roomId, @userId, @role, 1, @now, @now)
            """,
            new { id = Ids.New(clock), roomId, userId, role, now },
            transaction);
}
