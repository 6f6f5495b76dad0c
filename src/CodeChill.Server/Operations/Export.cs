using System.IO.Pipelines;
using System.Text.Json;
using CodeChill.Server.Auth;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using CodeChill.Server.Users;
using Dapper;

namespace CodeChill.Server.Operations;

/// <summary>
/// <c>GET /api/users/export</c>: everything this server has about the caller. Written to the answer while it is read, a page at a time, so
/// that ten years of messages need no more memory, and hold the database no longer, than ten of them.
/// </summary>
internal sealed class Export(Database database, TimeProvider clock)
{
    private const int PageRows = 500;

    // Reading everything is work: a few times in a row, then one every ten minutes.
    private readonly EventRateLimiter _limit = new(burst: 3, perSecond: 1 / 600.0, clock);

    public Error? Refuse(string userId) => _limit.TryTake(userId, out var wait) ? null : PlatformErrors.RateLimited with { RetryAfter = wait };

    public async Task WriteAsync(User user, PipeWriter output, CancellationToken cancel)
    {
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true, Encoder = Json.Options.Encoder });
        json.WriteStartObject();
        Write(json, "exported_at", clock.GetUtcNow());
        Write(json, "user", new OwnUser(user));
        Write(json, "account", new
        {
            user.IsGuest,
            user.LoginEmail,
            HasPassword = user.PasswordHash is not null,
            user.IdentityIssuer,
            user.IdentitySubject,
            user.StatsUpdatedAt,
        });
        await RowsAsync<SessionRow>(
            json, output, "sessions", "SELECT id, created_at, expires_at, revoked_at FROM sessions WHERE user_id = @userId AND id > @after ORDER BY id", "", row => row.Id, user.Id, cancel);
        await RowsAsync<OwnedRoom>(
            json,
            output,
            "rooms",
            """
            SELECT id, name, description, is_private, language, is_active, created_at, updated_at, last_activity, current_content AS content
            FROM rooms WHERE created_by = @userId AND id > @after ORDER BY id
            """,
            "",
            row => row.Id,
            user.Id,
            cancel,
            pageRows: 20);
        await RowsAsync<Membership>(
            json,
            output,
            "memberships",
            """
            SELECT p.id, p.room_id, r.name AS room_name, p.role, p.is_active, p.joined_at, p.last_seen
            FROM participants p JOIN rooms r ON r.id = p.room_id WHERE p.user_id = @userId AND p.id > @after ORDER BY p.id
            """,
            "",
            row => row.Id,
            user.Id,
            cancel);
        await RowsAsync<SentMessage>(
            json,
            output,
            "messages",
            """
            SELECT seq, id, room_id, content, message_type, is_edited, reply_to, created_at, edited_at
            FROM messages WHERE user_id = @userId AND seq > @after ORDER BY seq
            """,
            0L,
            row => row.Seq,
            user.Id,
            cancel);
        await RowsAsync<OwnRun>(
            json,
            output,
            "executions",
            """
            SELECT seq, id, room_id, language, source_code, input_data, output, error_output, compile_output, exit_code, status, verdict, created_at, completed_at
            FROM executions WHERE user_id = @userId AND seq > @after ORDER BY seq
            """,
            0L,
            row => row.Seq,
            user.Id,
            cancel,
            pageRows: 20);
        await RowsAsync<OwnCase>(
            json,
            output,
            "test_cases",
            """
            SELECT id, room_id, name, input, expected_output, is_hidden, time_limit, memory_limit, created_at, updated_at
            FROM test_cases WHERE created_by = @userId AND id > @after ORDER BY id
            """,
            "",
            row => row.Id,
            user.Id,
            cancel,
            pageRows: 20);
        // How it went with each case is left out: what a hidden case printed belongs to who hid it.
        await RowsAsync<OwnCaseRun>(
            json,
            output,
            "case_runs",
            """
            SELECT seq, id, room_id, language, source_code, status, verdict, passed, total, compile_output, created_at, completed_at
            FROM case_runs WHERE user_id = @userId AND seq > @after ORDER BY seq
            """,
            0L,
            row => row.Seq,
            user.Id,
            cancel,
            pageRows: 20);
        await EditsAsync(json, output, user.Id, cancel);
        json.WriteEndObject();
        await FlushAsync(json, output, cancel);
    }

    /// <summary>The serializer flushes the writer as it likes; what goes out, and when somebody who reads slowly is waited for, is decided here.</summary>
    private static async Task FlushAsync(Utf8JsonWriter json, PipeWriter output, CancellationToken cancel)
    {
        json.Flush();
        await output.FlushAsync(cancel);
    }

    private static void Write<T>(Utf8JsonWriter json, string name, T value)
    {
        json.WritePropertyName(name);
        JsonSerializer.Serialize(json, value, Json.Options);
    }

    private async Task RowsAsync<T>(
        Utf8JsonWriter json, PipeWriter output, string name, string sql, object first, Func<T, object> key, string userId, CancellationToken cancel, int pageRows = PageRows)
    {
        json.WriteStartArray(name);
        var after = first;
        while (true)
        {
            var page = (await database.ReadAsync(
                connection => connection.QueryAsync<T>($"{sql} LIMIT {pageRows}", new Dictionary<string, object> { ["userId"] = userId, ["after"] = after }), cancel)).AsList();
            foreach (var row in page)
                JsonSerializer.Serialize(json, row, Json.Options);
            await FlushAsync(json, output, cancel);
            if (page.Count < pageRows)
                break;
            after = key(page[^1]);
        }

        json.WriteEndArray();
    }

    /// <summary>When I edited which room. What was typed is part of the room's text, which belongs to everybody who typed it.</summary>
    private async Task EditsAsync(Utf8JsonWriter json, PipeWriter output, string userId, CancellationToken cancel)
    {
        json.WriteStartArray("edits");
        var rooms = (await database.ReadAsync(
            connection => connection.QueryAsync<string>("SELECT room_id FROM participants WHERE user_id = @userId ORDER BY room_id", new { userId }), cancel)).AsList();
        // Old edits left the log and were merged, a row a burst of typing.
        foreach (var (roomId, table) in rooms.SelectMany(roomId => new[] { (roomId, "room_history"), (roomId, "room_updates") }))
        {
            var after = 0L;
            while (true)
            {
                var page = (await database.ReadAsync(
                    connection => connection.QueryAsync<Edit>(
                        $"""
                        SELECT room_id, seq, version, client_kind AS kind, created_at FROM {table}
                        WHERE room_id = @roomId AND seq > @after AND user_id = @userId ORDER BY seq LIMIT {PageRows}
                        """,
                        new { roomId, after, userId }),
                    cancel)).AsList();
                foreach (var edit in page)
                    JsonSerializer.Serialize(json, edit, Json.Options);
                await FlushAsync(json, output, cancel);
                if (page.Count < PageRows)
                    break;
                after = page[^1].Seq;
            }
        }

        json.WriteEndArray();
    }

    private sealed record SessionRow
    {
        public required string Id { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset ExpiresAt { get; init; }
        public DateTimeOffset? RevokedAt { get; init; }
    }

    private sealed record OwnedRoom
    {
        public required string Id { get; init; }
        public required string Name { get; init; }
        public string? Description { get; init; }
        public bool IsPrivate { get; init; }
        public required string Language { get; init; }
        public bool IsActive { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }
        public DateTimeOffset LastActivity { get; init; }
        public string? Content { get; init; }
    }

    private sealed record Membership
    {
        public required string Id { get; init; }
        public required string RoomId { get; init; }
        public required string RoomName { get; init; }
        public required string Role { get; init; }
        public bool IsActive { get; init; }
        public DateTimeOffset JoinedAt { get; init; }
        public DateTimeOffset LastSeen { get; init; }
    }

    private sealed record SentMessage
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public long Seq { get; init; }
        public required string Id { get; init; }
        public required string RoomId { get; init; }
        public required string Content { get; init; }
        public required string MessageType { get; init; }
        public bool IsEdited { get; init; }
        public string? ReplyTo { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? EditedAt { get; init; }
    }

    /// <summary>What a run of one program and one with all test cases have in common.</summary>
    private abstract record Run
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public long Seq { get; init; }
        public required string Id { get; init; }
        public required string RoomId { get; init; }
        public required string Language { get; init; }
        public required string SourceCode { get; init; }
        public string? CompileOutput { get; init; }
        public required string Status { get; init; }
        public string? Verdict { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }
    }

    private sealed record OwnRun : Run
    {
        public string? InputData { get; init; }
        public string? Output { get; init; }
        public string? ErrorOutput { get; init; }
        public int? ExitCode { get; init; }
    }

    private sealed record OwnCase
    {
        public required string Id { get; init; }
        public required string RoomId { get; init; }
        public required string Name { get; init; }
        public required string Input { get; init; }
        public required string ExpectedOutput { get; init; }
        public bool IsHidden { get; init; }
        public double? TimeLimit { get; init; }
        public long? MemoryLimit { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }
    }

    private sealed record OwnCaseRun : Run
    {
        public int Passed { get; init; }
        public int Total { get; init; }
    }

    private sealed record Edit
    {
        public required string RoomId { get; init; }
        public long Seq { get; init; }
        public long Version { get; init; }
        public required string Kind { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
    }
}

internal static class ExportEndpoints
{
    public static void MapExport(this WebApplication app) => app.MapGroup("/api/users").RequireCaller().MapGet("/export", ExportAsync);

    private static async Task<IResult> ExportAsync(HttpContext http, UserStore users, Export export)
    {
        var userId = http.Caller().UserId;
        if (await users.FindAsync(userId, http.RequestAborted) is not { IsActive: true } user)
            return Replies.From(UserErrors.NotFound);
        if (export.Refuse(userId) is { } tooOften)
            return Replies.From(tooOften);
        http.Response.Headers.ContentDisposition = "attachment; filename=\"codechill-export.json\"";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentType = "application/json; charset=utf-8";
        await export.WriteAsync(user, http.Response.BodyWriter, http.RequestAborted);
        return Results.Empty;
    }
}
