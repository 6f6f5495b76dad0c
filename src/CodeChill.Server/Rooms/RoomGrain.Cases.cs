using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Cases;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>The room's test cases: owner and moderators edit them, every member runs them, everybody sees the results come.</summary>
internal sealed partial class RoomGrain
{
    private readonly SemaphoreSlim _caseOrder = new(1, 1);

    public async Task<Outcome<CaseView>> SaveCaseAsync(string userId, string? caseId, CaseFields fields)
    {
        await _caseOrder.WaitAsync();
        try
        {
            if (Authorize(userId, RoomAction.EditCases) is { } denied)
                return denied;
            var saved = caseId is null
                ? await executions.Cases.CreateAsync(RoomId, userId, fields)
                : await executions.Cases.UpdateAsync(RoomId, caseId, fields);
            if (!saved.IsError)
                Broadcast("cases_changed", new CasesChangedEvent(RoomId));
            return saved;
        }
        finally
        {
            _caseOrder.Release();
        }
    }

    public async Task<Outcome<bool>> DeleteCaseAsync(string userId, string caseId)
    {
        await _caseOrder.WaitAsync();
        try
        {
            if (Authorize(userId, RoomAction.EditCases) is { } denied)
                return denied;
            if (!await executions.Cases.DeleteAsync(RoomId, caseId))
                return CaseErrors.NotFound;
            Broadcast("cases_changed", new CasesChangedEvent(RoomId));
            return true;
        }
        finally
        {
            _caseOrder.Release();
        }
    }

    public async Task<Outcome<string>> RunCasesAsync(string userId, string userName, ExecutionRequest request)
    {
        await _caseOrder.WaitAsync();
        try
        {
            if (Authorize(userId, RoomAction.Execute) is { } denied)
                return denied;
            if (executions.CaseRunner.IsRunning(RoomId))
                return CaseErrors.Running;
            var cases = await executions.Cases.ListAsync(RoomId);
            if (cases.Count == 0)
                return CaseErrors.None;
            var place = executions.Queue.Admit(RoomId, userId, request.Language);
            if (place.Error is { } refused)
                return refused;
            var run = new CaseRunView
            {
                Id = Ids.New(clock),
                RoomId = RoomId,
                UserId = userId,
                UserName = userName,
                Language = request.Language,
                SourceCode = request.SourceCode,
                Status = "running",
                Total = cases.Count,
                CreatedAt = clock.GetUtcNow(),
            };
            executions.Records.Mine(run.Id);
            try
            {
                await executions.Cases.OpenRunAsync(run, executions.Records.NodeId);
            }
            catch
            {
                executions.Records.Done(run.Id);
                executions.Queue.Release(place.Value!);
                throw;
            }

            Broadcast("cases_started", new CasesStartedEvent(run.Id, userId, run.Language, run.Total));
            executions.CaseRunner.Start(place.Value!, run, cases);
            // Somebody whose right ended while the record was opened.
            if (Authorize(userId, RoomAction.Execute) is not null)
                executions.CaseRunner.Stop(RoomId, run.Id);
            return run.Id;
        }
        finally
        {
            _caseOrder.Release();
        }
    }

    public Task<Outcome<bool>> StopCasesAsync(string userId, string runId)
    {
        if (Authorize(userId, RoomAction.Execute) is { } denied)
            return Task.FromResult<Outcome<bool>>(denied);
        return Task.FromResult<Outcome<bool>>(executions.CaseRunner.Stop(RoomId, runId) ? true : CaseErrors.RunNotFound);
    }

    public Task ReportCasesAsync(CaseReport report)
    {
        switch (report)
        {
            case CaseCompletedEvent result:
                Broadcast("case_completed", result);
                break;
            case CasesCompletedEvent completed when RememberEnd(completed.RunId):
                Broadcast("cases_completed", completed);
                break;
        }

        return Task.CompletedTask;
    }
}
