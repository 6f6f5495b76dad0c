using CodeChill.Server.Auth;
using CodeChill.Server.Executions.Cases;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;

namespace CodeChill.Server.Executions;

/// <summary>The <c>/api/execution</c> routes.</summary>
internal static class ExecutionEndpoints
{
    private sealed class SubmitBody
    {
        public string? RoomId { get; init; }
        public string? Language { get; init; }
        public string? SourceCode { get; init; }
        public string? InputData { get; init; }
    }

    public static void MapExecutions(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/execution/languages", Languages);
        var group = app.MapGroup("/api/execution").RequireCaller();
        group.MapPost("/submit", SubmitAsync);
        group.MapGet("/{id}/result", ResultAsync);
        group.MapGet("/room/{id}/history", HistoryAsync);
        app.MapCases();
    }

    private static IResult Languages(IRunner runner)
    {
        var runnable = runner.Languages.ToDictionary(l => l.Name);
        var capabilities = runner.Capabilities;
        return Replies.Ok(new
        {
            languages = LanguageCatalog.All.Select(l =>
            {
                var here = runnable.GetValueOrDefault(l.Name);
                return new
                {
                    id = l.Judge0Id,
                    name = l.Name,
                    l.DisplayName,
                    l.FileName,
                    available = runner.Unavailable is null && here is { Available: true },
                    version = here?.Version,
                    reason = runner.Unavailable ?? (here is null ? "no toolchain" : here.Reason),
                    template = l.Template,
                    runner = capabilities.Kind,
                    live_input = capabilities.LiveInput,
                    terminal = capabilities.Sessions,
                    interactive = capabilities.Sessions && here is { Interactive: true },
                };
            }),
            language_map = LanguageCatalog.All.ToDictionary(l => l.Name, l => l.Judge0Id),
        });
    }

    private static async Task<IResult> SubmitAsync(HttpContext http, IGrainFactory grains, IRunner runner)
    {
        var read = await Replies.ReadAsync<SubmitBody>(http);
        if (read.Error is { } unreadable)
            return Replies.From(unreadable);
        var body = read.Value!;
        if (string.IsNullOrEmpty(body.RoomId))
            return Replies.From(RoomErrors.IdRequired);
        if (Ids.Canonical(body.RoomId) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        var request = body.Language is null ? ExecutionErrors.UnsupportedLanguage : ExecutionRules.Check(body.Language, body.SourceCode, body.InputData);
        if (request.Error is { } invalid)
            return Replies.From(invalid);
        var caller = http.Caller();
        var queued = await grains.GetGrain<IRoomGrain>(roomId).ExecuteAsync(caller.UserId, caller.Name, null, request.Value!);
        var token = queued.Value is { } accepted ? await runner.TokenOfAsync(accepted.Value.ExecutionId, http.RequestAborted) : null;
        return Replies.Ok(
            queued,
            q => new { message = "Code submitted for execution", execution_id = q.Value.ExecutionId, judge0_token = token, position = q.Value.Position },
            201);
    }

    private static async Task<IResult> ResultAsync(string id, HttpContext http, RoomStore rooms, ExecutionStore executions)
    {
        if (Ids.Canonical(id) is not { } executionId || await executions.FindAsync(executionId) is not { } execution)
            return Replies.From(ExecutionErrors.NotFound);
        // Who ran it may see it always, who is in its room as long as they are.
        if (execution.UserId != http.Caller().UserId && await rooms.AuthorizeAsync(execution.RoomId, http.Caller().UserId, RoomAction.Read) is not null)
            return Replies.From(ExecutionErrors.NotYours);
        return Replies.Ok(new { execution });
    }

    private static async Task<IResult> HistoryAsync(string id, HttpContext http, RoomStore rooms, ExecutionStore executions)
    {
        var (roomId, refused) = await rooms.AdmitAsync(id, http, RoomAction.Read);
        if (refused is not null)
            return Replies.From(refused);
        var page = PageRequest.From(http, ExecutionLimits.PerPage, ExecutionLimits.MaxPerPage);
        var (found, total) = await executions.ListAsync(roomId, page);
        return Replies.Ok(new { executions = found, pagination = page.Describe(total) });
    }
}
