using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Executions.Cases;

/// <summary>The SQL of a room's test cases. Who writes is the room's grain, one change at a time: positions are always 0, 1, 2 …</summary>
internal sealed partial class CaseStore(Database database, TimeProvider clock)
{
    private const string SelectCase =
        """
        SELECT id, room_id, name, input, expected_output, is_hidden, time_limit, memory_limit, position, created_by, created_at, updated_at
        FROM test_cases
        """;

    public async Task<IReadOnlyList<CaseView>> ListAsync(string roomId)
        => [.. (await database.ReadAsync(connection => connection.QueryAsync<CaseRow>(
            $"{SelectCase} WHERE room_id = @roomId ORDER BY position", new { roomId }))).Select(row => row.View())];

    public async Task<CaseView?> FindAsync(string roomId, string caseId)
        => (await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<CaseRow>(
            $"{SelectCase} WHERE id = @caseId AND room_id = @roomId", new { caseId, roomId })))?.View();

    public async Task<Outcome<CaseView>> CreateAsync(string roomId, string userId, CaseFields fields)
    {
        var all = await ListAsync(roomId);
        if (all.Count >= CaseLimits.PerRoom)
            return CaseErrors.TooMany;
        var now = clock.GetUtcNow();
        var created = new CaseView
        {
            Id = Ids.New(clock),
            RoomId = roomId,
            Name = fields.Name ?? $"Case {all.Count + 1}",
            Input = fields.Input ?? "",
            ExpectedOutput = fields.ExpectedOutput ?? "",
            IsHidden = fields.IsHidden ?? false,
            TimeLimit = fields.TimeLimit,
            MemoryLimit = fields.MemoryLimit,
            Position = Math.Min(fields.Position ?? all.Count, all.Count),
            CreatedBy = userId,
            CreatedAt = now,
            UpdatedAt = now,
        };
        await database.WriteAsync(async (connection, transaction) =>
        {
            await connection.ExecuteAsync(
                "UPDATE test_cases SET position = position + 1 WHERE room_id = @RoomId AND position >= @Position", created, transaction);
            await connection.ExecuteAsync(
                """
                INSERT INTO test_cases (id, room_id, name, input, expected_output, is_hidden, time_limit, memory_limit, position, created_by, created_at, updated_at)
                VALUES (@Id, @RoomId, @Name, @Input, @ExpectedOutput, @IsHidden, @TimeLimit, @MemoryLimit, @Position, @CreatedBy, @CreatedAt, @UpdatedAt)
                """,
                created,
                transaction);
        });
        return created;
    }

    public async Task<Outcome<CaseView>> UpdateAsync(string roomId, string caseId, CaseFields fields)
    {
        var all = await ListAsync(roomId);
        if (all.FirstOrDefault(c => c.Id == caseId) is not { } old)
            return CaseErrors.NotFound;
        var changed = old with
        {
            Name = fields.Name ?? old.Name,
            Input = fields.Input ?? old.Input,
            ExpectedOutput = fields.ExpectedOutput ?? old.ExpectedOutput,
            IsHidden = fields.IsHidden ?? old.IsHidden,
            TimeLimit = fields.SetsTimeLimit ? fields.TimeLimit : old.TimeLimit,
            MemoryLimit = fields.SetsMemoryLimit ? fields.MemoryLimit : old.MemoryLimit,
            Position = Math.Min(fields.Position ?? old.Position, all.Count - 1),
            UpdatedAt = clock.GetUtcNow(),
        };
        await database.WriteAsync(async (connection, transaction) =>
        {
            await MoveAsync(connection, transaction, roomId, old.Position, changed.Position);
            await connection.ExecuteAsync(
                """
                UPDATE test_cases SET name = @Name, input = @Input, expected_output = @ExpectedOutput, is_hidden = @IsHidden, time_limit = @TimeLimit,
                       memory_limit = @MemoryLimit, position = @Position, updated_at = @UpdatedAt
                WHERE id = @Id
                """,
                changed,
                transaction);
        });
        return changed;
    }

    public async Task<bool> DeleteAsync(string roomId, string caseId)
    {
        if (await FindAsync(roomId, caseId) is not { } gone)
            return false;
        await database.WriteAsync(async (connection, transaction) =>
        {
            await connection.ExecuteAsync("DELETE FROM test_cases WHERE id = @Id", gone, transaction);
            await connection.ExecuteAsync(
                "UPDATE test_cases SET position = position - 1 WHERE room_id = @RoomId AND position > @Position", gone, transaction);
        });
        return true;
    }

    private static async Task MoveAsync(
        System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, string roomId, int from, int to)
    {
        if (from < to)
        {
            await connection.ExecuteAsync(
                "UPDATE test_cases SET position = position - 1 WHERE room_id = @roomId AND position > @from AND position <= @to",
                new { roomId, from, to },
                transaction);
        }
        else if (to < from)
        {
            await connection.ExecuteAsync(
                "UPDATE test_cases SET position = position + 1 WHERE room_id = @roomId AND position >= @to AND position < @from",
                new { roomId, from, to },
                transaction);
        }
    }

    private sealed class CaseRow
    {
        public string Id { get; init; } = "";
        public string RoomId { get; init; } = "";
        public string Name { get; init; } = "";
        public string Input { get; init; } = "";
        public string ExpectedOutput { get; init; } = "";
        public bool IsHidden { get; init; }
        public double? TimeLimit { get; init; }
        public long? MemoryLimit { get; init; }
        public int Position { get; init; }
        public string CreatedBy { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }

        public CaseView View() => new()
        {
            Id = Id,
            RoomId = RoomId,
            Name = Name,
            Input = Input,
            ExpectedOutput = ExpectedOutput,
            IsHidden = IsHidden,
            TimeLimit = TimeLimit,
            MemoryLimit = MemoryLimit,
            Position = Position,
            CreatedBy = CreatedBy,
            CreatedAt = CreatedAt,
            UpdatedAt = UpdatedAt,
        };
    }
}
