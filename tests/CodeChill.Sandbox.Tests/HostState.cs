namespace CodeChill.Sandbox.Tests;

/// <summary>What can be seen of runs from the host's side.</summary>
internal static class HostState
{
    public static string[] CommandLines() => [.. Directory.EnumerateDirectories("/proc")
        .Where(d => int.TryParse(Path.GetFileName(d), out _))
        .Select(d =>
        {
            try
            {
                return File.ReadAllText(d + "/cmdline");
            }
            catch (IOException)
            {
                return "";
            }
        })];

    public static string[] ControlGroups() => Directory.Exists("/sys/fs/cgroup")
        ? [.. Directory.EnumerateDirectories("/sys/fs/cgroup", "codechill-*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })]
        : [];

    public static bool HasProcesses(string group)
    {
        try
        {
            return File.ReadAllText(group + "/cgroup.procs").Length > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
