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

    /// <summary>Opens a record. The node that did answers for it: it closes the record, or those do who see that the node is gone.</summary>
    public async Task<ExecutionView> OpenAsync(string roomId, string userId, string userName, ExecutionRequest request, string nodeId)
    {
        var view = new ExecutionView
        {
            Id = Ids.New(clock),
            RoomId = roomId,
            UserId = userId,
            UserName = userName,
            Language = request.Language,
            SourceCode = request.SourceCode,
            InputData = request.Input,
            Status = "pending",
            CreatedAt = clock.GetUtcNow(),
        };
        await database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            INSERT INTO executions (id, room_id, user_id, language, source_code, input_data, status, created_at, node_id)
            VALUES (@Id, @RoomId, @UserId, @Language, @SourceCode, @InputData, @Status, @CreatedAt, @nodeId)
            """,
            new { view.Id, view.RoomId, view.UserId, view.Language, view.SourceCode, view.InputData, view.Status, view.CreatedAt, nodeId },
            transaction));
        return view;
    }

    public Task StartAsync(string executionId, DateTimeOffset startedAt)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            "UPDATE executions SET status = 'running', started_at = @startedAt WHERE id = @executionId AND status = 'pending'",
            new { executionId, startedAt },
            transaction));

    /// <summary>Closes a record with what <paramref name="end"/> says. False when it was closed before.</summary>
    public async Task<bool> CloseAsync(ExecutionView end)
        => await database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            UPDATE executions SET status = @Status, verdict = @Verdict, output = @Output, error_output = @ErrorOutput, compile_output = @CompileOutput,
                   exit_code = @ExitCode, execution_time = @ExecutionTime, memory_usage = @MemoryUsage, started_at = @StartedAt, completed_at = @CompletedAt
            WHERE id = @Id AND status IN ('pending', 'running')
            """,
            new
            {
                end.Id,
                end.Status,
                end.Verdict,
                end.Output,
                end.ErrorOutput,
                end.CompileOutput,
                end.ExitCode,
                end.ExecutionTime,
                end.MemoryUsage,
                end.StartedAt,
                end.CompletedAt,
            },
            transaction)) > 0;

    /// <summary>Closes what a node left open that is gone (or never said who it was): those runs died with it. Which were closed.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="still">Runs of it that are alive after all.</param>
    /// <param name="before">Only records older than this: one that was just opened may be about to be known.</param>
    public async Task<IReadOnlyList<ExecutionView>> CloseAbandonedAsync(string nodeId, IReadOnlySet<string> still, DateTimeOffset before)
    {
        var open = await database.ReadAsync(connection => connection.QueryAsync<string>(
            "SELECT id FROM executions WHERE status IN ('pending', 'running') AND (node_id = @nodeId OR node_id IS NULL) AND created_at < @before",
            new { nodeId, before }));
        var closed = new List<ExecutionView>();
        foreach (var id in open.Where(id => !still.Contains(id)))
        {
            var ended = await database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
                """
                UPDATE executions SET status = 'failed', verdict = 'interrupted', error_output = 'The server was restarted during this run', completed_at = @now
                WHERE id = @id AND status IN ('pending', 'running')
                """,
                new { id, now = clock.GetUtcNow() },
                transaction));
            if (ended > 0 && await FindAsync(id) is { } view)
                closed.Add(view);
        }

        return closed;
    }

    /// <summary>Runs of a room that were closed as interrupted since then.</summary>
    public async Task<IReadOnlyList<ExecutionView>> InterruptedAsync(string roomId, DateTimeOffset since)
        => [.. (await database.ReadAsync(connection => connection.QueryAsync<Row>(
            $"{Select} WHERE e.room_id = @roomId AND e.verdict = 'interrupted' AND e.completed_at >= @since ORDER BY e.seq", new { roomId, since })))
            .Select(row => row.View())];

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
