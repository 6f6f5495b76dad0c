using Microsoft.Extensions.FileProviders;

namespace CodeChill.Server.Platform;

/// <summary>
/// Serves the built web client. Files whose name carries a hash never change and are kept for a year; the page itself is asked for anew each time. Any address
/// that is no route and looks like a page (<c>/rooms/…</c>) gets <c>index.html</c>, and the client finds its way.
/// </summary>
internal static class WebClient
{
    private static readonly PathString[] NotPages = ["/api", "/socket.io", "/yjs", "/health", "/metrics", "/openapi", "/scalar"];

    public static void UseWebClient(this WebApplication app)
    {
        if (app.Services.GetRequiredService<ServerOptions>().WebRoot is not { } root)
            return;
        app.UseResponseCompression();
        app.Use((http, next) =>
        {
            if (http.GetEndpoint() is null && IsPage(http.Request))
                http.Request.Path = "/index.html";
            return next(http);
        });
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(root),
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl =
                file.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache",
        });
    }

    private static bool IsPage(HttpRequest request)
        => (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && !NotPages.Any(prefix => request.Path.StartsWithSegments(prefix))
            && !Path.HasExtension(request.Path.Value);
}
