using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.SocketIO;

namespace CodeChill.Server.Chat;

/// <summary>Chat over the socket.</summary>
internal sealed class ChatEvents(SocketEvents events)
{
    private sealed record SendMessage(string? Content, string? Type, string? MessageType, string? ReplyTo);

    public void Register(Socket socket) => events.On(socket, "send_message", SendAsync);

    private async Task SendAsync(SocketEvent e, SocketSession session)
    {
        if (session.Room is null)
        {
            e.Fail(RoomErrors.NotInRoom);
            return;
        }

        SendMessage? request = null;
        try
        {
            request = e.Count > 0 ? e.Get<SendMessage>(0) : null;
        }
        catch (SocketIOArgumentException)
        {
            // Answered below in the contract's words.
        }

        var message = ChatRules.Check(request?.Content, request?.Type ?? request?.MessageType, request?.ReplyTo);
        if (message.Error is { } invalid)
        {
            e.Fail(invalid);
            return;
        }

        var call = events.CallAsync(e, session, room => room.SendMessageAsync(session.Caller.UserId, message.Value!));
        e.Release();
        var sent = await call;
        if (sent.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true, message = sent.Value });
    }
}
