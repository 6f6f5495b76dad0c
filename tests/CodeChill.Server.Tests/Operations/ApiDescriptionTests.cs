using System.Text.Json;
using CodeChill.Server.Operations;
using CodeChill.Server.Tests.Platform;
using Microsoft.AspNetCore.Routing;

namespace CodeChill.Server.Tests.Operations;

public sealed class ApiDescriptionTests
{
    // Their protocols are described in docs/protocol.md; the pages describe themselves.
    private static readonly string[] _elsewhere = ["/socket.io", "/yjs", "/openapi", "/scalar"];

    [Fact]
    public async Task Every_mapped_route_is_described_and_nothing_else()
    {
        await using var app = new TestApp();
        await app.GetAsync("/api");
        var mapped = app.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (Path: "/" + endpoint.RoutePattern.RawText!.Trim('/'), Methods: endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]))
            .Where(route => !_elsewhere.Any(prefix => route.Path.StartsWith(prefix, StringComparison.Ordinal)))
            .SelectMany(route => route.Methods.Select(method => $"{method} {route.Path}"))
            .Distinct().Order(StringComparer.Ordinal).ToList();
        mapped.Count.ShouldBeGreaterThan(40);
        app.Get<ApiCatalog>().Routes.Except(mapped).ShouldBeEmpty("described in Operations/Api, but not mapped");
        mapped.Except(app.Get<ApiCatalog>().Routes).ShouldBeEmpty("mapped, but not described in Operations/Api/*.json");
    }

    [Fact]
    public async Task Document_names_every_route_and_resolves_every_reference()
    {
        await using var app = new TestApp();
        var document = await app.GetAsync("/openapi/v1.json");
        document.Status.ShouldBe(200, document.Text);
        document["openapi"].ShouldStartWith("3.1");
        var described = document.Json.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}")).Order(StringComparer.Ordinal);
        described.ShouldBe(app.Get<ApiCatalog>().Routes);
        var schemas = document.Json.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => schema.Name).ToHashSet();
        References(document.Json).Select(reference => reference.Split('/')[^1]).Where(name => !schemas.Contains(name)).ShouldBeEmpty();
        foreach (var operation in document.Json.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()))
        {
            operation.Value.GetProperty("summary").GetString().ShouldNotBeNullOrEmpty();
            operation.Value.GetProperty("responses").EnumerateObject().ShouldContain(response => response.Name.StartsWith('2'));
        }
    }

    [Fact]
    public async Task Page_needs_nothing_from_elsewhere_and_its_policy_allows_just_its_own_script()
    {
        await using var app = new TestApp();
        var page = await app.GetAsync("/scalar/");
        page.Status.ShouldBe(200);
        page.Text.ShouldNotContain("https://");
        page.Text.ShouldNotContain("//cdn");
        var policy = page.Response.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldContain("script-src 'self' 'nonce-");
        policy.ShouldNotContain("script-src 'self' 'unsafe-inline'");
        foreach (var script in new[] { "scalar.js", "scalar.aspnetcore.js" })
        {
            page.Text.ShouldContain($"\"{script}\"");
            (await app.GetAsync("/scalar/" + script)).Status.ShouldBe(200);
        }

        (await app.GetAsync("/api")).Response.Headers.GetValues("Content-Security-Policy").Single().ShouldNotContain("nonce");
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
