using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using CodeChill.Sandbox.Linux;
using CodeChill.Sandbox.Linux.Cgroups;
using Microsoft.Win32.SafeHandles;

namespace CodeChill.Sandbox.Boxes;

/// <summary>
/// Runs one step in a box and measures it. A box is set up first (<see cref="StartAsync"/>), which takes longer than many programs run: with its program already in it, or to wait at
/// a gate (<see cref="BoxGate"/>) for one that is not known yet. Nothing of a program's doing happens before <see cref="TryGive"/>, from where time and processor use
/// of a box that has waited count. While the command runs, four activities share the life of the process: feeding standard input, reading each output pipe, and a monitor
/// that looks at clock and counters. Whoever finds a limit broken calls <see cref="Stop"/>; the first reason stands. Killing the outer bubblewrap ends the box's init
/// (PR_SET_PDEATHSIG) and with it the whole process namespace; the control group is killed as well and must be empty to be removed.
/// </summary>
internal sealed class Box : IAsyncDisposable
{
    private static readonly TimeSpan s_monitorInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>How long after its end a box's pipes may stay open, and a receiver may take for the last chunk, before both are given up.</summary>
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(3);

    private readonly BoxSpec _spec;
    private readonly BoxHost _host;
    private readonly Process _process;
    private readonly ControlGroup? _group;
    private readonly Slot _slot;
    private readonly MemoryFile _status;
    private readonly Terminal? _terminal;
    private readonly SafeFileHandle? _gate;
    private BoxPorts _ports = BoxPorts.None;
    private ProcessorShares.Share? _processors;
    private long _start;
    private Task<bool>? _setUp;
    private TimeSpan _setUpCpu;
    private int _stop;
    private int _dead;
    private int _disposed;
    private ProcessTree.Sample _sampled;

    private Box(
        BoxSpec spec, BoxHost host, Slot slot, Process process, ControlGroup? group, ProcessorShares.Share? processors, MemoryFile status, Terminal? terminal, SafeFileHandle? gate, long start)
    {
        _spec = spec;
        _host = host;
        _slot = slot;
        _process = process;
        _group = group;
        _processors = processors;
        _status = status;
        _terminal = terminal;
        _gate = gate;
        _start = start;
    }

    /// <summary>It was set up to wait for its program, and does.</summary>
    public bool Waits => _gate is { IsClosed: false } && !_process.HasExited;

    /// <summary>The user it runs as.</summary>
    public Slot Slot => _slot;

    /// <summary>A box from its beginning to its end.</summary>
    public static async Task<BoxOutcome> RunAsync(BoxSpec spec, BoxPorts ports, MemoryFile? program, BoxHost host, Slot slot, CancellationToken cancel)
    {
        await using var box = await StartAsync(spec, program, host, slot);
        return await box.RunAsync(ports, cancel);
    }

    /// <summary>Sets a box up.</summary>
    /// <param name="program">Put in its place; null when there is none, or when the box is to wait for it.</param>
    /// <exception cref="IOException">No process or no control group could be made.</exception>
    public static async Task<Box> StartAsync(BoxSpec spec, MemoryFile? program, BoxHost host, Slot slot)
    {
        var waits = spec.Program is not null && program is null;
        if (waits && host.Gate is null) throw new InvalidOperationException("No box can wait for its program here.");
        await host.Guardian.EnsureAsync();
        // Beside the program there are bubblewrap's outer process and its init.
        var group = host.Cgroups.Create(spec.Limits.MemoryBytes, spec.Limits.Processes + 2, out var why);
        if (group is null && host.Cgroups.Kind != LimitEnforcement.Rlimits) throw new IOException($"No control group could be made: {why}");
        ProcessorShares.Share? processors = null;
        var status = MemoryFile.Create();
        Terminal? terminal = null;
        Started? started = null;
        try
        {
            if (group is not null)
            {
                // Setting up is work like any other: for whoever waits for it, or for later.
                if (waits) group.Favour(false);
                else processors = host.Cgroups.Processors?.Enter(group);
            }
            terminal = spec.Terminal is { } size ? new Terminal(size) : null;
            if (slot.Uid is { } user) terminal?.GiveTo(user);

            List<BoxFile> files = [.. spec.Files];
            if (host.Init is { } init) files.Add(new(init, BoxInit.Path, Executable: true));
            if (waits) files.Add(new(host.Gate!, BoxGate.Path, Executable: true));
            if (spec.Program is { } place && program is not null) files.Add(new(program, place.Path, place.Executable));
            var start = host.Time.GetTimestamp();
            started = await host.Launcher.StartAsync(
                (args, gate) => Info(BoxArguments.Chain(spec, host, plainUser: slot.Uid is null && group is null, args, gate, terminal?.SlavePath)),
                [(host.Seccomp, false), (status, true), .. files.Select(f => (f.Content, false))],
                slot.Uid,
                [.. BoxArguments.Limits(spec.Limits, slot.Uid is not null, group is not null)],
                waits);
            using (started.Arguments)
            {
                Admit(started.Process, group, started.Arguments, BoxArguments.Bubblewrap(spec, host, started.Files[0], started.Files[1], [.. files.Zip(started.Files.Skip(2))]));
            }
            return new(spec, host, slot, started.Process, group, processors, status, terminal, started.Gate, start);
        }
        catch
        {
            started?.Process.Dispose();
            started?.Gate?.Dispose();
            terminal?.Dispose();
            status.Dispose();
            processors?.End();
            await RemoveAsync(group, host);
            throw;
        }
    }

    /// <summary>Completes when a box that waits is set up; false when it has ended instead. A program may be given to it before.</summary>
    public Task<bool> IsSetUpAsync() => _setUp ??= Task.Run(() => Native.ReadByte(_gate!));

    /// <summary>Gives a box that waits its program, and with that begins. False when it waits no longer: then nothing has run.</summary>
    public bool TryGive(MemoryFile program)
    {
        if (_group is not null)
        {
            _setUpCpu = _group.ReadCpu();
            _group.Favour(true);
            _processors = _host.Cgroups.Processors?.Enter(_group);
        }
        _start = _host.Time.GetTimestamp();
        var given = program.SendBy(_gate!);
        _gate!.Dispose();
        return given;
    }

    /// <summary>Ends the box if it still waits, and removes what is left of it on the host.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        _gate?.Dispose();
        _processors?.End();
        if (!_process.HasExited)
        {
            KillOuter();
            await _process.WaitForExitAsync(CancellationToken.None);
            KillRest();
        }
        _process.Dispose();
        _terminal?.Dispose();
        _status.Dispose();
        await RemoveAsync(_group, _host);
    }

    private static async Task RemoveAsync(ControlGroup? group, BoxHost host)
    {
        if (group is null || await group.RemoveAsync()) return;
        host.Log("A control group could not be removed yet; it is tried again for a minute, and at the next start.");
        _ = group.RemoveLaterAsync();
    }

    private static ProcessStartInfo Info(List<string> chain)
    {
        var info = new ProcessStartInfo(chain[0], chain.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        // bubblewrap stays pid 1 of the box with the environment it was started with, readable in /proc/1/environ; --clearenv does not change that.
        info.Environment.Clear();
        return info;
    }

    /// <summary>bubblewrap waits for the end of its options: until then it has no child, and whatever is set now holds for all of the box.</summary>
    private static void Admit(Process process, ControlGroup? group, SafeFileHandle pipe, byte[] options)
    {
        try
        {
            group?.Join(process.Id);
            using var stream = new FileStream(pipe, FileAccess.Write, bufferSize: 0);
            stream.Write(options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // One that ended by itself has said why on its standard error; the supervisor tells.
            if (process.HasExited) return;
            process.Kill();
            throw new IOException($"A box could not be set up: {e.Message}", e);
        }
    }

    /// <summary>Stays until the command has ended. Once only, and soon after it has begun.</summary>
    public async Task<BoxOutcome> RunAsync(BoxPorts ports, CancellationToken cancel)
    {
        _ports = ports;
        using var over = new CancellationTokenSource();
        _ports.Control?.Attach(ReadUsage, () => _host.Time.GetElapsedTime(_start), Favour);
        await using var cancellation = cancel.Register(() => Stop(StopReason.Cancelled));
        var monitor = MonitorAsync(over.Token);
        var feeding = FeedAsync(over.Token);
        var output = PumpAsync(_process.StandardOutput.BaseStream, _ports.OnStdout, over.Token);
        var error = PumpAsync(_process.StandardError.BaseStream, _ports.OnStderr, over.Token);
        var screen = _terminal is null ? Task.CompletedTask : PumpTerminalAsync(_terminal);
        var resizing = _terminal is null || _ports.Resizes is null ? Task.CompletedTask : ResizeAsync(_terminal, _ports.Resizes, over.Token);

        await _process.WaitForExitAsync(CancellationToken.None);
        Volatile.Write(ref _dead, 1);
        var wall = _host.Time.GetElapsedTime(_start);
        var exitCode = _process.ExitCode;
        KillRest();
        _processors?.End();
        _terminal?.CloseProgramEnd();

        // All writers are dead, so the pipes end by themselves; a receiver that does not return must not hold the slot for ever.
        try
        {
            await Task.WhenAll(output, error, screen).WaitAsync(s_drain, _host.Time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            _host.Log("A receiver of output did not return within 3 s of the end of its run; its last output is lost.");
        }
        await over.CancelAsync();
        await monitor;
        await feeding;
        await resizing;

        var usage = ReadUsage();
        // Written by bubblewrap only when the program was started and has ended.
        var started = Encoding.UTF8.GetString(_status.ReadAll()).Contains("\"exit-code\"", StringComparison.Ordinal);
        return new((StopReason)_stop, started, exitCode, wall, usage.Cpu, usage.PeakMemoryBytes, usage.OutOfMemoryKills, usage.RefusedForks);
    }

    private void Stop(StopReason reason)
    {
        var dead = Volatile.Read(ref _dead) == 1;
        // What a program wrote just before its end is read after it: too much is too much all the same.
        if (dead && reason != StopReason.Output) return;
        if (Interlocked.CompareExchange(ref _stop, (int)reason, 0) != 0 || dead) return;
        if (_group is null) ProcessTree.Kill(_process.Id);
        KillOuter();
        _group?.Kill();
    }

    private void KillOuter()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended by itself just now.
        }
    }

    /// <summary>After the outer process is gone nothing may be left. A slot's user id belongs to this box alone, so its processes are ours to kill.</summary>
    private void KillRest()
    {
        if (_group is not null) _group.Kill();
        else if (_slot.Uid is { } uid) ProcessTree.KillUser(uid);
    }

    private async Task MonitorAsync(CancellationToken over)
    {
        using var timer = new PeriodicTimer(s_monitorInterval, _host.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(over))
            {
                var (wall, cpu) = _ports.Control?.Deadline ?? (_ports.Wall ?? _spec.Limits.Wall, _spec.Limits.Cpu);
                var elapsed = _host.Time.GetElapsedTime(_start);
                if (elapsed >= wall) Stop(StopReason.Wall);
                if (_group is not null)
                {
                    var usage = ReadUsage();
                    _processors?.Observe(usage.Cpu, elapsed);
                    if (usage.OutOfMemoryKills > 0) Stop(StopReason.Memory);
                    if (usage.Cpu >= cpu) Stop(StopReason.Cpu);
                }
                else
                {
                    Sample(cpu);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The box is gone.
        }
    }

    private Usage ReadUsage()
    {
        if (_group is null) return new(_sampled.Cpu, _sampled.MemoryBytes, 0, 0);
        var usage = _group.Read();
        return usage with { Cpu = usage.Cpu - _setUpCpu };
    }

    private void Favour(bool favoured)
    {
        _group?.Favour(favoured);
        _processors?.Favour(favoured);
    }

    private void Sample(TimeSpan cpu)
    {
        if (Volatile.Read(ref _dead) == 1) return;
        var now = ProcessTree.Measure(_process.Id);
        _sampled = new(
            now.Cpu > _sampled.Cpu ? now.Cpu : _sampled.Cpu, Math.Max(now.MemoryBytes, _sampled.MemoryBytes), Math.Max(now.Processes, _sampled.Processes));
        if (now.MemoryBytes > _spec.Limits.MemoryBytes) Stop(StopReason.Memory);
        if (_sampled.Cpu >= cpu) Stop(StopReason.Cpu);
    }

    private async Task FeedAsync(CancellationToken over)
    {
        // Never wait on this thread: a program that does not read fills the pipe, and the rest must wait there, not here.
        var stdin = _process.StandardInput.BaseStream;
        try
        {
            if (_ports.Stdin.Length > 0) await WriteAsync(_ports.Stdin);
            if (_ports.Input is { } input)
            {
                await foreach (var bytes in input.ReadAllAsync(over)) await WriteAsync(bytes);
                // What the key for "end of input" sends.
                if (_terminal is not null) await WriteAsync("\u0004"u8.ToArray());
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or ChannelClosedException)
        {
            // EPIPE: the program closed its input or ended; what it did not read is of no interest.
        }
        try
        {
            await stdin.DisposeAsync();
        }
        catch (IOException)
        {
            // As above.
        }

        async Task WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            if (_terminal is not null)
            {
                await _terminal.WriteAsync(bytes).WaitAsync(over);
                return;
            }
            await stdin.WriteAsync(bytes, over);
            await stdin.FlushAsync(over);
        }
    }

    private async Task PumpTerminalAsync(Terminal terminal)
    {
        var buffer = new byte[32 << 10];
        var wanted = true;
        int n;
        while ((n = await terminal.ReadAsync(buffer)) > 0)
        {
            if (wanted && !(wanted = await _ports.OnStdout(buffer.AsMemory(0, n)))) Stop(StopReason.Output);
        }
    }

    private static async Task ResizeAsync(Terminal terminal, ChannelReader<TerminalSize> sizes, CancellationToken over)
    {
        try
        {
            await foreach (var size in sizes.ReadAllAsync(over)) terminal.Resize(size);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // The program is gone, or nobody will change the size again.
        }
    }

    private async Task PumpAsync(Stream pipe, Func<ReadOnlyMemory<byte>, ValueTask<bool>> receive, CancellationToken over)
    {
        var buffer = new byte[32 << 10];
        var wanted = true;
        try
        {
            int n;
            // After a limit is broken the pipe is still read, and dropped, until its writers are dead.
            while ((n = await pipe.ReadAsync(buffer, over)) > 0)
            {
                if (!wanted) continue;
                wanted = await receive(buffer.AsMemory(0, n));
                if (!wanted) Stop(StopReason.Output);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The pipe broke or was given up.
        }
    }
}
