using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Web;

namespace CodeChill.Server.Tests.Auth;

/// <summary>The certified npm <c>oidc-provider</c> in a process of its own; <c>npm ci</c> fetches it when it is not there yet.</summary>
internal sealed class OidcTenant : IAsyncDisposable
{
    private const string RedirectUri = "http://127.0.0.1/callback";

    private readonly Process _node;

    private OidcTenant(Process node, string issuer, string audience)
    {
        _node = node;
        Issuer = issuer;
        Audience = audience;
    }

    public string Issuer { get; }

    public string Audience { get; }

    public Dictionary<string, string> Settings => new() { ["AUTH0_DOMAIN"] = Issuer, ["AUTH0_AUDIENCE"] = Audience, ["AUTH0_CLIENT_ID"] = "web-client" };

    public static async Task<OidcTenant> StartAsync()
    {
        var folder = Folder();
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "oidc-provider")))
        {
            using var npm = Start("npm", folder, "ci", "--no-audit", "--no-fund");
            var said = await npm.StandardError.ReadToEndAsync();
            await npm.WaitForExitAsync();
            npm.ExitCode.ShouldBe(0, said);
        }

        var node = Start("node", folder, "tenant.js");
        _ = node.StandardError.ReadToEndAsync();
        var line = await node.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
        var told = JsonElement.Parse(line ?? throw new InvalidOperationException("The tenant ended before it listened."));
        return new(node, told.GetProperty("issuer").GetString()!, told.GetProperty("audience").GetString()!);
    }

    /// <summary>Signs in as <paramref name="user"/> by authorization code with PKCE, as the web client does, and answers the token endpoint's JSON.</summary>
    public async Task<JsonElement> SignInAsync(string user)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };
        using var http = new HttpClient(handler);
        var verifier = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var challenge = System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        var next = new Uri($"{Issuer}/auth?client_id=web-client&response_type=code&scope={Uri.EscapeDataString("openid profile email api")}"
            + $"&redirect_uri={Uri.EscapeDataString(RedirectUri)}&resource={Uri.EscapeDataString(Audience)}"
            + $"&code_challenge={challenge}&code_challenge_method=S256&state=s&login_hint={user}");
        for (var hop = 0; !next.AbsoluteUri.StartsWith(RedirectUri, StringComparison.Ordinal); hop++)
        {
            hop.ShouldBeLessThan(10, next.AbsoluteUri);
            using var response = await http.GetAsync(next);
            next = new Uri(next, response.Headers.Location ?? throw new InvalidOperationException(await response.Content.ReadAsStringAsync()));
        }

        var code = HttpUtility.ParseQueryString(next.Query)["code"] ?? throw new InvalidOperationException(next.Query);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = "web-client",
            ["code"] = code,
            ["redirect_uri"] = RedirectUri,
            ["code_verifier"] = verifier,
            ["resource"] = Audience,
        });
        using var answer = await http.PostAsync(new Uri(Issuer + "/token"), form);
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonElement.Parse(text);
    }

    public async ValueTask DisposeAsync()
    {
        _node.StandardInput.Close();
        await _node.WaitForExitAsync();
        _node.Dispose();
    }

    private static Process Start(string program, string folder, params string[] arguments)
        => Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    private static string Folder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "CodeChill.slnx")))
            folder = folder.Parent!;
        return Path.Combine(folder.FullName, "tests", "identity");
    }
}
