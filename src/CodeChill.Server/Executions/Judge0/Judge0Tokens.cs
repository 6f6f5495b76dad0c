using System.Collections.Concurrent;

namespace CodeChill.Server.Executions.Judge0;

/// <summary>The tokens of the runs that are under way, for who submitted one over REST and is told its token.</summary>
internal sealed class Judge0Tokens(TimeProvider clock)
{
    /// <summary>A submission's answer waits no longer than this for a token: a run may wait in our own queue.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<string?>> _byExecution = new();

    /// <summary>The run's token; null when it has none within <see cref="Patience"/>.</summary>
    public async Task<string?> WaitAsync(string executionId, CancellationToken cancel)
    {
        var mine = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var token = _byExecution.GetOrAdd(executionId, mine);
        try
        {
            return await token.Task.WaitAsync(Patience, clock, cancel);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            // A run that is not known here any more, or not yet: nobody else removes what was put there to wait.
            if (token == mine && !mine.Task.IsCompleted)
                _byExecution.TryRemove(new(executionId, mine));
        }
    }

    public void Found(string executionId, string token) => Of(executionId).TrySetResult(token);

    /// <summary>The run is over. Its token stays for who asks a moment later.</summary>
    public void Over(string executionId)
    {
        Of(executionId).TrySetResult(null);
        _ = ForgetAsync(executionId);
    }

    private TaskCompletionSource<string?> Of(string executionId)
        => _byExecution.GetOrAdd(executionId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task ForgetAsync(string executionId)
    {
        await Task.Delay(TimeSpan.FromSeconds(30), clock, CancellationToken.None);
        _byExecution.TryRemove(executionId, out _);
    }
}
