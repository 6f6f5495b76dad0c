using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Platform;
using CodeChill.Server.Users;

namespace CodeChill.Server.Auth;

/// <summary>The routes under <c>/api/auth</c>. Profile and stats are answered in the users' slice.</summary>
internal static class AuthEndpoints
{
    public static void AddAccounts(this WebApplicationBuilder builder)
    {
        var options = AuthOptions.Read(builder.Settings(), builder.Options<ServerOptions>().DataFolder);
        builder.Services
            .AddSingleton(options)
            .AddSingleton<OwnTokens>()
            .AddSingleton<TokenValidator>()
            .AddSingleton<SessionStore>()
            .AddSingleton<SessionRegistry>()
            .AddSingleton<Passwords>()
            .AddSingleton<SignInLimits>()
            .AddSingleton<Accounts>()
            .AddHostedService<SessionCare>();
        if (options.Provider is null)
            return;
        builder.Services
            .AddSingleton(options.Provider)
            .AddSingleton<ProviderKeys>()
            .AddSingleton<ProviderAccounts>()
            .AddHostedService(services => services.GetRequiredService<ProviderKeys>())
            .AddHttpClient(ProviderKeys.HttpClientName, client =>
            {
                client.Timeout = TimeSpan.FromSeconds(5);
                client.MaxResponseContentBufferSize = 1024 * 1024;
            })
            // The messages carry URLs, and at Trace headers.
            .RemoveAllLoggers()
            // A redirect could lead inside our own network; a tenant's documents need none.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10) });
    }

    public static void MapAccounts(this WebApplication app)
    {
        var open = app.MapGroup("/api/auth");
        open.MapGet("/config", (AuthOptions options) => Replies.Ok(Config(options)));
        open.MapPost("/guest", GuestAsync);
        open.MapPost("/register", RegisterAsync);
        open.MapPost("/login", LoginAsync);
        open.MapPost("/sync", SyncAsync);
        open.MapPost("/refresh", RefreshAsync);

        var own = app.MapGroup("/api/auth").RequireCaller();
        own.MapPost("/logout", LogoutAsync);
        own.MapPost("/verify-token", VerifyAsync);
        own.MapDelete("/delete-account", DeleteAsync);
    }

    private static object Config(AuthOptions options) => new
    {
        Guest = options.AllowGuests,
        Local = options.AllowLocalAccounts,
        Oidc = options.Provider is { } provider ? new { Authority = provider.Authority.AbsoluteUri, provider.ClientId, provider.Audience } : null,
    };

    private static async Task<IResult> GuestAsync(HttpContext http, Accounts accounts)
    {
        var body = await Replies.ReadAsync<SignInBody>(http);
        return body.Error is { } error
            ? Replies.From(error)
            : Answer(http, await accounts.GuestAsync(body.Value!.Name, http.RequestAborted), "Signed in as guest");
    }

    private static async Task<IResult> RegisterAsync(HttpContext http, Accounts accounts)
    {
        var body = await Replies.ReadAsync<SignInBody>(http);
        return body.Error is { } error
            ? Replies.From(error)
            : Answer(http, await accounts.RegisterAsync(body.Value!.Email, body.Value.Password, body.Value.Name, http.RequestAborted), "Registration successful");
    }

    /// <summary>With a bearer token: the provider's. Without: e-mail and password.</summary>
    private static async Task<IResult> LoginAsync(HttpContext http, Accounts accounts)
    {
        var token = http.BearerToken();
        if (token.Error is null)
            return Answer(http, await accounts.ProviderLoginAsync(token.Value, http.RequestAborted), "Login successful");
        if (token.Error != AuthErrors.TokenRequired)
            return CallerFilter.Unauthorized(http, token.Error);
        var body = await Replies.ReadAsync<SignInBody>(http);
        if (body.Error is { } error)
            return Replies.From(error);
        if (body.Value is { Email: null, Password: null })
            return CallerFilter.Unauthorized(http, AuthErrors.TokenRequired);
        return Answer(http, await accounts.LoginAsync(body.Value!.Email, body.Value.Password, RequestLimits.AddressOf(http), http.RequestAborted), "Login successful");
    }

    private static async Task<IResult> SyncAsync(HttpContext http, Accounts accounts)
    {
        var token = http.BearerToken();
        if (token.Error is { } missing)
            return CallerFilter.Unauthorized(http, missing);
        var body = await Replies.ReadAsync<SyncBody>(http);
        if (body.Error is { } error)
            return Replies.From(error);
        var fallback = ProviderProfile.Claimed(body.Value!.Email, body.Value.Name, body.Value.Picture);
        var user = await accounts.SyncAsync(token.Value, fallback, http.RequestAborted);
        return user.Error is { } refused ? CallerFilter.Unauthorized(http, refused) : Replies.Ok(new { Data = new OwnUser(user.Value!) });
    }

    private static async Task<IResult> RefreshAsync(HttpContext http, Accounts accounts)
    {
        var token = http.BearerToken();
        return token.Error is { } missing
            ? CallerFilter.Unauthorized(http, missing)
            : Answer(http, await accounts.RefreshAsync(token.Value, http.RequestAborted), "Token refreshed");
    }

    private static async Task<IResult> LogoutAsync(HttpContext http, Accounts accounts)
    {
        await accounts.LogoutAsync(http.Caller(), http.RequestAborted);
        return Replies.Ok(new { Message = "Logout successful" });
    }

    private static async Task<IResult> VerifyAsync(HttpContext http, UserStore users)
        => await users.FindAsync(http.Caller().UserId, http.RequestAborted) is { } user
            ? Replies.Ok(new { Valid = true, User = new OwnUser(user) })
            : CallerFilter.Unauthorized(http, AuthErrors.InvalidToken);

    private static async Task<IResult> DeleteAsync(HttpContext http, Accounts accounts)
        => Replies.Ok(await accounts.DeleteAsync(http.Caller(), http.RequestAborted), _ => new { Message = "Account deleted successfully" });

    private static IResult Answer(HttpContext http, Outcome<SignedIn> outcome, string message)
    {
        if (outcome.Error is { } error)
            return CallerFilter.Unauthorized(http, error);
        // RFC 6749 §5.1: nobody on the way keeps a copy.
        http.Response.Headers.CacheControl = "no-store";
        var signedIn = outcome.Value!;
        return Replies.Ok(new { Message = message, signedIn.AccessToken, signedIn.RefreshToken, User = new OwnUser(signedIn.User) });
    }

    private sealed class SignInBody
    {
        public string? Name { get; set; }

        public string? Email { get; set; }

        public string? Password { get; set; }
    }

    /// <summary><c>auth0Id</c> may be there too and is never read: who somebody is says the token.</summary>
    private sealed class SyncBody
    {
        public string? Email { get; set; }

        public string? Name { get; set; }

        public string? Picture { get; set; }
    }
}
