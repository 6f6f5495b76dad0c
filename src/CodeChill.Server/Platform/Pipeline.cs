namespace CodeChill.Server.Platform;

/// <summary>What every request passes before it reaches a route.</summary>
internal static class Pipeline
{
    public static void UsePlatform(this WebApplication app)
    {
        app.UseRouting();
    }
}
