using System.Text.Json;

namespace CodeChill.Server.Platform;

/// <summary>The REST edge: the one place where values and failures become HTTP answers.</summary>
internal static class Replies
{
    /// <summary><c>{"error": …}</c> as the contract says, with RFC 9457 members beside it.</summary>
    public static IResult From(Error error) => new ErrorReply(error);

    public static IResult Ok(object value, int status = 200) => Results.Json(value, Json.Options, statusCode: status);

    public static IResult Ok<T>(Outcome<T> outcome, Func<T, object> shape, int status = 200)
        => outcome.Error is { } error ? From(error) : Ok(shape(outcome.Value!), status);

    private sealed class ErrorReply(Error error) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, error);
    }

    public static async Task WriteAsync(HttpContext http, Error error)
    {
        Instruments.Rejected("rest", error.Code);
        http.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
            http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        await http.Response.WriteAsJsonAsync(
            new FailureReply(error.Message, error.Code, error.Status, error.Message, "about:blank", error.RetryAfter?.TotalSeconds),
            Json.Options,
            "application/json; charset=utf-8",
            http.RequestAborted);
    }

    /// <summary>Reads a JSON object body. An absent body reads as <c>{}</c>; anything else that is not an object is the caller's error.</summary>
    public static async Task<Outcome<T>> ReadAsync<T>(HttpContext http)
        where T : class, new()
    {
        if (http.Request.ContentLength is 0 || (http.Request.ContentLength is null && http.Request.Headers.TransferEncoding.Count == 0))
            return new T();
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(http.Request.Body, Json.Options, http.RequestAborted) is { } body
                ? body
                : PlatformErrors.BadJson;
        }
        catch (JsonException)
        {
            return PlatformErrors.BadJson;
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == 413)
        {
            return PlatformErrors.TooLarge;
        }
    }
}
