using Microsoft.Win32.SafeHandles;

namespace CodeChill.Sandbox.Linux;

/// <summary>
/// A pseudo terminal: the program has one end, this process the other. A read of this process's end blocks until there is output or every holder of the program's end is
/// gone; this process holds that end itself until the program is dead, so that a program that never starts cannot leave the read blocked for ever.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private readonly SafeFileHandle _master, _slave;

    public Terminal(TerminalSize size)
    {
        (var master, var slave, SlavePath) = Native.CreateTerminal();
        _master = new(master, ownsHandle: true);
        _slave = new(slave, ownsHandle: true);
        Resize(size);
    }

    public string SlavePath { get; }

    /// <summary>A child that is another user must be able to open its end.</summary>
    public void GiveTo(int user) => Native.GiveTo((int)_slave.DangerousGetHandle(), user);

    public void Resize(TerminalSize size) => Native.SetTerminalSize((int)_master.DangerousGetHandle(), size.Columns, size.Rows);

    /// <summary>Reading and writing block, so each gets a thread while it lasts; there is one terminal per interactive session, not one per run.</summary>
    public Task<int> ReadAsync(byte[] buffer) => Task.Factory.StartNew(() => With(fd => Native.ReadTerminal(fd, buffer)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public Task WriteAsync(ReadOnlyMemory<byte> bytes) =>
        Task.Factory.StartNew(
            () => With(fd =>
            {
                Native.WriteTerminal(fd, bytes.Span);
                return 0;
            }),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The program is dead: what it wrote can still be read, then reading ends.</summary>
    public void CloseProgramEnd() => _slave.Dispose();

    public void Dispose()
    {
        _slave.Dispose();
        _master.Dispose();
    }

    /// <summary>Keeps the descriptor from being closed, and its number from being used again, while a call is in the kernel.</summary>
    private int With(Func<int, int> call)
    {
        var held = false;
        try
        {
            _master.DangerousAddRef(ref held);
            return call((int)_master.DangerousGetHandle());
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
        finally
        {
            if (held) _master.DangerousRelease();
        }
    }
}
