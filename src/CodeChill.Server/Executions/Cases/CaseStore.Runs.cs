using System.Text.Json;
using CodeChill.Server.Platform;
using Dapper;

namespace CodeChill.Server.Executions.Cases;

/// <summary>Runs of cases: a record that is opened and closed once, and what came of each case, written as it comes.</summary>
internal sealed partial class CaseStore
{
    private const string SelectRun =
        """
        SELECT r.id, r.room_id, r.user_id, u.name AS user_name, r.language, r.source_code, r.status, r.verdict, r.passed, r.total, r.compile_output,
               r.created_at, r.completed_at
        FROM case_runs r JOIN users u ON u.id = r.user_id
        """;

    public Task OpenRunAsync(CaseRunView run, string nodeId)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            INSERT INTO case_runs (id, room_id, user_id, language, source_code, status, total, node_id, created_at)
            VALUES (@Id, @RoomId, @UserId, @Language, @SourceCode, 'running', @Total, @nodeId, @CreatedAt)
            """,
            new { run.Id, run.RoomId, run.UserId, run.Language, run.SourceCode, run.Total, nodeId, run.CreatedAt },
            transaction));

    /// <summary>Keeps a result; keeping it twice changes nothing.</summary>
    public Task AddResultAsync(CaseCompletedEvent result)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            $"""
            {database.InsertOrIgnore} INTO case_results
                   (run_id, position, case_id, name, is_hidden, verdict, execution_time, memory_usage, output, error_output, diff)
            VALUES (@RunId, @Position, @CaseId, @Name, @IsHidden, @Verdict, @ExecutionTime, @MemoryUsage, @Output, @ErrorOutput, @diff)
            """,
            new
            {
                result.RunId,
                result.Position,
                result.CaseId,
                result.Name,
                result.IsHidden,
                result.Verdict,
                result.ExecutionTime,
                result.MemoryUsage,
                result.Output,
                result.ErrorOutput,
                diff = result.Diff is null ? null : JsonSerializer.Serialize(result.Diff, Json.Options),
            },
            transaction));

    public async Task<bool> CloseRunAsync(CasesCompletedEvent end)
        => await database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
            """
            UPDATE case_runs SET status = 'completed', verdict = @Verdict, passed = @Passed, compile_output = @CompileOutput, completed_at = @now
            WHERE id = @RunId AND status = 'running'
            """,
            new { end.RunId, end.Verdict, end.Passed, end.CompileOutput, now = clock.GetUtcNow() },
            transaction)) > 0;

    /// <summary>Closes what a node left open that is gone. Which were closed.</summary>
    public async Task<IReadOnlyList<CaseRunView>> CloseAbandonedAsync(string nodeId, IReadOnlySet<string> still, DateTimeOffset before)
    {
        var open = await database.ReadAsync(connection => connection.QueryAsync<string>(
            "SELECT id FROM case_runs WHERE status = 'running' AND node_id = @nodeId AND created_at < @before", new { nodeId, before }));
        var closed = new List<CaseRunView>();
        foreach (var id in open.Where(id => !still.Contains(id)))
        {
            var ended = await database.WriteAsync((connection, transaction) => connection.ExecuteAsync(
                """
                UPDATE case_runs SET status = 'completed', verdict = 'internal_error', completed_at = @now,
                       passed = (SELECT COUNT(*) FROM case_results WHERE run_id = @id AND verdict = 'accepted')
                WHERE id = @id AND status = 'running'
                """,
                new { id, now = clock.GetUtcNow() },
                transaction));
            if (ended > 0 && await RunRowAsync("r.id = @id", new { id }) is { } row)
                closed.Add(row.View(null));
        }

        return closed;
    }

    public async Task<CaseRunView?> FindRunAsync(string roomId, string runId)
    {
        if (await RunRowAsync("r.id = @runId AND r.room_id = @roomId", new { runId, roomId }) is not { } row)
            return null;
        var results = await database.ReadAsync(connection => connection.QueryAsync<ResultRow>(
            """
            SELECT run_id, position, case_id, name, is_hidden, verdict, execution_time, memory_usage, output, error_output, diff
            FROM case_results WHERE run_id = @runId ORDER BY position
            """,
            new { runId }));
        return row.View([.. results.Select(result => result.View())]);
    }

    public async Task<(IReadOnlyList<CaseRunView> Runs, long Total)> ListRunsAsync(string roomId, PageRequest page)
    {
        var total = await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM case_runs WHERE room_id = @roomId", new { roomId }));
        var rows = await database.ReadAsync(connection => connection.QueryAsync<RunRow>(
            $"{SelectRun} WHERE r.room_id = @roomId ORDER BY r.seq DESC LIMIT @PerPage OFFSET @Offset", new { roomId, page.PerPage, page.Offset }));
        return ([.. rows.Select(row => row.View(null))], total);
    }

    private Task<RunRow?> RunRowAsync(string where, object parameters)
        => database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<RunRow>($"{SelectRun} WHERE {where}", parameters));

    private sealed class RunRow
    {
        public string Id { get; init; } = "";
        public string RoomId { get; init; } = "";
        public string UserId { get; init; } = "";
        public string UserName { get; init; } = "";
        public string Language { get; init; } = "";
        public string SourceCode { get; init; } = "";
        public string Status { get; init; } = "";
        public string? Verdict { get; init; }
        public int Passed { get; init; }
        public int Total { get; init; }
        public string? CompileOutput { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }

        public CaseRunView View(IReadOnlyList<CaseCompletedEvent>? results) => new()
        {
            Id = Id,
            RoomId = RoomId,
            UserId = UserId,
            UserName = UserName,
            Language = Language,
            SourceCode = SourceCode,
            Status = Status,
            Verdict = Verdict,
            Passed = Passed,
            Total = Total,
            CompileOutput = CompileOutput,
            CreatedAt = CreatedAt,
            CompletedAt = CompletedAt,
            Results = results,
        };
    }

    private sealed class ResultRow
    {
        public string RunId { get; init; } = "";
        public int Position { get; init; }
        public string CaseId { get; init; } = "";
        public string Name { get; init; } = "";
        public bool IsHidden { get; init; }
        public string Verdict { get; init; } = "";
        public double? ExecutionTime { get; init; }
        public long? MemoryUsage { get; init; }
        public string? Output { get; init; }
        public string? ErrorOutput { get; init; }
        public string? Diff { get; init; }

        public CaseCompletedEvent View() => new(
            RunId,
            CaseId,
            Name,
            Position,
            IsHidden,
            Verdict,
            ExecutionTime,
            MemoryUsage,
            Output,
            ErrorOutput,
            Diff is null ? null : JsonSerializer.Deserialize<IReadOnlyList<DiffLine>>(Diff, Json.Options));
    }
}
