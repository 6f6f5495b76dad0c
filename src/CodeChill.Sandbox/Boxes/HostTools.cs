namespace CodeChill.Sandbox.Boxes;

/// <summary>The programs a box is started with. Looked for in fixed places, not in PATH: what runs as root must not depend on the environment.</summary>
internal sealed record HostTools(string Bubblewrap, string Prlimit, string Setpriv)
{
    public static HostTools? Find(bool root, out HostProblem? problem)
    {
        problem = null;
        var bubblewrap = Find("bwrap");
        if (bubblewrap is null)
        {
            problem = new("bubblewrap is not installed.", "apt-get install -y --no-install-recommends bubblewrap", Fatal: true);
            return null;
        }
        var (prlimit, setpriv) = (Find("prlimit"), Find("setpriv"));
        if (prlimit is null || (root && setpriv is null) || !File.Exists("/bin/sh"))
        {
            problem = new("prlimit, setpriv or /bin/sh is missing.", "apt-get install -y --no-install-recommends util-linux dash", Fatal: true);
            return null;
        }
        return new(bubblewrap, prlimit, setpriv ?? "");
    }

    private static string? Find(string name) =>
        ((string[])["/usr/bin/", "/bin/", "/usr/local/bin/", "/usr/sbin/", "/sbin/"]).Select(d => d + name).FirstOrDefault(File.Exists);
}
