using System.Threading.Channels;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions;

/// <summary>Live input on its way to a program: bounded by what the program has not read. Never blocks who types; who types too much is told.</summary>
internal sealed class InputPipe : ChannelReader<RunInput>
{
    private readonly Channel<RunInput> _channel = Channel.CreateUnbounded<RunInput>();
    private readonly Lock _gate = new();
    private int _pending;
    private bool _ended;

    /// <summary>Passes input on; <paramref name="end"/> says that no more will come.</summary>
    public Outcome<bool> Write(ReadOnlyMemory<byte> data, bool end)
    {
        lock (_gate)
        {
            if (_ended)
                return ExecutionErrors.InputEnded;
            if (_pending + data.Length > ExecutionLimits.PendingInput)
                return ExecutionErrors.InputFull;
            _pending += data.Length;
            if (data.Length > 0)
                _channel.Writer.TryWrite(new RunInput(data));
            if (end)
                End();
            return true;
        }
    }

    /// <summary>A new size of the terminal. When sizes come faster than they are read, all but a few are of no interest.</summary>
    public void Resize(RunTerminal size)
    {
        lock (_gate)
        {
            if (!_ended && _channel.Reader.Count < 64)
                _channel.Writer.TryWrite(new RunInput(default, size));
        }
    }

    public void Complete()
    {
        lock (_gate)
            End();
    }

    public override bool TryRead(out RunInput item)
    {
        if (!_channel.Reader.TryRead(out item))
            return false;
        lock (_gate)
            _pending -= item.Data.Length;
        return true;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => _channel.Reader.WaitToReadAsync(cancellationToken);

    public override Task Completion => _channel.Reader.Completion;

    private void End()
    {
        _ended = true;
        _channel.Writer.TryComplete();
    }
}
