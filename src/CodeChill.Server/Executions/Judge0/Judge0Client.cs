using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CodeChill.Server.Platform;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace CodeChill.Server.Executions.Judge0;

/// <summary>
/// Judge0's HTTP API: one method a request, answers as values, everything that can go wrong as a <see cref="Judge0Failure"/>. Texts go both
/// ways as base64, said explicitly each time, because releases differ in what they assume. Callbacks are never asked for.
/// </summary>
internal sealed class Judge0Client(HttpClient http, Judge0Options options, ExternalService service, TimeProvider clock)
{
    public const string HttpClientName = "judge0";

    private const string ResultFields = "token,status,stdout,stderr,compile_output,message,exit_code,exit_signal,time,wall_time,memory";

    public async Task<IReadOnlyList<Judge0Language>> LanguagesAsync(CancellationToken cancel)
    {
        using var answer = await SendAsync(HttpMethod.Get, "languages", null, cancel);
        if (answer.RootElement.ValueKind != JsonValueKind.Array)
            throw Broken();
        var languages = new List<Judge0Language>();
        foreach (var entry in answer.RootElement.EnumerateArray())
        {
            // One odd entry is no reason to lose the others.
            if (entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number)
                && entry.TryGetProperty("name", out var name) && Json.Text(name) is { Length: > 0 and <= 200 } text)
                languages.Add(new(number, text));
        }

        return languages.Count > 0 ? languages : throw Broken();
    }

    /// <summary>Hands a program over. The token is what it is asked for by.</summary>
    public async Task<string> SubmitAsync(Judge0Submission submission, bool withLimits, CancellationToken cancel)
    {
        using var answer = await SendAsync(HttpMethod.Post, "submissions?base64_encoded=true&wait=false", submission.Body(withLimits), cancel);
        // The token becomes part of a path: nothing but what Judge0's own look like is let through.
        return answer.RootElement.ValueKind == JsonValueKind.Object && answer.RootElement.TryGetProperty("token", out var value)
            && Json.Text(value) is { Length: > 0 and <= 64 } token && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? token
            : throw Broken();
    }

    public async Task<Judge0Result> ResultAsync(string token, CancellationToken cancel)
    {
        using var answer = await SendAsync(HttpMethod.Get, $"submissions/{token}?base64_encoded=true&fields={ResultFields}", null, cancel);
        try
        {
            return Judge0Result.Read(answer.RootElement);
        }
        catch (Exception failure) when (failure is FormatException or InvalidOperationException)
        {
            // InvalidOperationException: a JSON text that is none (half of a surrogate pair).
            throw Broken();
        }
    }

    private async Task<JsonDocument> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (options.ApiKey is { } key)
            request.Headers.TryAddWithoutValidation(options.IsRapidApi ? "X-RapidAPI-Key" : "X-Auth-Token", key);
        if (options.IsRapidApi)
            request.Headers.TryAddWithoutValidation("X-RapidAPI-Host", options.ApiUrl!.Host);
        if (options.AuthUser is { } user)
            request.Headers.TryAddWithoutValidation("X-Auth-User", user);
        try
        {
            using var response = await http.SendAsync(request, cancel);
            if (!response.IsSuccessStatusCode)
                throw Refusal(response, path);
            var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancel), new JsonDocumentOptions { MaxDepth = 16 });
            service.Answered();
            return answer;
        }
        catch (Exception failure) when (Translate(failure, cancel) is { } known)
        {
            // Unknown tokens and refused fields are answers like any other.
            if (known.Trouble is Judge0Trouble.UnknownToken or Judge0Trouble.Invalid or Judge0Trouble.TooLarge)
                service.Answered();
            else
                service.Failed(known.Message);
            if (known == failure)
                throw;
            throw known;
        }
    }

    private static Judge0Failure? Translate(Exception failure, CancellationToken cancel) => failure switch
    {
        Judge0Failure known => known,
        OutboundTooLargeException => new(Judge0Trouble.TooLarge, $"Judge0's answer is larger than {Judge0Limits.AnswerBytes / (1024 * 1024)} MB"),
        OutboundException unusable => new(Judge0Trouble.Broken, $"Judge0 cannot be used: {unusable.Message}"),
        JsonException => Broken(),
        TimeoutRejectedException => new(Judge0Trouble.Unreachable, "Judge0 did not answer in time"),
        HttpRequestException or IOException or BrokenCircuitException => new(Judge0Trouble.Unreachable, "Judge0 cannot be reached"),
        OperationCanceledException when !cancel.IsCancellationRequested => new(Judge0Trouble.Unreachable, "Judge0 did not answer in time"),
        _ => null,
    };

    private Judge0Failure Refusal(HttpResponseMessage response, string path) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(Judge0Trouble.RefusedKey, "Judge0 does not accept this server's key"),
        HttpStatusCode.NotFound when path.StartsWith("submissions/", StringComparison.Ordinal) => new(Judge0Trouble.UnknownToken, "Judge0 lost the run"),
        HttpStatusCode.NotFound => new(Judge0Trouble.Broken, "Judge0 cannot be used: there is none at its address"),
        HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest => new(Judge0Trouble.Invalid, $"Judge0 refused the program ({(int)response.StatusCode})"),
        HttpStatusCode.TooManyRequests => new(Judge0Trouble.Busy, "Judge0 takes no more runs from this server now", RetryAfter(response)),
        HttpStatusCode.ServiceUnavailable => new(Judge0Trouble.Busy, "Judge0's queue is full", RetryAfter(response)),
        >= HttpStatusCode.InternalServerError => new(Judge0Trouble.Unreachable, $"Judge0 answered with an error ({(int)response.StatusCode})"),
        _ => new(Judge0Trouble.Broken, $"Judge0 answered with {(int)response.StatusCode}"),
    };

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date is { } at ? at - clock.GetUtcNow() : null);
        return wait is { } given ? given > TimeSpan.Zero ? given : TimeSpan.Zero : null;
    }

    private static Judge0Failure Broken() => new(Judge0Trouble.Broken, "Judge0 sent something that is no answer");
}
