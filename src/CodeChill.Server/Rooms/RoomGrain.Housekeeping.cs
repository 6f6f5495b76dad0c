namespace CodeChill.Server.Rooms;

/// <summary>What goes when nobody needs it any more. Only the grain knows who is in the room now.</summary>
internal sealed partial class RoomGrain
{
    public async Task<bool> ExpireAsync(DateTimeOffset idleSince)
    {
        await _membership.WaitAsync();
        try
        {
            if (_closed is not null || _sockets.Count > 0 || await rooms.FindAsync(RoomId) is not { IsActive: true } room || room.LastActivity >= idleSince)
                return false;
            await rooms.DeleteAsync(RoomId);
            _closed = RoomErrors.NotFound;
            _roles.Clear();
            DeactivateOnIdle();
            return true;
        }
        finally
        {
            _membership.Release();
        }
    }

    public async Task<int> DropStaleMembersAsync(DateTimeOffset unseenSince)
    {
        await _membership.WaitAsync();
        try
        {
            if (_closed is not null)
                return 0;
            // last_seen is written when a member leaves: who is in has an old one, and stays.
            var stale = (await rooms.MembersAsync([RoomId]))[RoomId]
                .Where(member => member.Role != RoomPermissions.Owner && member.LastSeen < unseenSince && !IsOnline(member.UserId)).ToList();
            foreach (var member in stale)
            {
                await rooms.RemoveMemberAsync(RoomId, member.UserId);
                _roles.Remove(member.UserId);
                // Came in while the row was written.
                PutOut(member.UserId, null, null);
            }

            return stale.Count;
        }
        finally
        {
            _membership.Release();
        }
    }
}
