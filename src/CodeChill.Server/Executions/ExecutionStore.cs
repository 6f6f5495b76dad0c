using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Executions;

/// <summary>The SQL of executions. A record is opened once and closed once: closing a closed one changes nothing and says so.</summary>
internal sealed class ExecutionStore(Database database, TimeProvider clock)
{
    private const string Select =
        """
        SELECT e.id, e.room_id, e.user_id, u.name AS user_name, e.language, e.source_code, e.input_data, e.output, e.error_output, e.compile_output,
               e.exit_code, e.execution_time, e.memory_usage, e.status, e.verdict, e.created_at, e.started_at, e.completed_at
        FROM executions e JOIN users u ON u.id = e.user_id
        """;

    public async Task<string> OpenAsync(string roomId, string userId, ExecutionRequest request)
    {
        var id = Ids.New(clock);
        await database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            INSERT INTO executions (id, room_id, user_id, language, source_code, input_data, status, created_at)
            VALUES (@id, @roomId, @userId, @Language, @SourceCode, @Input, 'pending', @now)
            """,
            new { id, roomId, userId, request.Language, request.SourceCode, request.Input, now = clock.GetUtcNow() },
            transaction));
        return id;
    }

    public Task StartAsync(string executionId)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE executions SET status = 'running', started_at = @now WHERE id = @executionId AND status = 'pending'",
            new { executionId, now = clock.GetUtcNow() },
            transaction));

    /// <summary>Closes a record. False when it was closed before.</summary>
    public async Task<bool> CloseAsync(string executionId, RunOutcome outcome)
        => await database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            UPDATE executions SET status = @Status, verdict = @Verdict, output = @Output, error_output = @ErrorOutput, compile_output = @CompileOutput,
                   exit_code = @ExitCode, execution_time = @Seconds, memory_usage = @Kilobytes, completed_at = @now
            WHERE id = @executionId AND status IN ('pending', 'running')
            """,
            new
            {
                executionId,
                outcome.Status,
                outcome.Verdict,
                outcome.Output,
                outcome.ErrorOutput,
                outcome.CompileOutput,
                outcome.ExitCode,
                outcome.Seconds,
                outcome.Kilobytes,
                now = clock.GetUtcNow(),
            },
            transaction)) > 0;

    /// <summary>Closes what an earlier process left open: those runs died with it.</summary>
    public Task<int> CloseAbandonedAsync()
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            UPDATE executions SET status = 'failed', verdict = 'interrupted', error_output = 'The server was restarted during this run', completed_at = @now
            WHERE status IN ('pending', 'running')
            """,
            new { now = clock.GetUtcNow() },
            transaction));

    public async Task<ExecutionView?> FindAsync(string executionId)
        => (await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<Row>($"{Select} WHERE e.id = @executionId", new { executionId })))?.View();

    public async Task<(IReadOnlyList<ExecutionView> Executions, long Total)> ListAsync(string roomId, PageRequest page)
    {
        var total = await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM executions WHERE room_id = @roomId", new { roomId }));
        var rows = await database.ReadAsync(connection => connection.QueryAsync<Row>(
            $"{Select} WHERE e.room_id = @roomId ORDER BY e.seq DESC LIMIT @PerPage OFFSET @Offset", new { roomId, page.PerPage, page.Offset }));
        return ([.. rows.Select(row => row.View())], total);
    }

    private sealed class Row
    {
        public string Id { get; init; } = "";
        public string RoomId { get; init; } = "";
        public string UserId { get; init; } = "";
        public string UserName { get; init; } = "";
        public string Language { get; init; } = "";
        public string SourceCode { get; init; } = "";
        public string? InputData { get; init; }
        public string? Output { get; init; }
        public string? ErrorOutput { get; init; }
        public string? CompileOutput { get; init; }
        public int? ExitCode { get; init; }
        public double? ExecutionTime { get; init; }
        public long? MemoryUsage { get; init; }
        public string Status { get; init; } = "";
        public string? Verdict { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? StartedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }

        public ExecutionView View() => new()
        {
            Id = Id,
            RoomId = RoomId,
            UserId = UserId,
            UserName = UserName,
            Language = Language,
            SourceCode = SourceCode,
            InputData = InputData,
            Output = Output,
            ErrorOutput = ErrorOutput,
            CompileOutput = CompileOutput,
            ExitCode = ExitCode,
            ExecutionTime = ExecutionTime,
            MemoryUsage = MemoryUsage,
            Status = Status,
            Verdict = Verdict,
            CreatedAt = CreatedAt,
            StartedAt = StartedAt,
            CompletedAt = CompletedAt,
        };
    }
}
