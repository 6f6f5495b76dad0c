using CodeChill.Server.Platform;

namespace CodeChill.Server.Operations;

/// <summary>
/// Theory of operation. Every so often, in small transactions between everybody else's: rooms where nothing happens are closed and members
/// who do not come are let go (both by the room's grain, which knows who is in); accounts of guests who cannot come back are deleted; what
/// was deleted long enough ago is removed for good; and what is older than its retention goes. Every step is safe to repeat and to be
/// interrupted, and one that fails does not keep the others from their turn. Several nodes may do it at once: the rows decide.
/// </summary>
internal sealed class Housekeeping(
    HousekeepingOptions options,
    HousekeepingStore store,
    IEnumerable<RetentionTask> retention,
    Caretakers caretakers,
    TimeProvider clock,
    ILogger<Housekeeping> log) : BackgroundService
{
    private const int Batch = 500;

    /// <summary>One round, now.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        await StepAsync("idle rooms", options.RoomIdle, async before =>
            await EachAsync(await store.IdleRoomsAsync(before, cancel), roomId => caretakers.ExpireRoomAsync(roomId, before), cancel));
        await StepAsync("stale members", options.MemberIdle, async before =>
        {
            var removed = 0;
            foreach (var roomId in await store.RoomsWithStaleMembersAsync(before, cancel))
                removed += await caretakers.DropStaleMembersAsync(roomId, before);
            return removed;
        });
        await StepAsync("lost guests", options.GuestIdle, async before =>
            await EachAsync(await store.LostGuestsAsync(before, cancel), userId => caretakers.DeleteAccountAsync(userId, cancel), cancel));
        await StepAsync("deleted accounts", options.AccountPurge, async before =>
            await EachAsync(await store.DeletedAccountsAsync(before, cancel), userId => PurgeAccountAsync(userId, cancel), cancel));
        await StepAsync("deleted rooms", options.RoomPurge, async before =>
            await EachAsync(await store.DeletedRoomsAsync(before, cancel), roomId => store.PurgeRoomAsync(roomId, cancel), cancel));
        foreach (var task in retention)
        {
            await StepAsync(task.Name, options.Retention.GetValueOrDefault(task.Name), async before =>
            {
                var removed = 0;
                for (int count; (count = await task.Prune(before, Batch, cancel)) > 0 && !cancel.IsCancellationRequested;)
                    removed += count;
                return removed;
            });
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Every is not { } period)
            return;
        try
        {
            await Task.Delay(options.FirstAfter, clock, stoppingToken);
            using var timer = new PeriodicTimer(period, clock);
            do
                await RunAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Rooms that hold nothing but this user's work go with the account, whatever the rooms' own time is.</summary>
    private async Task<bool> PurgeAccountAsync(string userId, CancellationToken cancel)
    {
        foreach (var roomId in await store.RoomsOfNobodyElseAsync(userId, cancel))
        {
            await caretakers.ExpireRoomAsync(roomId, DateTimeOffset.MaxValue);
            await store.PurgeRoomAsync(roomId, cancel);
        }

        return await store.PurgeAccountAsync(userId, cancel);
    }

    private static async Task<int> EachAsync(List<string> ids, Func<string, Task<bool>> remove, CancellationToken cancel)
    {
        var removed = 0;
        foreach (var id in ids.TakeWhile(_ => !cancel.IsCancellationRequested))
            removed += await remove(id) ? 1 : 0;
        return removed;
    }

    private async Task StepAsync(string name, TimeSpan? age, Func<DateTimeOffset, Task<int>> step)
    {
        if (age is not { } old)
            return;
        try
        {
            var removed = await step(clock.GetUtcNow() - old);
            if (removed == 0)
                return;
            Instruments.Removed(name, removed);
            log.LogInformation("Housekeeping: {Count} {Task} older than {Days} days", removed, name, old.TotalDays);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            log.LogWarning(failure, "Housekeeping of {Task} failed; the next round tries again", name);
        }
    }
}
