namespace CodeChill.Server.Platform;

/// <summary>Finds the source checkout a development server runs from, so that <c>.env</c>, <c>.data</c> and the built web client are in one known place.</summary>
internal static class Checkout
{
    /// <summary>The folder of <c>CodeChill.slnx</c>, or null when the server runs from a published folder.</summary>
    public static string? Find(IHostEnvironment environment)
    {
        for (var folder = new DirectoryInfo(environment.ContentRootPath); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "CodeChill.slnx")))
                return folder.FullName;
        }

        return null;
    }
}
