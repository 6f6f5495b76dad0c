using CodeChill.Server.Executions;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>Runs: who may start and stop one, and what everybody in the room sees of it.</summary>
internal sealed partial class RoomGrain
{
    public async Task<Outcome<RoomReply<ExecutionQueuedEvent>>> ExecuteAsync(string userId, string userName, string? socketId, ExecutionRequest request)
    {
        if (Authorize(userId, RoomAction.Execute) is { } denied)
            return denied;
        var place = queue.Admit(RoomId, userId, request.Language);
        if (place.Error is { } refused)
            return refused;
        string id;
        try
        {
            id = await executions.OpenAsync(RoomId, userId, request);
        }
        catch
        {
            queue.Release(place.Value!);
            throw;
        }

        var queued = new ExecutionQueuedEvent(id, "Code execution queued", queue.Waiting + 1);
        var socket = socketId is null ? null : _sockets.GetValueOrDefault(socketId);
        if (socket is not null)
            Tell(socket, "execution_queued", queued);
        queue.Enqueue(place.Value!, new RunJob(id, RoomId, userId, request));
        return new RoomReply<ExecutionQueuedEvent>(queued, socket is null ? default : Mark(socket));
    }

    public async Task<Outcome<bool>> StopExecutionAsync(string userId, string executionId)
    {
        if (Authorize(userId, RoomAction.Execute) is { } denied)
            return denied;
        if (await executions.FindAsync(executionId) is not { } execution || execution.RoomId != RoomId)
            return ExecutionErrors.NotFound;
        return queue.Stop(executionId) ? true : ExecutionErrors.NotFound;
    }

    public Task ReportExecutionAsync(ExecutionReport report)
    {
        switch (report)
        {
            case ExecutionStarted started:
                Broadcast("execution_started", new ExecutionStartedEvent(started.ExecutionId, started.UserId, started.Language));
                break;
            case ExecutionOutput output:
                Broadcast("execution_output", new ExecutionOutputEvent(output.ExecutionId, output.Stream, output.Chunk, output.Seq));
                break;
            case ExecutionCompleted completed:
                Broadcast("execution_completed", ExecutionCompletedEvent.From(completed.Execution));
                break;
        }

        return Task.CompletedTask;
    }
}
