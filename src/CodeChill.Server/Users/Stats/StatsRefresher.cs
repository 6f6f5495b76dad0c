using System.Threading.Channels;

namespace CodeChill.Server.Users.Stats;

/// <summary>
/// Refreshes numbers in the background: of accounts whose handle was just changed, and of those that are due by their row's
/// <c>stats_due_at</c>. The queue is bounded and forgets nothing: what does not fit is still due in the database, and so is what a stopped
/// server had not come to.
/// </summary>
internal sealed class StatsRefresher(StatsService stats, StatsStore store, TimeProvider clock, ILogger<StatsRefresher> log) : BackgroundService
{
    private readonly Channel<string> _waiting = Channel.CreateBounded<string>(StatsLimits.Queue);
    private readonly HashSet<string> _queued = [];

    /// <summary>A profile was changed: what is due of it is fetched soon, and the caller does not wait for it.</summary>
    public void Wake(User user)
    {
        if (user.StatsDueAt <= clock.GetUtcNow())
            Enqueue(user.Id);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        => await Task.WhenAll([FindDueAsync(stoppingToken), .. Enumerable.Range(0, StatsLimits.Workers).Select(_ => WorkAsync(stoppingToken))]);

    private void Enqueue(string userId)
    {
        lock (_queued)
        {
            if (_queued.Add(userId) && !_waiting.Writer.TryWrite(userId))
                _queued.Remove(userId);
        }
    }

    private async Task FindDueAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(StatsLimits.DuePeriod, clock);
        try
        {
            do
            {
                try
                {
                    foreach (var id in await store.ClaimDueAsync(StatsLimits.DueAtOnce, stopping))
                        Enqueue(id);
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    log.LogWarning(failure, "Profiles whose numbers are due could not be found");
                }
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }

    private async Task WorkAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var userId in _waiting.Reader.ReadAllAsync(stopping))
            {
                // Before the look: a handle that changes during it is looked at again.
                lock (_queued)
                    _queued.Remove(userId);
                try
                {
                    await stats.RefreshAsync(userId, StatsLimits.BackgroundPatience, stopping);
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    log.LogWarning(failure, "The numbers of user {UserId} could not be refreshed", userId);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }
}
