using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Platform;

/// <summary>
/// The whole server, as <c>Program</c> builds it, over a data folder of its own. Settings are given by their environment names; whatever the
/// machine's environment holds under those names is blanked, so tests mean the same everywhere. The silo and what hangs on it (log, runner,
/// census) stay off: accounts need none of them, they cost seconds a server, and a test's clock must not drive them.
/// </summary>
internal sealed class TestApp : WebApplicationFactory<Program>
{
    private readonly Dictionary<string, string> _settings;
    private readonly Action<IServiceCollection>? _services;

    public TestApp(
        Dictionary<string, string>? settings = null, string environment = "Development", FakeTimeProvider? clock = null, Action<IServiceCollection>? services = null)
    {
        DataFolder = Directory.CreateTempSubdirectory("codechill-test-").FullName;
        _settings = EnvironmentNames.KeyByName.Keys.ToDictionary(name => name, _ => "");
        _settings["CODECHILL_DATA"] = DataFolder;
        _settings["ENV_FILE"] = "none";
        _settings["PORT"] = "0";
        _settings["LOG_LEVEL"] = "critical";
        // Nobody listens there: tests ask no site outside.
        foreach (var name in new[] { "GITHUB_API_URL", "LEETCODE_API_URL", "CODEFORCES_API_URL" })
            _settings[name] = "http://127.0.0.1:9";
        _settings["Auth:PasswordIterations"] = environment == "Development" ? "1000" : "100000";
        foreach (var (name, value) in settings ?? [])
            _settings[name] = value;
        Environment = environment;
        _services = services;
        Clock = clock;
    }

    public string DataFolder { get; }

    public string Environment { get; }

    public FakeTimeProvider? Clock { get; }

    public T Get<T>()
        where T : notnull
        => Services.GetRequiredService<T>();

    /// <summary>Sends a request as a client would and reads the answer's JSON.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body = null, string? token = null)
    {
        using var client = CreateClient();
        using var request = new HttpRequestMessage(method, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        return await Answer.OfAsync(await client.SendAsync(request));
    }

    public Task<Answer> GetAsync(string path, string? token = null) => SendAsync(HttpMethod.Get, path, null, token);

    public Task<Answer> PostAsync(string path, object? body = null, string? token = null) => SendAsync(HttpMethod.Post, path, body, token);

    public Task<Answer> PutAsync(string path, object? body = null, string? token = null) => SendAsync(HttpMethod.Put, path, body, token);

    public Task<Answer> DeleteAsync(string path, string? token = null) => SendAsync(HttpMethod.Delete, path, null, token);

    /// <summary>Somebody signed in as a guest.</summary>
    public async Task<TestUser> GuestAsync(string name = "Ann")
    {
        var answer = await PostAsync("/api/auth/guest", new { name });
        answer.Status.ShouldBe(200, answer.Text);
        return TestUser.From(answer);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment(Environment);
        foreach (var (name, value) in _settings)
            builder.UseSetting(name, value);
        builder.ConfigureTestServices(services =>
        {
            foreach (var hosted in services.Where(IsOfRooms).ToList())
                services.Remove(hosted);
            if (Clock is not null)
                services.AddSingleton<TimeProvider>(Clock);
            _services?.Invoke(services);
        });
    }

    private static bool IsOfRooms(ServiceDescriptor service)
        => service.ServiceType == typeof(IHostedService)
            && (service.ImplementationType?.Assembly.GetName().Name?.StartsWith("Orleans", StringComparison.Ordinal) == true
                || service.ImplementationFactory?.Method.DeclaringType?.FullName?.Contains(nameof(RoomsSetup), StringComparison.Ordinal) == true);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(DataFolder, recursive: true);
    }
}

/// <summary>An HTTP answer, read.</summary>
internal sealed record Answer(int Status, string Text, JsonElement Json, HttpResponseMessage Response)
{
    public string? Error => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty("error", out var error) ? error.GetString() : null;

    public string? this[string name] => Json.GetProperty(name).GetString();

    public static async Task<Answer> OfAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        JsonElement json = default;
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
            json = JsonElement.Parse(text);
        return new((int)response.StatusCode, text, json, response);
    }

    public void ShouldFail(int status, string error)
    {
        Status.ShouldBe(status, Text);
        Error.ShouldBe(error);
    }
}

internal sealed record TestUser(string Id, string Name, string Access, string Refresh)
{
    public static TestUser From(Answer answer)
        => new(answer.Json.GetProperty("user").GetProperty("id").GetString()!, answer.Json.GetProperty("user").GetProperty("name").GetString()!, answer["access_token"]!, answer["refresh_token"]!);
}
