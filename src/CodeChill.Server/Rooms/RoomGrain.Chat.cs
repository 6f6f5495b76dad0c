using CodeChill.Server.Chat;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>Chat: stored first, then told; in the same order.</summary>
internal sealed partial class RoomGrain
{
    private readonly SemaphoreSlim _chatOrder = new(1, 1);

    public async Task<Outcome<MessageView>> SendMessageAsync(string userId, NewMessage message)
    {
        await _chatOrder.WaitAsync();
        try
        {
            if (Authorize(userId, RoomAction.Chat) is { } denied)
                return denied;
            var added = await chat.AddAsync(RoomId, userId, message);
            if (added.Value is { } stored)
                Broadcast("new_message", stored);
            return added;
        }
        finally
        {
            _chatOrder.Release();
        }
    }

    public async Task<Outcome<MessageView>> EditMessageAsync(string userId, string messageId, string content)
    {
        await _chatOrder.WaitAsync();
        try
        {
            if (Authorize(userId, RoomAction.Chat) is { } denied)
                return denied;
            if (await chat.FindAsync(messageId) is not { } message || message.RoomId != RoomId)
                return ChatErrors.NotFound;
            if (message.UserId != userId)
                return ChatErrors.NotAuthor;
            await chat.EditAsync(messageId, content);
            var edited = (await chat.FindAsync(messageId))!;
            Broadcast("message_updated", edited);
            return edited;
        }
        finally
        {
            _chatOrder.Release();
        }
    }

    public async Task<Outcome<bool>> DeleteMessageAsync(string userId, string messageId)
    {
        await _chatOrder.WaitAsync();
        try
        {
            if (Authorize(userId, RoomAction.Chat) is { } denied)
                return denied;
            if (await chat.FindAsync(messageId) is not { } message || message.RoomId != RoomId)
                return ChatErrors.NotFound;
            if (message.UserId != userId && !RoomPermissions.Allows(RoleOf(userId), RoomAction.ModerateChat))
                return ChatErrors.NotAllowed;
            await chat.DeleteAsync(messageId);
            Broadcast("message_deleted", new MessageDeletedEvent(messageId, messageId, RoomId, ChatLimits.DeletedContent));
            return true;
        }
        finally
        {
            _chatOrder.Release();
        }
    }
}
