namespace CodeChill.Server.Executions.Sessions;

/// <summary>So many a second, after a burst of one second's worth: who is faster waits.</summary>
internal sealed class Pace(double perSecond, TimeProvider clock)
{
    private double _spent;
    private long _at = clock.GetTimestamp();

    public async Task SpendAsync(int amount, CancellationToken cancel)
    {
        var now = clock.GetTimestamp();
        _spent = Math.Max(0, _spent - (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond)) + amount;
        _at = now;
        if (_spent > perSecond)
            await Task.Delay(TimeSpan.FromSeconds((_spent / perSecond) - 1), clock, cancel);
    }
}
