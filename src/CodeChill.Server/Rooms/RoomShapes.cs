namespace CodeChill.Server.Rooms;

/// <summary>Rows to the contract's objects.</summary>
internal static class RoomShapes
{
    public static RoomView Room(RoomRow row, IEnumerable<ParticipantRow> members)
    {
        var participants = members.Select(m => m.View()).ToList();
        return new RoomView
        {
            Id = row.Id,
            Name = row.Name,
            Description = row.Description,
            IsPrivate = row.IsPrivate,
            MaxParticipants = row.MaxParticipants,
            CurrentParticipants = participants.Count,
            Language = row.Language,
            IsActive = row.IsActive,
            CreatedBy = row.CreatedBy,
            CreatedAt = row.CreatedAt,
            UpdatedAt = row.UpdatedAt,
            LastActivity = row.LastActivity,
            ContentVersion = row.ContentVersion,
            Participants = participants,
            OwnerName = row.OwnerName,
            OwnerPicture = row.OwnerPicture,
        };
    }

    public static RoomDetailsView Details(RoomRow row, IEnumerable<ParticipantRow> members, string userId)
    {
        var room = Room(row, members);
        var role = room.Participants.FirstOrDefault(p => p.UserId == userId)?.Role;
        return new RoomDetailsView(room) { IsParticipant = role is not null, UserRole = role };
    }

    public static MyRoomView Mine(RoomRow row, IEnumerable<ParticipantRow> members)
        => new(Room(row, members), row.UserRole!) { JoinedAt = row.JoinedAt!.Value };
}
