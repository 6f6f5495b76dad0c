using CodeChill.Server.Platform;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace CodeChill.Server.Operations;

/// <summary><c>/openapi/v1.json</c>, and <c>/scalar</c> to read and try it in a browser; the page's script comes from this server.</summary>
internal static class ApiDescription
{
    public const string PagePath = "/scalar";

    public static void AddApiDescription(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ApiCatalog>();
        builder.Services.AddOpenApi(options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddDocumentTransformer((document, context, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "CodeChill",
                    Version = Health.Version,
                    Description = "Real-time collaborative coding. What happens in a room while people are in it goes over Socket.IO at /socket.io: docs/protocol.md.",
                };
                // Clients reach the server by names it does not know.
                document.Servers = [new OpenApiServer { Url = "/" }];
                context.ApplicationServices.GetRequiredService<ApiCatalog>().Describe(document);
                return Task.CompletedTask;
            });
        });
    }

    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapScalarApiReference(PagePath, (page, http) => page
            .WithNonce(SecurityHeaders.NonceOf(http))
            .WithTitle("CodeChill")
            .WithOpenApiRoutePattern("/openapi/{documentName}.json")
            .DisableDefaultFonts()
            .DisableTelemetry()
            .HideDeveloperTools()
            .DisableAgent());
    }
}
