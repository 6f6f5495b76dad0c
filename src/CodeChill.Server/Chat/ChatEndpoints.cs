using CodeChill.Server.Auth;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;

namespace CodeChill.Server.Chat;

/// <summary>The <c>/api/chat</c> routes. What changes anything goes through the room's grain, so that its sockets hear of it.</summary>
internal static class ChatEndpoints
{
    private sealed class MessageBody
    {
        public string? Content { get; init; }
        public string? MessageType { get; init; }
        public string? ReplyTo { get; init; }
    }

    public static void MapChat(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/chat").RequireCaller();
        group.MapGet("/room/{id}/messages", ListAsync);
        group.MapPost("/room/{id}/messages", SendAsync);
        group.MapGet("/room/{id}/search", SearchAsync);
        group.MapPut("/messages/{id}", EditAsync);
        group.MapDelete("/messages/{id}", DeleteAsync);
    }

    private static async Task<IResult> ListAsync(string id, HttpContext http, RoomStore rooms, ChatStore chat)
    {
        var (roomId, refused) = await rooms.AdmitAsync(id, http, RoomAction.Read);
        if (refused is not null)
            return Replies.From(refused);
        var page = PageRequest.From(http, ChatLimits.PerPage, ChatLimits.MaxPerPage);
        var (messages, total) = await chat.ListAsync(roomId, page);
        return Replies.Ok(new { messages, pagination = page.Describe(total) });
    }

    private static async Task<IResult> SearchAsync(string id, HttpContext http, RoomStore rooms, ChatStore chat)
    {
        var (roomId, refused) = await rooms.AdmitAsync(id, http, RoomAction.Read);
        if (refused is not null)
            return Replies.From(refused);
        var query = http.Request.Query["q"].ToString().Trim();
        if (query.Length < ChatLimits.SearchMin)
            return Replies.From(ChatErrors.QueryTooShort);
        var page = PageRequest.From(http, ChatLimits.PerPage, ChatLimits.MaxPerPage);
        var (messages, total) = await chat.SearchAsync(roomId, query, page);
        return Replies.Ok(new { messages, query, pagination = page.Describe(total) });
    }

    private static async Task<IResult> SendAsync(string id, HttpContext http, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } roomId)
            return Replies.From(RoomErrors.NotFound);
        var read = await Replies.ReadAsync<MessageBody>(http);
        var message = read.Error is { } unreadable ? unreadable : ChatRules.Check(read.Value!.Content, read.Value.MessageType, read.Value.ReplyTo);
        if (message.Error is { } invalid)
            return Replies.From(invalid);
        var sent = await grains.GetGrain<IRoomGrain>(roomId).SendMessageAsync(http.Caller().UserId, message.Value!);
        return Replies.Ok(sent, data => new { message = "Message sent successfully", data }, 201);
    }

    private static async Task<IResult> EditAsync(string id, HttpContext http, ChatStore chat, IGrainFactory grains)
    {
        var read = await Replies.ReadAsync<MessageBody>(http);
        var content = read.Error is { } unreadable ? unreadable : ChatRules.Check(read.Value!.Content);
        if (content.Error is { } invalid)
            return Replies.From(invalid);
        if (Ids.Canonical(id) is not { } messageId || await chat.FindAsync(messageId) is not { } message)
            return Replies.From(ChatErrors.NotFound);
        var edited = await grains.GetGrain<IRoomGrain>(message.RoomId).EditMessageAsync(http.Caller().UserId, messageId, content.Value!);
        return Replies.Ok(edited, data => new { message = "Message updated successfully", data });
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext http, ChatStore chat, IGrainFactory grains)
    {
        if (Ids.Canonical(id) is not { } messageId || await chat.FindAsync(messageId) is not { } message)
            return Replies.From(ChatErrors.NotFound);
        var deleted = await grains.GetGrain<IRoomGrain>(message.RoomId).DeleteMessageAsync(http.Caller().UserId, messageId);
        return Replies.Ok(deleted, _ => new { message = "Message deleted successfully" });
    }
}
