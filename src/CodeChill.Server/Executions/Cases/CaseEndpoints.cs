using CodeChill.Server.Auth;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;

namespace CodeChill.Server.Executions.Cases;

/// <summary>The routes of a room's test cases. What changes anything goes through the room's grain, so that its sockets hear of it.</summary>
internal static class CaseEndpoints
{
    private sealed class RunBody
    {
        public string? Language { get; init; }
        public string? SourceCode { get; init; }
    }

    public static void MapCases(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/rooms/{id}/cases").RequireCaller();
        group.MapGet("", ListAsync);
        group.MapPost("", CreateAsync);
        group.MapPut("/{caseId}", UpdateAsync);
        group.MapDelete("/{caseId}", DeleteAsync);
        group.MapPost("/run", RunAsync);
        group.MapGet("/runs", RunsAsync);
        group.MapGet("/runs/{runId}", RunResultAsync);
    }

    private static async Task<IResult> ListAsync(string id, HttpContext http, RoomStore rooms, CaseStore cases)
    {
        var (roomId, refused) = await rooms.AdmitAsync(id, http, RoomAction.Read);
        if (refused is not null)
            return Replies.From(refused);
        var all = await cases.ListAsync(roomId);
        var mayEdit = await rooms.AuthorizeAsync(roomId, http.Caller().UserId, RoomAction.EditCases) is null;
        return Replies.Ok(new { cases = mayEdit ? all : [.. all.Select(c => c.Masked())], may_edit = mayEdit });
    }

    private static Task<IResult> CreateAsync(string id, HttpContext http, IGrainFactory grains) => SaveAsync(id, null, http, grains);

    private static Task<IResult> UpdateAsync(string id, string caseId, HttpContext http, IGrainFactory grains) => SaveAsync(id, caseId, http, grains);

    private static async Task<IResult> SaveAsync(string id, string? caseId, HttpContext http, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        if (caseId is not null && Ids.Canonical(caseId) is null)
            return Replies.From(CaseErrors.NotFound);
        var read = await Replies.ReadAsync<CaseBody>(http);
        var fields = read.Error is { } unreadable ? unreadable : CaseRules.Check(read.Value!);
        if (fields.Error is { } invalid)
            return Replies.From(invalid);
        var saved = await grains.GetGrain<IRoomGrain>(roomId).SaveCaseAsync(http.Caller().UserId, Ids.Canonical(caseId), fields.Value!);
        return Replies.Ok(saved, c => new { message = caseId is null ? "Test case created" : "Test case updated", @case = c }, caseId is null ? 201 : 200);
    }

    private static async Task<IResult> DeleteAsync(string id, string caseId, HttpContext http, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        if (Ids.Canonical(caseId) is not { } canonical)
            return Replies.From(CaseErrors.NotFound);
        var deleted = await grains.GetGrain<IRoomGrain>(roomId).DeleteCaseAsync(http.Caller().UserId, canonical);
        return Replies.Ok(deleted, _ => new { message = "Test case deleted" });
    }

    private static async Task<IResult> RunAsync(string id, HttpContext http, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        var read = await Replies.ReadAsync<RunBody>(http);
        if (read.Error is { } unreadable)
            return Replies.From(unreadable);
        var request = ExecutionRules.Check(read.Value!.Language, read.Value.SourceCode, null);
        if (request.Error is { } invalid)
            return Replies.From(invalid);
        var started = await grains.GetGrain<IRoomGrain>(roomId).RunCasesAsync(http.Caller().UserId, http.Caller().Name, request.Value!);
        return Replies.Ok(started, runId => new { message = "Test cases are being run", run_id = runId }, 202);
    }

    private static async Task<IResult> RunsAsync(string id, HttpContext http, RoomStore rooms, CaseStore cases)
    {
        var (roomId, refused) = await rooms.AdmitAsync(id, http, RoomAction.Read);
        if (refused is not null)
            return Replies.From(refused);
        var page = PageRequest.From(http, ExecutionLimits.PerPage, ExecutionLimits.MaxPerPage);
        var (runs, total) = await cases.ListRunsAsync(roomId, page);
        return Replies.Ok(new { runs, pagination = page.Describe(total) });
    }

    private static async Task<IResult> RunResultAsync(string id, string runId, HttpContext http, RoomStore rooms, CaseStore cases)
    {
        var (roomId, refused) = await rooms.AdmitAsync(id, http, RoomAction.Read);
        if (refused is not null)
            return Replies.From(refused);
        var run = Ids.Canonical(runId) is { } canonical ? await cases.FindRunAsync(roomId, canonical) : null;
        return run is null ? Replies.From(CaseErrors.RunNotFound) : Replies.Ok(new { run });
    }
}
