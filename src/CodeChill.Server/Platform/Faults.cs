using System.Data.Common;

namespace CodeChill.Server.Platform;

/// <summary>
/// The edge where exceptions end: logged once, here, and answered without a word about the inside. A database that fails is the outside
/// world (503, try later); everything else is a bug (500).
/// </summary>
internal sealed class Faults(RequestDelegate next, ILogger<Faults> log)
{
    private const int ClientClosedRequest = 499;

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.ContentLength is null && http.Response.ContentType is null
                && NameOf(http.Response.StatusCode) is { } nameless)
                await Replies.WriteAsync(http, nameless);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            if (!http.Response.HasStarted)
                http.Response.StatusCode = ClientClosedRequest;
        }
        catch (BadHttpRequestException bad)
        {
            await AnswerAsync(http, bad.StatusCode == 413 ? PlatformErrors.TooLarge : PlatformErrors.BadRequest);
        }
        catch (DbException failure)
        {
            log.LogError(failure, "The database failed during {Method} {Path}", http.Request.Method, http.Request.Path.Value);
            await AnswerAsync(http, PlatformErrors.Unavailable);
        }
        catch (Exception failure)
        {
            log.LogError(failure, "Unhandled exception in {Method} {Path}", http.Request.Method, http.Request.Path.Value);
            await AnswerAsync(http, PlatformErrors.Internal);
        }
    }

    /// <summary>Statuses that ASP.NET Core sets without a body: no such route, no such method on it.</summary>
    private static Error? NameOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => PlatformErrors.NotFound,
        StatusCodes.Status405MethodNotAllowed => PlatformErrors.MethodNotAllowed,
        StatusCodes.Status413PayloadTooLarge => PlatformErrors.TooLarge,
        StatusCodes.Status415UnsupportedMediaType => PlatformErrors.BadRequest,
        _ => null,
    };

    private static async Task AnswerAsync(HttpContext http, Error error)
    {
        if (http.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            http.Abort();
            return;
        }

        http.Response.Clear();
        await Replies.WriteAsync(http, error);
    }
}
