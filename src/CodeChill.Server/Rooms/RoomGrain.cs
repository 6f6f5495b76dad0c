using CodeChill.Server.Auth;
using CodeChill.Server.Chat;
using CodeChill.Server.Documents;
using CodeChill.Server.Executions;
using CodeChill.Server.Platform;
using Orleans.Concurrency;

namespace CodeChill.Server.Rooms;

/// <summary>
/// Theory of operation. One activation of this grain owns a room's live state: members, sockets, the document, who is online. The database
/// owns what must survive. Calls interleave at every await (a call waits for its commit while others go on), so each method does what must
/// be atomic before its first await, or under the membership gate. What sockets see leaves through relays, one per node, numbered per
/// relay: the order in which it is handed over here is the order in which every socket gets it. An edit is shown to peers at once and
/// acknowledged after its commit; if the log says that another owner wrote our place (the fence), this activation gives up, its sockets
/// reconnect, and the room is read again from the log.
/// </summary>
[Reentrant]
internal sealed partial class RoomGrain(
    RoomStore rooms,
    DocumentStore documents,
    UpdateLog log,
    History.HistoryKeeper history,
    ChatStore chat,
    ExecutionDesk executions,
    Passwords passwords,
    PasswordTryStore passwordTries,
    RoomOptions options,
    TimeProvider clock,
    ILogger<RoomGrain> logger) : Grain, IRoomGrain, IDisposable
{
    private readonly Guid _epoch = Guid.NewGuid();
    private readonly SemaphoreSlim _membership = new(1, 1);
    private readonly Dictionary<string, string> _roles = [];
    private RoomRow? _room;
    private Error? _closed;

    private string RoomId => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _room = await rooms.FindAsync(RoomId);
        if (_room is not { IsActive: true })
        {
            // Lives on for a while and says so: an activation that ends while its first call waits answers nothing at all.
            _room = null;
            _closed = RoomErrors.NotFound;
            return;
        }

        foreach (var member in (await rooms.MembersAsync([RoomId]))[RoomId])
            _roles[member.UserId] = member.Role;
        await LoadInterruptedAsync();
        try
        {
            _document = RoomDocument.Restore(await documents.LoadAsync(RoomId, cancellationToken), clock);
            _committedSeq = _document.Seq;
        }
        catch (Exception damage) when (damage is DocumentDamagedException or Text.UpdateFormatException)
        {
            // The room stays closed, and since there is no document here nothing can be written over the stored one.
            logger.LogCritical(damage, "Room {RoomId} cannot be opened", RoomId);
            _closed = DocumentErrors.Damaged;
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_document is null || _fenced)
            return;
        try
        {
            if (await _lastAppend != Commit.Done)
                return;
            await _compaction;
            if (_document.Seq > _document.SnapshotSeq)
                await CompactAsync();
            await documents.CloseAsync(RoomId, _document.Seq);
        }
        catch (Exception failure)
        {
            // Correctness does not depend on this: the log has every edit.
            logger.LogWarning(failure, "Room {RoomId} closed without a snapshot", RoomId);
        }
    }

    public void Dispose()
    {
        _membership.Dispose();
        _chatOrder.Dispose();
        _caseOrder.Dispose();
        _emptyTimer?.Dispose();
        _flushTimer?.Dispose();
        _settleTimer?.Dispose();
    }

    private string? RoleOf(string userId) => _roles.GetValueOrDefault(userId);

    private Error? Authorize(string userId, RoomAction action)
        => _closed ?? (RoomPermissions.Allows(RoleOf(userId), action) ? null : RoomErrors.AccessDenied);
}
