using System.Globalization;
using System.Text;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>
/// The command lines of a box. bubblewrap's own options go through a descriptor: /proc/1/cmdline inside the box then shows only
/// <c>/.init box-… program</c>, and where bubblewrap's own first process is used <c>bwrap --setenv BOX box-… --args N -- program</c>: no host path.
/// </summary>
internal static class BoxArguments
{
    /// <summary>Options for bubblewrap, NUL-separated.</summary>
    /// <param name="files">Files of the box, and the descriptors they are read from.</param>
    public static byte[] Bubblewrap(BoxSpec spec, BoxHost host, int seccomp, int status, IReadOnlyList<(BoxFile File, int Descriptor)> files)
    {
        var a = new StringBuilder();
        // The filter first: options cut short by the end of this process must not make a box without it.
        Add("--seccomp", Number(seccomp));
        Add("--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000", "--hostname", "box");
        Add("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv");
        Add("--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp", "--setenv", "LANG", "C.UTF-8");
        foreach (var (name, value) in spec.Environment) Add("--setenv", name, value);

        if (host.Init is not null) Add("--as-pid-1");

        foreach (var bind in host.Root.Binds) Add("--ro-bind", bind.Host, bind.Box);
        foreach (var link in host.Root.Links) Add("--symlink", link.Host, link.Box);
        foreach (var bind in spec.Binds) Add("--ro-bind", bind.Host, bind.Box);

        // Every writable place is a memory file system with a size; without these options /dev, /dev/shm and / would be writable up to half the machine's memory.
        Add("--proc", "/proc", "--dev", "/dev", "--size", "16777216", "--tmpfs", "/dev/shm", "--remount-ro", "/dev");
        Add("--size", "134217728", "--tmpfs", "/tmp", "--size", "67108864", "--tmpfs", "/box");
        foreach (var (file, descriptor) in files) Add("--perms", file.Executable ? "0755" : "0644", "--file", Number(descriptor), file.Path);
        Add("--chdir", "/box", "--remount-ro", "/", "--json-status-fd", Number(status));
        return Encoding.UTF8.GetBytes(a.ToString());

        void Add(params ReadOnlySpan<string> options)
        {
            foreach (var option in options)
            {
                if (option.Contains('\0')) throw new ArgumentException("An option contains NUL.", nameof(options));
                a.Append(option).Append('\0');
            }
        }
    }

    /// <summary>The command line that becomes a box. No text of the user is ever part of the script for terminals; the path goes as an argument.</summary>
    /// <param name="args">Descriptor from which the options are read.</param>
    /// <param name="gate">Descriptor at which the box waits for its program, when that comes later.</param>
    public static List<string> Chain(BoxSpec spec, BoxHost host, bool plainUser, int args, int? gate, string? terminal)
    {
        // A shell exports PWD by itself; it would be the one entry in the environment of the box's pid 1.
        List<string> chain = terminal is null ? [] : ["/bin/sh", "-c", "unset PWD OLDPWD; exec 0<>\"$1\" 1>&0 2>&0 && shift && exec \"$@\"", "sh", terminal];
        // The mark is for the guardian, which looks at command lines; the options behind the descriptor clear the environment.
        chain.AddRange([host.Tools.Bubblewrap, "--setenv", "BOX", host.Guardian.Mark, "--args", Number(args), "--"]);
        // Also for the guardian: the box's first process, when bubblewrap has become it, must still be known.
        if (host.Init is not null) chain.AddRange([BoxInit.Path, host.Guardian.Mark]);
        // A plain user's processes are counted together with everything else that user runs; inside the box's user namespace only its own count.
        if (plainUser) chain.AddRange(["/usr/bin/prlimit", "--nproc=" + Number(spec.Limits.Processes), "--"]);
        if (gate is { } socket && spec.Program is { } place) chain.AddRange([BoxGate.Path, Number(socket), (place.Executable ? "x" : "r") + place.Path]);
        chain.AddRange([host.Root.Locate(spec.Command[0]), .. spec.Command.Skip(1)]);
        return chain;
    }

    /// <summary>What is limited per process, of bubblewrap and everything below it.</summary>
    public static IEnumerable<(Native.Resource Resource, long Value)> Limits(BoxLimits limits, bool ownUser, bool hasCgroup)
    {
        yield return (Native.Resource.Core, 0);
        yield return (Native.Resource.OpenFiles, 512);
        yield return (Native.Resource.LockedMemory, 0);
        yield return (Native.Resource.FileSize, limits.FileBytes);
        // A second more than the limit: the supervisor's count over all processes decides; this one stops a supervisor that is late.
        yield return (Native.Resource.Cpu, (long)Math.Ceiling(limits.Cpu.TotalSeconds) + 1);
        // With control groups this is only a second wall; without, it is the limit. bubblewrap's two processes come on top.
        if (ownUser) yield return (Native.Resource.Processes, hasCgroup ? (limits.Processes * 2) + 16 : limits.Processes + 2);
        if (!hasCgroup) yield return (Native.Resource.Data, limits.MemoryBytes);
    }

    private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);
}
