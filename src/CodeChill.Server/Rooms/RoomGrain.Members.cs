using CodeChill.Server.Auth;
using CodeChill.Server.Executions;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>Membership: who belongs to the room, by what right they came, and the owner's changes.</summary>
internal sealed partial class RoomGrain
{
    private Task<PasswordTries>? _passwordTries;

    public async Task<Outcome<MembershipReply>> JoinAsync(Caller caller, string? password)
    {
        var admitted = await AdmitAsync(caller.UserId, password);
        return admitted.Error is { } error ? error : new MembershipReply(admitted.Value);
    }

    public async Task<Outcome<bool>> LeaveAsync(string userId)
    {
        await _membership.WaitAsync();
        try
        {
            if (_closed is { } closed)
                return closed;
            if (RoleOf(userId) is not { } role)
                return RoomErrors.NotInThisRoom;
            if (role == RoomPermissions.Owner)
                return RoomErrors.OwnerCannotLeave;
            await rooms.RemoveMemberAsync(RoomId, userId);
            _roles.Remove(userId);
            PutOut(userId, null, null);
            return true;
        }
        finally
        {
            _membership.Release();
        }
    }

    public async Task<Outcome<bool>> UpdateAsync(string userId, RoomChanges changes)
    {
        await _membership.WaitAsync();
        try
        {
            if (_closed is { } closed)
                return closed;
            if (!RoomPermissions.Allows(RoleOf(userId), RoomAction.Manage))
                return RoomErrors.OwnerOnly;
            if (changes.MaxParticipants < _roles.Count)
                return RoomErrors.CapacityBelowCurrent;
            var room = _room!;
            await rooms.UpdateAsync(
                RoomId,
                changes.Name ?? room.Name,
                changes.Description ?? room.Description,
                changes.Language ?? room.Language,
                changes.MaxParticipants ?? room.MaxParticipants);
            _room = await rooms.FindAsync(RoomId);
        }
        finally
        {
            _membership.Release();
        }

        if (changes.Language is { } language)
        {
            var filled = await FillIfEmptyAsync(userId, LanguageCatalog.TemplateOf(language));
            if (filled.Error is { } error)
                return error;
            if (_sockets.Count > 0)
                executions.Queue.Prepare(language);
        }

        if (await ViewAsync() is { } view)
            Broadcast("room_updated", new RoomUpdatedEvent(view));
        return true;
    }

    public async Task<Outcome<bool>> DeleteAsync(string userId)
    {
        await _membership.WaitAsync();
        try
        {
            if (_closed is { } closed)
                return closed;
            if (!RoomPermissions.Allows(RoleOf(userId), RoomAction.Delete))
                return RoomErrors.OwnerOnly;
            await rooms.DeleteAsync(RoomId);
            _closed = RoomErrors.NotFound;
            _roles.Clear();
            EndAllWork("room_deleted");
            foreach (var socket in _sockets.Values.ToList())
                Remove(socket, "room_deleted", new RoomDeletedEvent(RoomId, "Room was deleted"), tellSocket: true);
            DeactivateOnIdle();
            return true;
        }
        finally
        {
            _membership.Release();
        }
    }

    public Task ForgetUserAsync(string userId)
    {
        _roles.Remove(userId);
        PutOut(userId, null, null);
        return Task.CompletedTask;
    }

    /// <summary>Makes the user a member when the room's rules let them in. True when they were one already.</summary>
    private async Task<Outcome<bool>> AdmitAsync(string userId, string? password)
    {
        if (_closed is { } closed)
            return closed;
        if (RoleOf(userId) is not null)
            return true;
        if (_room is { IsPrivate: true, CreatedBy: var owner } && owner != userId)
        {
            var tries = await TriesAsync();
            if (tries.WaitFor(userId, clock.GetUtcNow()) is { } wait)
                return RoomErrors.PasswordLocked(wait);
            if (string.IsNullOrEmpty(password))
                return RoomErrors.InvalidPassword;
            // Counted before the slow hash runs, so that a hundred tries at once are not a hundred free tries; and durably, so that a room that
            // is loaded again has not forgotten them.
            tries.Failed(userId, clock.GetUtcNow());
            await passwordTries.AddAsync(RoomId, userId, clock.GetUtcNow());
            var verdict = await passwords.VerifyAsync(_room.PasswordHash, password, CancellationToken.None);
            if (verdict.Error is { } busy)
                return busy;
            if (verdict.Value == PasswordVerdict.Wrong)
                return RoomErrors.InvalidPassword;
            tries.Succeeded(userId);
            await passwordTries.ForgiveAsync(RoomId, userId);
        }

        await _membership.WaitAsync();
        try
        {
            if (_closed is { } closedMeanwhile)
                return closedMeanwhile;
            if (RoleOf(userId) is not null)
                return true;
            if (_roles.Count >= _room!.MaxParticipants)
                return RoomErrors.Full;
            var role = _room.CreatedBy == userId ? RoomPermissions.Owner : RoomPermissions.Participant;
            await rooms.AddMemberAsync(RoomId, userId, role);
            _roles[userId] = role;
            _left.Remove(userId);
            return false;
        }
        finally
        {
            _membership.Release();
        }
    }

    /// <summary>What was counted, read once. A read that failed is made again for the next try.</summary>
    private async Task<PasswordTries> TriesAsync()
    {
        var loading = _passwordTries ??= LoadAsync();
        try
        {
            return await loading;
        }
        catch
        {
            if (_passwordTries == loading)
                _passwordTries = null;
            throw;
        }

        async Task<PasswordTries> LoadAsync() => new(await passwordTries.LoadAsync(RoomId, clock.GetUtcNow()));
    }

    private async Task<RoomView?> ViewAsync() => await rooms.FindAsync(RoomId) is { } row ? RoomShapes.Room(row, (await rooms.MembersAsync([RoomId]))[RoomId]) : null;
}
