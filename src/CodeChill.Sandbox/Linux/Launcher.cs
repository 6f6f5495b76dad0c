using System.Collections.Concurrent;
using System.Diagnostics;

namespace CodeChill.Sandbox.Linux;

/// <summary>
/// Starts processes on one thread that lives as long as the runner. bubblewrap's <c>--die-with-parent</c> asks the kernel for a signal when the
/// *thread* that started it ends (prctl(2), PR_SET_PDEATHSIG): started from a pool thread, a box would be killed whenever the pool retires that thread.
/// </summary>
internal sealed class Launcher : IDisposable
{
    private readonly BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Done)> _queue = [];
    private readonly Thread _thread;

    public Launcher()
    {
        _thread = new Thread(Loop) { IsBackground = true, Name = "sandbox launcher" };
        _thread.Start();
    }

    public Task<Process> StartAsync(ProcessStartInfo info)
    {
        var done = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Add((info, done));
        return done.Task;
    }

    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
    }

    private void Loop()
    {
        foreach (var (info, done) in _queue.GetConsumingEnumerable())
        {
            try
            {
                Native.MarkAllCloseOnExec();
                done.SetResult(Process.Start(info)!);
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
            {
                done.SetException(new IOException(e.Message, e));
            }
        }
    }
}
