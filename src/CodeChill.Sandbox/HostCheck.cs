using System.Text;
using CodeChill.Sandbox.Boxes;
using CodeChill.Sandbox.Languages;

namespace CodeChill.Sandbox;

/// <summary>
/// The self-test: runs a probe inside a box made exactly like every other and believes only what the probe saw. Anything missing closes the sandbox;
/// there is no way to run a program without it.
/// </summary>
internal static class HostCheck
{
    public static readonly BoxLimits ProbeLimits = new(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(10), 256L << 20, 64, 16L << 20);

    /// <summary>Each line is the name of a wall that was found broken.</summary>
    private const string Probe = """
        st() { while read -r k v; do [ "$k" = "$1:" ] && echo "$v"; done </proc/self/status; }
        for v in $(tr '\0' '\n' </proc/1/environ); do case "$v" in PATH=*|HOME=*|TMPDIR=*|LANG=*|PWD=*) ;; *) echo "the box shows the environment of its starter" ;; esac; done
        [ -e /etc/passwd ] && echo "the host's /etc is visible"
        [ -e /root ] && echo "the host's /root is visible"
        [ -e /sys/kernel ] && echo "the host's /sys is visible"
        (: >/probe) 2>/dev/null && echo "the box's root is writable"
        (: >/usr/probe) 2>/dev/null && echo "the box's /usr is writable"
        (: >/dev/probe) 2>/dev/null && echo "the box's /dev is writable"
        (: >/box/probe) 2>/dev/null || echo "the box's own folder is not writable"
        [ "$(st NoNewPrivs)" = 1 ] || echo "privileges can be gained"
        [ "$(st Seccomp)" = 2 ] || echo "the system call filter is not loaded"
        case "$(st CapEff)$(st CapPrm)$(st CapBnd)" in *[1-9a-f]*) echo "capabilities are left" ;; esac
        n=0; while read -r l; do case "$l" in *:*) n=$((n+1)); case "$l" in lo:*|*" lo:"*) ;; *) echo "a network interface is visible: ${l%%:*}" ;; esac ;; esac; done </proc/net/dev
        unshare -U true 2>/dev/null && echo "a new user namespace could be made"
        echo probed
        """;

    /// <summary>What the kernel says programs could still have without swapping; 0 when it does not say.</summary>
    public static long FreeBytes(string memoryInfo)
    {
        var line = memoryInfo.Split('\n').FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return line is not null && long.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], out var kilobytes) ? kilobytes << 10 : 0;
    }

    /// <summary>Null when every wall stands.</summary>
    public static async Task<HostProblem?> ProbeAsync(BoxHost host, Slot slot, CancellationToken cancel)
    {
        var (outcome, stdout, stderr) = await CaptureAsync(host, slot, ["/bin/sh", "-c", Probe], [], [], [], cancel);
        if (!outcome.Started || outcome.Stop != StopReason.None) return Explain(outcome, stderr);
        var lines = stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines is ["probed"]) return null;
        var found = lines.Where(l => l != "probed").ToArray();
        return new(
            found.Length > 0 ? $"The sandbox does not hold: {string.Join("; ", found)}." : $"The sandbox's self-test did not finish: {stderr.Trim()}",
            "Use a current bubblewrap (0.8 or later) and util-linux on an ordinary Linux kernel.", Fatal: true);
    }

    /// <summary>What the well-known refusals of kernels, containers and distributions mean, and what helps.</summary>
    internal static HostProblem Explain(BoxOutcome outcome, string stderr)
    {
        var text = stderr.Trim();
        var fix = text switch
        {
            _ when text.Contains("uid map", StringComparison.Ordinal) && text.Contains("Permission denied", StringComparison.Ordinal) =>
                "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            _ when text.Contains("No space left", StringComparison.Ordinal) || text.Contains("max_user_namespaces", StringComparison.Ordinal) =>
                "sysctl -w user.max_user_namespaces=15000",
            _ when text.Contains("unprivileged_userns_clone", StringComparison.Ordinal) => "sysctl -w kernel.unprivileged_userns_clone=1",
            _ when text.Contains("Creating new namespace failed", StringComparison.Ordinal) || text.Contains("No permissions to creat", StringComparison.Ordinal) =>
                "On a plain machine: sysctl -w kernel.unprivileged_userns_clone=1. In a container: docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined",
            _ when text.Contains("make / slave", StringComparison.Ordinal) => "docker run … --security-opt apparmor=unconfined",
            _ when text.Contains("mount proc", StringComparison.Ordinal) || text.Contains("/proc", StringComparison.Ordinal) =>
                "docker run … --security-opt systempaths=unconfined",
            _ when text.Contains("eccomp", StringComparison.Ordinal) => "Use a kernel with CONFIG_SECCOMP_FILTER.",
            _ when text.Contains("Unknown option", StringComparison.Ordinal) => "apt-get install -y --no-install-recommends bubblewrap (0.8 or later)",
            _ => "Run the server's user through: bwrap --unshare-all --ro-bind /usr /usr --symlink usr/lib64 /lib64 --symlink usr/lib /lib /usr/bin/true",
        };
        var what = outcome.Stop != StopReason.None ? $"it was ended by the limit {outcome.Stop}" : text.Length > 0 ? text : $"exit code {outcome.ExitCode}";
        return new($"A box could not be started: {what}", fix, Fatal: true);
    }

    /// <summary>Whether a language's toolchain is there and answers inside a box.</summary>
    public static async Task<Toolchain> ProbeAsync(Language language, BoxHost host, Slot slot, CancellationToken cancel)
    {
        var missing = language.Executables.FirstOrDefault(e => !host.Root.HasExecutable(e));
        if (missing is not null) return Unavailable($"{missing} is not installed ({language.InstallHint}).");
        var part = language.Part?.Invoke(host.Root) ?? LanguagePart.Empty;
        if (part.Missing is { } reason) return Unavailable(reason);

        var files = Toolchain.FilesOf(part);
        var (outcome, stdout, stderr) = await CaptureAsync(
            host, slot, language.VersionCommand, part.Binds, files, Toolchain.EnvironmentOf(language, part, ProbeLimits.MemoryBytes), cancel);
        var version = (stdout + stderr).Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0);
        return outcome is { Started: true, Stop: StopReason.None, ExitCode: 0 } && version is not null
            ? new(language, language.Describe(version, null), part, files)
            : Unavailable($"{language.VersionCommand[0]} does not start in the sandbox: {version ?? "no output"} ({language.InstallHint}).");

        Toolchain Unavailable(string why) => new(language, language.Describe(null, why), LanguagePart.Empty, []);
    }

    private static async Task<(BoxOutcome Outcome, string Stdout, string Stderr)> CaptureAsync(
        BoxHost host, Slot slot, IReadOnlyList<string> command, IReadOnlyList<Bind> binds, IReadOnlyList<BoxFile> files, IReadOnlyList<KeyValuePair<string, string>> environment, CancellationToken cancel)
    {
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        var outcome = await Box.RunAsync(
            new()
            {
                Command = command,
                Limits = ProbeLimits,
                Binds = binds,
                Files = files,
                Environment = environment,
            },
            BoxPorts.None with { OnStdout = bytes => Keep(stdout, bytes), OnStderr = bytes => Keep(stderr, bytes) },
            null, host, slot, cancel);
        return (outcome, Encoding.UTF8.GetString(stdout.ToArray()), Encoding.UTF8.GetString(stderr.ToArray()));

        static ValueTask<bool> Keep(MemoryStream to, ReadOnlyMemory<byte> bytes)
        {
            if (to.Length < 64 << 10) to.Write(bytes.Span);
            return new(true);
        }
    }
}
