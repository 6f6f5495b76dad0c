using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace CodeChill.Sandbox.Linux;

/// <summary>A process that waits for its arguments on a pipe.</summary>
/// <param name="Files">The descriptors it has for the files given.</param>
/// <param name="Arguments">The pipe's other end.</param>
/// <param name="Gate">The other end of a socket it has, when one was asked for.</param>
internal sealed record Started(Process Process, IReadOnlyList<int> Files, SafeFileHandle Arguments, SafeFileHandle? Gate = null);

/// <summary>
/// Starts processes on one thread that lives as long as the runner. bubblewrap's <c>--die-with-parent</c> asks the kernel for a signal when the
/// *thread* that started it ends (prctl(2), PR_SET_PDEATHSIG): started from a pool thread, a box would be killed whenever the pool retires that thread.
/// <para>
/// A box is bubblewrap itself, with nothing before it in the same process: each further program in such a chain (a shell to open descriptors, others to change user and
/// limits) costs as much processor time as a third of bubblewrap. .NET can neither pass descriptors nor another user to a child. So this thread opens the descriptors
/// without the close-on-exec flag for the moment of the start, and takes on the child's user for that moment: the kernel keeps credentials per thread, and a child, once it has
/// called exec, has no way back. Limits, group and arguments follow while the child waits for the end of its arguments.
/// </para>
/// </summary>
internal sealed class Launcher : IDisposable
{
    /// <summary>One start at a time in the whole process: a second launcher's child would get the first one's descriptors.</summary>
    private static readonly Lock s_gate = new();

    private readonly BlockingCollection<(Func<Started> Start, TaskCompletionSource<Started> Done)> _queue = [];
    private readonly Thread _thread;

    public Launcher()
    {
        _thread = new Thread(Loop) { IsBackground = true, Name = "sandbox launcher" };
        _thread.Start();
    }

    /// <summary>Starts a process that has nothing to do with boxes.</summary>
    public async Task<Process> StartAsync(ProcessStartInfo info)
    {
        var started = await QueueAsync(() =>
        {
            Native.MarkAllCloseOnExec();
            return new(Process.Start(info)!, [], new SafeFileHandle());
        });
        return started.Process;
    }

    /// <summary>Starts a process that inherits files and takes its arguments from a pipe.</summary>
    /// <param name="info">Makes the command line, given the descriptors of that pipe and of the socket.</param>
    /// <param name="files">What it inherits, from the beginning of each file.</param>
    /// <param name="user">Runs as this user and group, without further groups; null: as this process.</param>
    /// <param name="limits">Set on it before it does anything.</param>
    /// <param name="gate">It inherits one end of a pair of sockets as well.</param>
    public Task<Started> StartAsync(
        Func<int, int?, ProcessStartInfo> info,
        IReadOnlyList<(MemoryFile File, bool Append)> files,
        int? user,
        IReadOnlyList<(Native.Resource Resource, long Value)> limits,
        bool gate) => QueueAsync(() =>
    {
        Native.MarkAllCloseOnExec();
        var inherited = new List<int>();
        SafeFileHandle? write = null, own = null;
        int? socket = null;
        try
        {
            (var read, write) = Native.CreatePipe();
            inherited.Add(read);
            if (gate)
            {
                (var theirs, own) = Native.CreateSocketPair();
                inherited.Add(theirs);
                socket = theirs;
            }
            var first = inherited.Count;
            foreach (var (file, append) in files) inherited.Add(file.OpenInherited(append));
            // The limits, too, as the child's user: even root may be forbidden to set those of others (CAP_SYS_RESOURCE), but everybody may lower his own.
            var process = user is { } id ? Native.As(id, () => Start(info(read, socket))) : Start(info(read, socket));
            (var given, var gateEnd) = (write, own);
            (write, own) = (null, null);
            return new(process, inherited[first..], given, gateEnd);
        }
        finally
        {
            write?.Dispose();
            own?.Dispose();
            foreach (var fd in inherited) Native.Close(fd);
        }

        Process Start(ProcessStartInfo line)
        {
            var process = Process.Start(line)!;
            try
            {
                foreach (var (resource, value) in limits) Native.Limit(process.Id, resource, value);
                return process;
            }
            catch
            {
                process.Kill();
                process.Dispose();
                throw;
            }
        }
    });

    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
    }

    private Task<Started> QueueAsync(Func<Started> start)
    {
        var done = new TaskCompletionSource<Started>(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Add((start, done));
        return done.Task;
    }

    private void Loop()
    {
        foreach (var (start, done) in _queue.GetConsumingEnumerable())
        {
            try
            {
                lock (s_gate) done.SetResult(start());
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
            {
                done.SetException(new IOException(e.Message, e));
            }
        }
    }
}
