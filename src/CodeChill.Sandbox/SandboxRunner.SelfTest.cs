using CodeChill.Sandbox.Boxes;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;
using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox;

// What the machine can do, found out by trying.
public sealed partial class SandboxRunner
{
    private async Task<State> ExamineAsync(State before, CancellationToken cancel)
    {
        if (!OperatingSystem.IsLinux()) return State.Unavailable(new("The sandbox needs Linux.", "Run the server on Linux.", Fatal: true));
        if (SyscallTable.Current is not { } table)
        {
            return State.Unavailable(new($"There is no system call table for {System.Runtime.InteropServices.RuntimeInformation.OSArchitecture}.", "Use an x86-64 or arm64 machine.", Fatal: true));
        }
        var root = Native.EffectiveUserId() == 0;
        if (HostTools.Find(out var problem) is not { } tools) return State.Unavailable(problem!);
        try
        {
            var cgroups = before.Host?.Cgroups ?? (_options.UseCgroups
                ? CgroupHost.Detect(await File.ReadAllTextAsync("/proc/mounts", cancel), await File.ReadAllTextAsync("/proc/self/cgroup", cancel))
                : CgroupHost.None("turned off by the settings"));
            cgroups.SweepLeftovers();
            if (before.Host is null && _guardian is not null) await _guardian.DisposeAsync(); // of an earlier self-test that failed
            var host = new BoxHost(
                tools, RootFileSystem.Find(_options), cgroups, before.Host?.Seccomp ?? MemoryFile.Create(SeccompFilter.Build(table)),
                before.Host is { } known ? known.Init : FileOf(BoxInit.Current), before.Host is { } same ? same.Gate : FileOf(BoxGate.Current), _launcher,
                before.Host?.Guardian ?? (_guardian = new Guardian(_launcher, cgroups.Prefixes)), _options.Time, Log);
            var slots = before.Host is null ? new SlotPool(_options.MaxParallelRuns, root ? _options.FirstUid : null) : before.Slots;
            return await ProbeAsync(host, slots, root, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return State.Unavailable(new($"The self-test failed: {e.Message}", "See the message.", Fatal: true));
        }
    }

    private static MemoryFile? FileOf(byte[]? program) => program is null ? null : MemoryFile.Create(program);

    private async Task<State> ProbeAsync(BoxHost host, SlotPool slots, bool root, CancellationToken cancel)
    {
        var problems = new List<HostProblem>();
        if (await InSlot(s => HostCheck.ProbeAsync(host, s, cancel)) is { } broken) return State.Unavailable(broken);
        if (host.Cgroups.Why is { } why)
        {
            problems.Add(new(
                $"Memory, CPU and process limits are per process and sampled, because no control groups can be used ({why}).",
                "Run as root, or as a systemd service with Delegate=yes.", Fatal: false));
        }
        if (!root) problems.Add(new("All runs share one host user.", "Run the server as root; it drops to a separate user for each run.", Fatal: false));
        var toolchains = await Task.WhenAll(LanguageCatalog.All.Select(l => _options.Only?.Contains(l.Name) == false
            ? Task.FromResult(new Toolchain(l, l.Describe(null, "It was not asked for."), LanguagePart.Empty, []))
            : InSlot(s => HostCheck.ProbeAsync(l, host, s, cancel))));
        var report = new HostReport
        {
            Available = true,
            Problems = problems,
            Limits = host.Cgroups.Kind,
            SeparateUsers = root,
            BubblewrapVersion = await VersionAsync(host.Tools.Bubblewrap, cancel),
            RootPath = host.Root.Path,
            Languages = [.. toolchains.Select(t => t.Info)],
        };
        return new(report, host, slots, toolchains.ToDictionary(t => t.Language.Name, StringComparer.Ordinal));

        async Task<T> InSlot<T>(Func<Slot, Task<T>> work)
        {
            var slot = await slots.TakeAsync(cancel);
            try
            {
                return await work(slot);
            }
            finally
            {
                slots.Return(slot);
            }
        }
    }

    private async Task<string?> VersionAsync(string bubblewrap, CancellationToken cancel)
    {
        using var process = await _launcher.StartAsync(new(bubblewrap, "--version") { RedirectStandardOutput = true });
        var text = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return text.Trim().Split(' ').LastOrDefault();
    }

    /// <summary>What a self-test leaves; runs take one snapshot of it.</summary>
    private sealed record State(HostReport Report, BoxHost? Host, SlotPool Slots, IReadOnlyDictionary<string, Toolchain> Toolchains)
    {
        public static State Unavailable(HostProblem problem) => new(
            new()
            {
                Available = false,
                Reason = problem.Problem,
                Problems = [problem],
                Languages = [.. LanguageCatalog.All.Select(l => l.Describe(null, problem.Problem))],
            },
            null, new SlotPool(1, null), new Dictionary<string, Toolchain>());
    }
}
