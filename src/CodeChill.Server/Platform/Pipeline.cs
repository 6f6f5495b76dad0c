using Microsoft.AspNetCore.HttpOverrides;

namespace CodeChill.Server.Platform;

/// <summary>What every request passes before it reaches a route, in order.</summary>
internal static class Pipeline
{
    public static void AddPipeline(this WebApplicationBuilder builder, ServerOptions server, CorsOptions cors, LimitOptions limits)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = limits.BodyBytes;
            kestrel.Limits.MaxRequestHeaderCount = 100;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        });
        RequestLimits.Add(builder.Services, limits);
        builder.Services.AddCors(options => options.AddDefaultPolicy(policy => policy
            .SetIsOriginAllowed(cors.Allows)
            .AllowAnyHeader()
            .AllowAnyMethod()
            .AllowCredentials()
            .WithExposedHeaders("Retry-After")
            .SetPreflightMaxAge(TimeSpan.FromHours(1))));
        // Only the client's own files: compressing answers that mix secrets with a stranger's text gives the secrets away by their length.
        builder.Services.AddResponseCompression(compression =>
        {
            compression.EnableForHttps = true;
            compression.MimeTypes = ["text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"];
        });
        builder.Services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var network in server.TrustedProxies)
                forwarded.KnownIPNetworks.Add(network);
        });
    }

    public static void UsePlatform(this WebApplication app)
    {
        // Without a trusted proxy anybody could send the header and choose whose limit to use up.
        if (app.Services.GetRequiredService<ServerOptions>().TrustedProxies.Count > 0)
            app.UseForwardedHeaders();
        app.UseMiddleware<SecurityHeaders>();
        Logging.Use(app);
        app.UseMiddleware<Faults>();
        app.UseRouting();
        app.UseCors();
        app.UseRateLimiter();
        app.Use(RequestLimits.LimitBodyAsync);
        app.UseWebSockets();
        app.UseWebClient();
    }
}
