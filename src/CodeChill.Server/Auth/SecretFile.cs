using System.Security.Cryptography;

namespace CodeChill.Server.Auth;

/// <summary>The secret of an installation whose operator gave none: made once, kept in the data folder, readable by its owner alone.</summary>
internal static class SecretFile
{
    public static string ReadOrCreate(string path)
    {
        if (!File.Exists(path))
            Create(path);
        var secret = File.ReadAllText(path).Trim();
        return secret.Length >= AuthOptions.MinSecretLength
            ? secret
            : throw new InvalidDataException($"{path} holds no secret of {AuthOptions.MinSecretLength} characters; delete it to have a new one made (everybody is signed out)");
    }

    private static void Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var whole = $"{path}.{Guid.NewGuid():N}";
        using (var file = new StreamWriter(whole, options))
        {
            file.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)));
        }

        try
        {
            // Two first starts at once: one file wins, both read it.
            File.Move(whole, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(whole);
        }
    }
}
