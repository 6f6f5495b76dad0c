using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Auth;

/// <summary>
/// Routes for signed-in users: <c>group.RequireCaller()</c> answers 401 before the handler runs, <c>http.Caller()</c> says who asks.
/// </summary>
internal static class CallerFilter
{
    private static readonly object Key = new();

    public static TBuilder RequireCaller<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
        => builder.AddEndpointFilter<TBuilder, Filter>();

    /// <summary>The caller of a route behind <see cref="RequireCaller{TBuilder}"/>.</summary>
    public static Caller Caller(this HttpContext http)
        => http.Items[Key] as Caller ?? throw new InvalidOperationException("The route has no RequireCaller().");

    public static Caller? CallerOrNull(this HttpContext http) => http.Items[Key] as Caller;

    /// <summary>
    /// The token of <c>Authorization: Bearer …</c>, or why there is none. Two such headers are refused: whoever stands between us and the
    /// client may have checked the other one. A token in the query is not looked at, because queries end up in logs.
    /// </summary>
    public static Outcome<string> BearerToken(this HttpContext http)
    {
        var headers = http.Request.Headers.Authorization;
        if (headers.Count > 1)
            return AuthErrors.InvalidToken;
        var text = headers.Count == 0 ? null : headers[0]?.Trim();
        if (text is null || !text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return AuthErrors.TokenRequired;
        var token = text["Bearer ".Length..].Trim();
        return token.Length == 0 ? AuthErrors.TokenRequired : token;
    }

    private sealed class Filter(TokenValidator tokens, UserLimiter limits) : IEndpointFilter
    {
        public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        {
            var http = context.HttpContext;
            var token = http.BearerToken();
            var caller = token.Error is { } error ? error : await tokens.ValidateAsync(token.Value, http.RequestAborted);
            if (caller.Error is { } refused)
                return Unauthorized(http, refused);
            http.Items[Key] = caller.Value;
            if (limits.Refuse(caller.Value!.UserId) is { } tooMany)
                return Replies.From(tooMany);
            return await next(context);
        }
    }

    /// <summary>RFC 6750 §3: a 401 names the scheme.</summary>
    public static IResult Unauthorized(HttpContext http, Error error)
    {
        if (error.Status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = error == AuthErrors.TokenRequired ? "Bearer" : "Bearer error=\"invalid_token\"";
        return Replies.From(error);
    }
}
