using System.Globalization;
using System.Text;

namespace CodeChill.Sandbox.Boxes;

/// <summary>
/// The command lines of a box. bubblewrap's own options go through a descriptor: /proc/1/cmdline inside the box then shows only
/// <c>bwrap --setenv BOX box-… --args 3 -- program</c>, no host path.
/// </summary>
internal static class BoxArguments
{
    // Descriptors the shell opens; it can only name single digits.
    public const int ArgsFd = 3, SeccompFd = 4, StatusFd = 5, FirstFileFd = 6, LastFileFd = 9;

    /// <summary>Options for bubblewrap, NUL-separated.</summary>
    public static byte[] Bubblewrap(BoxSpec spec, RootFileSystem root)
    {
        var a = new StringBuilder();
        Add("--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000", "--hostname", "box");
        Add("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv");
        Add("--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp", "--setenv", "LANG", "C.UTF-8");
        foreach (var (name, value) in spec.Environment) Add("--setenv", name, value);

        foreach (var bind in root.Binds) Add("--ro-bind", bind.Host, bind.Box);
        foreach (var link in root.Links) Add("--symlink", link.Host, link.Box);
        foreach (var bind in spec.Binds) Add("--ro-bind", bind.Host, bind.Box);

        // Every writable place is a memory file system with a size; without these options /dev, /dev/shm and / would be writable up to half the machine's memory.
        Add("--proc", "/proc", "--dev", "/dev", "--size", "16777216", "--tmpfs", "/dev/shm", "--remount-ro", "/dev");
        Add("--size", "134217728", "--tmpfs", "/tmp", "--size", "67108864", "--tmpfs", "/box");
        for (var i = 0; i < spec.Files.Count; i++)
        {
            var file = spec.Files[i];
            Add("--perms", file.Executable ? "0755" : "0644", "--file", Number(FirstFileFd + i), file.Path);
        }
        Add("--chdir", "/box", "--remount-ro", "/", "--seccomp", Number(SeccompFd), "--json-status-fd", Number(StatusFd));
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

    /// <summary>
    /// The chain that becomes bubblewrap: a shell joins the control groups and opens the descriptors (.NET cannot pass any), setpriv drops to the slot's
    /// user, prlimit sets what is per process. No text of the user is ever part of the script; paths go as arguments.
    /// </summary>
    public static List<string> Chain(
        BoxSpec spec, HostTools tools, string mark, Slot slot, IReadOnlyList<string> joinFiles, string args, string seccomp, string status, string? terminal, bool hasCgroup)
    {
        var script = new StringBuilder();
        var parameters = new List<string>();
        foreach (var file in joinFiles) script.Append(CultureInfo.InvariantCulture, $"echo $$ >\"{Parameter(file)}\" || exit 125; ");
        // The shell exports PWD by itself; it would be the one entry in the environment of the box's pid 1.
        script.Append("unset PWD OLDPWD; ");
        script.Append(CultureInfo.InvariantCulture, $"exec {ArgsFd}<\"{Parameter(args)}\" {SeccompFd}<\"{Parameter(seccomp)}\" {StatusFd}>>\"{Parameter(status)}\"");
        for (var i = 0; i < spec.Files.Count; i++)
        {
            if (FirstFileFd + i > LastFileFd) throw new ArgumentException("Too many files for one box.", nameof(spec));
            script.Append(CultureInfo.InvariantCulture, $" {FirstFileFd + i}<\"{Parameter(spec.Files[i].Content.Path)}\"");
        }
        if (terminal is not null) script.Append(CultureInfo.InvariantCulture, $" 0<>\"{Parameter(terminal)}\" 1>&0 2>&0");
        script.Append(CultureInfo.InvariantCulture, $" && shift {parameters.Count} && exec \"$@\"");

        List<string> chain = ["-c", script.ToString(), "sh", .. parameters, .. tools.ResetSignals];
        // The death signal from here on, not only from the moment bubblewrap sets its own: a server killed in between must not leave a box behind.
        if (slot.Uid is { } uid)
        {
            chain.AddRange([tools.Setpriv, "--reuid", Number(uid), "--regid", Number(uid), "--clear-groups", "--pdeathsig", "KILL", "--"]);
        }
        else if (tools.Setpriv.Length > 0)
        {
            chain.AddRange([tools.Setpriv, "--pdeathsig", "KILL", "--"]);
        }
        chain.AddRange([tools.Prlimit, "--core=0", "--nofile=512", "--memlock=0", "--fsize=" + Number(spec.Limits.FileBytes), "--cpu=" + CpuSeconds(spec.Limits.Cpu)]);
        // With control groups this is only a second wall; without, it is the limit. bubblewrap's two processes come on top.
        if (slot.Uid is not null) chain.Add("--nproc=" + Number(hasCgroup ? (spec.Limits.Processes * 2) + 16 : spec.Limits.Processes + 2));
        if (!hasCgroup) chain.Add("--data=" + Number(spec.Limits.MemoryBytes));
        // The mark is for the guardian, which looks at command lines; the options behind the descriptor clear the environment.
        chain.AddRange(["--", tools.Bubblewrap, "--setenv", "BOX", mark, "--args", Number(ArgsFd), "--"]);
        // A plain user's processes are counted together with everything else that user runs; inside the box's user namespace only its own count.
        if (slot.Uid is null && !hasCgroup) chain.AddRange(["/usr/bin/prlimit", "--nproc=" + Number(spec.Limits.Processes), "--"]);
        chain.AddRange(spec.Command);
        return chain;

        string Parameter(string value)
        {
            parameters.Add(value);
            return parameters.Count < 10 ? "$" + Number(parameters.Count) : "${" + Number(parameters.Count) + "}";
        }
    }

    /// <summary>A second more than the limit: the supervisor's count over all processes decides; this one stops a supervisor that is late.</summary>
    private static string CpuSeconds(TimeSpan cpu) => Number((long)Math.Ceiling(cpu.TotalSeconds) + 1);

    private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);
}
