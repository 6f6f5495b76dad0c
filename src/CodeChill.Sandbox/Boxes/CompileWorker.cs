using System.Buffers.Binary;
using System.IO.Pipelines;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>
/// A compiler that waits in a box of its own. After its first job it belongs to that job's owner and compiles for nobody else; without an owner it ends after one job.
/// What it answers is as untrusted as anything that comes out of a box: lengths are checked, bytes stay opaque.
/// </summary>
internal sealed class CompileWorker : IAsyncDisposable
{
    /// <summary>A compiler that has done this many jobs is replaced: whatever it accumulates stays small.</summary>
    private const int MaxJobs = 20;

    private static readonly TimeSpan s_warmUpWall = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_warmUpCpu = TimeSpan.FromSeconds(60);

    private readonly BoxControl _control = new();
    private readonly Pipe _answers = new();
    private readonly System.Threading.Channels.Channel<ReadOnlyMemory<byte>> _jobs = System.Threading.Channels.Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
    private readonly CancellationTokenSource _end = new();
    private readonly Task<BoxOutcome> _box;
    private readonly CompileStep _step;
    private readonly TimeSpan _idle;
    private int _count;
    private int _disposed;

    public CompileWorker(Toolchain toolchain, MemoryFile program, BoxHost host, Slot slot, TimeSpan idle)
    {
        Toolchain = toolchain;
        Slot = slot;
        _idle = idle;
        _step = toolchain.Language.Compile!;
        _control.Allow(s_warmUpWall, s_warmUpCpu, favoured: false);
        var spec = new BoxSpec
        {
            Command = toolchain.Language.Warm!.Command,
            // The control sets what counts; these are for the kernel's per process limits.
            Limits = _step.Limits with { Wall = TimeSpan.FromDays(1), Cpu = s_warmUpCpu + (MaxJobs * _step.Cpu) },
            Files = [new(program, toolchain.Language.Warm.File), .. toolchain.Files],
            Binds = toolchain.Part.Binds,
            Environment = toolchain.Environment(_step.MemoryBytes),
        };
        _box = RunAsync(spec, BoxPorts.None with { Control = _control, Input = _jobs.Reader, OnStdout = WriteAsync }, host);
        Ready = WarmUpAsync();
    }

    public Toolchain Toolchain { get; }

    public Slot Slot { get; }

    /// <summary>Whom it has compiled for; null before its first job.</summary>
    public string? Owner { get; private set; }

    /// <summary>False when the worker did not come up.</summary>
    public Task<bool> Ready { get; }

    public Task Ended => _box;

    public bool IsAlive => !_box.IsCompleted;

    /// <summary>Compiles. When <see cref="WorkerAnswer.Outcome"/> is set the worker has ended instead of answering.</summary>
    public async Task<WorkerAnswer> CompileAsync(byte[] source, string? owner, long maxText, CancellationToken cancel)
    {
        Owner = owner ?? "";
        _count++;
        await using var stopping = cancel.Register(End);
        var cpu = _control.Usage.Cpu;
        _control.Allow(_step.Wall, _step.Cpu, favoured: true);
        var job = new byte[source.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(job, source.Length);
        source.CopyTo(job, 4);
        _jobs.Writer.TryWrite(job);
        try
        {
            var code = await NumberAsync();
            // More than what is kept is read and dropped; much more is a compiler gone wild.
            var text = await BytesAsync(64L << 20);
            var program = await BytesAsync(_step.Limits.FileBytes);
            var used = _control.Usage.Cpu - cpu;
            _control.Allow(_idle, TimeSpan.FromSeconds(5), favoured: false);
            return new(code, text.Length > maxText ? text[..(int)maxText] : text, text.Length > maxText, program, used, null);
        }
        catch (InvalidDataException)
        {
            End();
            return new(0, [], false, [], TimeSpan.Zero, await _box);
        }
    }

    /// <summary>It may compile for the same owner again.</summary>
    public bool IsReusable => IsAlive && Owner is { Length: > 0 } && _count < MaxJobs;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            await Task.WhenAny(_box);
            return;
        }
        _jobs.Writer.TryComplete();
        await _end.CancelAsync();
        try
        {
            await _box;
        }
        catch (IOException)
        {
            // It could not even be started.
        }
        _end.Dispose();
    }

    private async Task<BoxOutcome> RunAsync(BoxSpec spec, BoxPorts ports, BoxHost host)
    {
        try
        {
            return await Box.RunAsync(spec, ports, null, host, Slot, _end.Token);
        }
        finally
        {
            await _answers.Writer.CompleteAsync();
        }
    }

    private void End()
    {
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    private async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes) => !(await _answers.Writer.WriteAsync(bytes)).IsCompleted;

    private async Task<bool> WarmUpAsync()
    {
        try
        {
            if ((await ReadAsync(1))[0] != (byte)'R') return false;
            _control.Allow(_idle, TimeSpan.FromSeconds(5), favoured: false);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private async Task<int> NumberAsync() => BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(4));

    private async Task<byte[]> BytesAsync(long most)
    {
        var length = await NumberAsync();
        return length >= 0 && length <= most ? await ReadAsync(length) : throw new InvalidDataException();
    }

    /// <exception cref="InvalidDataException">The worker ended before.</exception>
    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        var have = 0;
        while (have < count)
        {
            var result = await _answers.Reader.ReadAsync();
            var part = result.Buffer.Length > count - have ? result.Buffer.Slice(0, count - have) : result.Buffer;
            var to = bytes.AsSpan(have);
            foreach (var piece in part)
            {
                piece.Span.CopyTo(to);
                to = to[piece.Length..];
            }
            have += (int)part.Length;
            _answers.Reader.AdvanceTo(part.End);
            if (have < count && result.IsCompleted) throw new InvalidDataException("The compiler ended before it had answered.");
        }
        return bytes;
    }
}

/// <summary>What a worker answered, or (<paramref name="Outcome"/>) how its box ended instead.</summary>
internal sealed record WorkerAnswer(int Code, byte[] Text, bool Truncated, byte[] Program, TimeSpan Cpu, BoxOutcome? Outcome);
