using CodeChill.Server.Auth;
using CodeChill.Server.Rooms;

namespace CodeChill.Server.Operations;

/// <summary>What housekeeping asks of others: of a room's grain, because only it knows who is in the room now, and of the accounts, because they end sessions.</summary>
internal sealed record Caretakers(
    Func<string, DateTimeOffset, Task<bool>> ExpireRoomAsync,
    Func<string, DateTimeOffset, Task<int>> DropStaleMembersAsync,
    Func<string, CancellationToken, Task<bool>> DeleteAccountAsync)
{
    public static Caretakers From(IServiceProvider services)
    {
        var (grains, accounts) = (services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<Accounts>());
        return new(
            (roomId, idleSince) => grains.GetGrain<IRoomGrain>(roomId).ExpireAsync(idleSince),
            (roomId, unseenSince) => grains.GetGrain<IRoomGrain>(roomId).DropStaleMembersAsync(unseenSince),
            accounts.DeleteAsync);
    }
}
