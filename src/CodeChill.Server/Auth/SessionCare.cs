namespace CodeChill.Server.Auth;

/// <summary>Forgets sessions that are over: from memory each minute, from the database each hour.</summary>
internal sealed class SessionCare(SessionRegistry registry, SessionStore store, TimeProvider clock, ILogger<SessionCare> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private const int PruneEvery = 60;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        try
        {
            for (var round = 1; await timer.WaitForNextTickAsync(stoppingToken); round++)
            {
                registry.Sweep();
                if (round % PruneEvery == 0)
                    await PruneAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task PruneAsync(CancellationToken cancel)
    {
        try
        {
            // A day more than needed: a token used twice is then still recognised as such, and nothing depends on clocks agreeing.
            await store.PruneAsync(TimeSpan.FromDays(1), cancel);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            log.LogWarning("Old sessions could not be removed; the next try is in an hour: {Reason}", failure.Message);
        }
    }
}
