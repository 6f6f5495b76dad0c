namespace CodeChill.SocketIO;

/// <summary>The dispatcher: one handler at a time, in order of arrival, on the thread that received the event when nothing is in front.</summary>
public sealed partial class Socket
{
    private Queue<Inbound>? _waiting;

    /// <summary>True from the start: what a client sends before its connection handlers have run waits for them.</summary>
    private bool _busy = true;

    private readonly record struct Inbound(SocketEvent? Event, string? Reason);

    /// <summary>Runs an event now or queues it behind what is running.</summary>
    internal void Dispatch(SocketEvent ev) => Post(new Inbound(ev, null));

    /// <summary>The connection handlers go first, before anything the client sends in answer to its CONNECT.</summary>
    internal void PostConnected() => Pump(default);

    internal void PostEnd(string reason) => Post(new Inbound(null, reason));

    /// <summary>The next item, from a thread of the pool: the caller is in the middle of a handler.</summary>
    internal void ContinueElsewhere() => ThreadPool.UnsafeQueueUserWorkItem(static s => s.Continue(), this, preferLocal: false);

    private void Post(Inbound item)
    {
        lock (_gate)
        {
            if (_busy)
            {
                (_waiting ??= new Queue<Inbound>()).Enqueue(item);
                if (item.Event is not null) Client.InboundAdded();
                return;
            }

            _busy = true;
        }

        Pump(item);
    }

    private void Continue()
    {
        if (TryNext(out var item)) Pump(item);
    }

    private bool TryNext(out Inbound item)
    {
        lock (_gate)
        {
            if (_waiting is null || !_waiting.TryDequeue(out item))
            {
                _busy = false;
                _waiting = null;
                item = default;
                return false;
            }
        }

        if (item.Event is not null) Client.InboundTaken();
        return true;
    }

    private void Pump(Inbound item)
    {
        do
        {
            var task = Run(item);
            if (task.IsCompleted) continue;
            if (item.Event is { } ev)
            {
                if (!ev.BeginWaiting()) continue;
                if (!Client.Io.Options.SequentialHandlers)
                {
                    ev.EndWaiting();
                    continue;
                }
            }

            _ = WaitAsync(task, item.Event);
            return;
        }
        while (TryNext(out item));
    }

    private async Task WaitAsync(Task task, SocketEvent? ev)
    {
        await task.ConfigureAwait(false);
        if (ev is null || ev.EndWaiting()) Continue();
    }

    /// <summary>Never fails: what handlers throw ends here.</summary>
    private Task Run(Inbound item)
    {
        if (item.Event is { } ev)
        {
            // The usual event has one handler that needs no state machine around it.
            if (_any.Length == 0 && _middlewares.Length == 0)
            {
                var handlers = _handlers.Find(ev.Name);
                if (handlers.Length == 0) return Task.CompletedTask;
                if (handlers.Length == 1) return Invoke(handlers[0], ev);
            }

            return RunEventAsync(ev);
        }

        return item.Reason is { } reason ? RunEndAsync(reason) : Namespace.RunConnectionHandlersAsync(this);
    }

    private Task Invoke(Func<SocketEvent, ValueTask> handler, SocketEvent ev)
    {
        try
        {
            var task = handler(ev);
            return task.IsCompletedSuccessfully ? Task.CompletedTask : AwaitAsync(task, ev.Name);
        }
#pragma warning disable CA1031 // The application's code; whatever it throws must not reach another socket.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Client.Server.Log.HandlerFailed(e, ev.Name, Namespace.Name);
            return Task.CompletedTask;
        }
    }

    private async Task AwaitAsync(ValueTask task, string name)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Client.Server.Log.HandlerFailed(e, name, Namespace.Name);
        }
    }

    private async Task RunEventAsync(SocketEvent ev)
    {
        foreach (var any in _any) await Invoke(any, ev).ConfigureAwait(false);
        foreach (var middleware in _middlewares)
        {
            try
            {
                if (!await middleware(ev).ConfigureAwait(false)) return;
            }
#pragma warning disable CA1031 // As above.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Client.Server.Log.HandlerFailed(e, ev.Name, Namespace.Name);
                return;
            }
        }

        foreach (var handler in _handlers.Find(ev.Name)) await Invoke(handler, ev).ConfigureAwait(false);
    }

    private async Task RunEndAsync(string reason)
    {
        foreach (var handler in _disconnectingHandlers) await RunEndHandler(handler, reason, "disconnecting").ConfigureAwait(false);
        foreach (var handler in _disconnectHandlers) await RunEndHandler(handler, reason, "disconnect").ConfigureAwait(false);
    }

    private async Task RunEndHandler(Func<string, ValueTask> handler, string reason, string name)
    {
        try
        {
            await handler(reason).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Client.Server.Log.HandlerFailed(e, name, Namespace.Name);
        }
    }
}
