using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Executions;

/// <summary>The SQL of the nodes' beats. A beat is a number that grows while its node lives; no clocks are compared.</summary>
internal sealed class NodeStore(Database database)
{
    public Task BeatAsync(string nodeId)
        => database.WriteAsync(async (connection, transaction) =>
        {
            if (await connection.ExecuteAsync("UPDATE execution_nodes SET beat = beat + 1 WHERE id = @nodeId", new { nodeId }, transaction) == 0)
                await connection.ExecuteAsync("INSERT INTO execution_nodes (id, beat) VALUES (@nodeId, 1)", new { nodeId }, transaction);
        });

    /// <summary>Every node that has a beat or an open record.</summary>
    public async Task<IReadOnlyDictionary<string, long>> BeatsAsync()
    {
        var rows = await database.ReadAsync(connection => connection.QueryAsync<(string Id, long Beat)>(
            """
            SELECT id, beat FROM execution_nodes
            UNION SELECT node_id, 0 FROM executions WHERE status IN ('pending', 'running') AND node_id IS NOT NULL
            UNION SELECT node_id, 0 FROM case_runs WHERE status = 'running'
            """));
        return rows.GroupBy(row => row.Id).ToDictionary(group => group.Key, group => group.Max(row => row.Beat));
    }

    public Task ForgetAsync(string nodeId)
        => database.WriteAsync((connection, transaction) => connection.ExecuteAsync("DELETE FROM execution_nodes WHERE id = @nodeId", new { nodeId }, transaction));
}
