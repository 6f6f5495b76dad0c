using CodeChill.Server.Auth;
using CodeChill.Server.Chat;
using CodeChill.Server.Documents;
using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Cases;
using CodeChill.Server.Executions.Sessions;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>A room: the one owner of its live state, found from any node by its id. Calls by a socket name it; calls over REST name a user.</summary>
internal interface IRoomGrain : IGrainWithStringKey
{
    // Membership.
    Task<Outcome<MembershipReply>> JoinAsync(Caller caller, string? password);
    Task<Outcome<bool>> LeaveAsync(string userId);
    Task<Outcome<bool>> UpdateAsync(string userId, RoomChanges changes);
    Task<Outcome<bool>> DeleteAsync(string userId);
    Task<Outcome<bool>> SetRoleAsync(string actorId, string userId, string role);
    Task<Outcome<bool>> RemoveMemberAsync(string actorId, string userId);

    /// <summary>The account is gone: its sockets are put out, its membership (already ended in the database) is forgotten.</summary>
    Task ForgetUserAsync(string userId);

    /// <summary>Closes the room, as its owner would delete it, when nobody is in and nothing happened since. False when it goes on.</summary>
    Task<bool> ExpireAsync(DateTimeOffset idleSince);

    /// <summary>Lets members go who have not been in since; answers how many.</summary>
    Task<int> DropStaleMembersAsync(DateTimeOffset unseenSince);

    // Sockets.
    Task<Outcome<RoomReply<RoomJoinedEvent>>> AttachAsync(SocketIdentity socket, IRoomRelay relay, string? password);

    /// <summary>Tells a fresh activation of sockets that have been in all along.</summary>
    Task ReattachAsync(IReadOnlyList<ReattachedSocket> sockets, IRoomRelay relay);
    Task<Outcome<RoomReply<bool>>> DetachAsync(string socketId, bool tellSocket);

    /// <summary>
    /// What is in the room now, for a member. A socket that is in gets it as <c>room_state</c>, in order with the room's other events (the
    /// mark says when); for one that is not the mark is empty.
    /// </summary>
    Task<Outcome<RoomReply<RoomStateEvent>>> GetStateAsync(string userId, string socketId);
    Task<Outcome<bool>> MoveCursorAsync(string socketId, JsonText position);

    // Document.
    Task<Outcome<RoomReply<WholeTextReply>>> ChangeTextAsync(string socketId, TextChange change);
    Task<Outcome<RoomReply<DocSyncReply>>> SyncAsync(string socketId, byte[] stateVector);
    Task<Outcome<long>> ApplyUpdateAsync(string socketId, ReadOnlyMemory<byte> update);
    Task<Outcome<bool>> UpdateAwarenessAsync(string socketId, ReadOnlyMemory<byte> update);

    // The plain y-websocket protocol.
    /// <summary>Lets a y-websocket connection in, by the rules of <see cref="AttachAsync"/> without a password.</summary>
    Task<Outcome<RoomReply<bool>>> AttachYjsAsync(SocketIdentity socket, IRoomRelay relay);

    /// <summary>The awareness of all who are in the room.</summary>
    Task<Outcome<byte[]>> GetAwarenessAsync(string socketId);

    // History.
    Task<Outcome<TextAt>> GetTextAsync(string userId, RoomAction action);

    /// <summary>Applies edits that were made for the text of <paramref name="baseVersion"/>; what was typed since stays.</summary>
    Task<Outcome<TextAt>> RestoreAsync(string userId, IReadOnlyList<RestoreEdit> edits, long baseVersion);

    // Chat: all of it passes here, so that the room's sockets hear of it in the order it was stored.
    Task<Outcome<MessageView>> SendMessageAsync(string userId, NewMessage message);
    Task<Outcome<MessageView>> EditMessageAsync(string userId, string messageId, string content);
    Task<Outcome<bool>> DeleteMessageAsync(string userId, string messageId);

    // Executions.
    /// <summary>Queues a run. <paramref name="socketId"/> is told <c>execution_queued</c> before anybody hears that the run started; null over REST.</summary>
    Task<Outcome<RoomReply<ExecutionQueuedEvent>>> ExecuteAsync(string userId, string userName, string? socketId, ExecutionRequest request);
    Task<Outcome<bool>> StopExecutionAsync(string userId, string executionId);

    Task<Outcome<bool>> WriteExecutionAsync(string userId, string userName, string executionId, string data, bool end);

    /// <summary>What a run does, as its runner reports it. False when this activation does not know the run: it is told what went before, then this again.</summary>
    Task<bool> ReportExecutionAsync(ExecutionReport report);

    // Terminals.
    Task<Outcome<string>> StartSessionAsync(string userId, string userName, SessionRequest request);
    Task<Outcome<bool>> WriteSessionAsync(string userId, string sessionId, ReadOnlyMemory<byte> data);
    Task<Outcome<bool>> ResizeSessionAsync(string userId, string sessionId, int columns, int rows);
    Task<Outcome<bool>> StopSessionAsync(string userId, string sessionId);

    /// <summary>What a terminal does; false as with runs.</summary>
    Task<bool> ReportSessionAsync(SessionReport report);

    // Test cases.
    Task<Outcome<CaseView>> SaveCaseAsync(string userId, string? caseId, CaseFields fields);
    Task<Outcome<bool>> DeleteCaseAsync(string userId, string caseId);

    /// <summary>Starts a run of all cases; its id.</summary>
    Task<Outcome<string>> RunCasesAsync(string userId, string userName, ExecutionRequest request);
    Task<Outcome<bool>> StopCasesAsync(string userId, string runId);
    Task ReportCasesAsync(CaseReport report);
}

/// <summary>A value, and the point the caller's relay must have reached before the caller answers.</summary>
[GenerateSerializer, Immutable]
internal sealed record RoomReply<T>([property: Id(0)] T Value, [property: Id(1)] RelayMark Mark);

[GenerateSerializer, Immutable]
internal sealed record MembershipReply([property: Id(0)] bool AlreadyIn);

[GenerateSerializer, Immutable]
internal sealed record RoomChanges(
    [property: Id(0)] string? Name, [property: Id(1)] string? Description, [property: Id(2)] string? Language, [property: Id(3)] int? MaxParticipants);

[GenerateSerializer, Immutable]
internal sealed record ReattachedSocket([property: Id(0)] SocketIdentity Socket, [property: Id(1)] Audience Audience);

/// <summary>A whole-text change: the text, the version it was typed on, and what tells a repeat from a new one.</summary>
[GenerateSerializer, Immutable]
internal sealed record TextChange(
    [property: Id(0)] string Content, [property: Id(1)] long Version, [property: Id(2)] JsonText CursorPosition, [property: Id(3)] string? OperationId);

/// <summary>Either the version that is durable now, or the text to take because the typed-on version is no longer known.</summary>
[GenerateSerializer, Immutable]
internal sealed record WholeTextReply([property: Id(0)] long Version, [property: Id(1)] CodeConflictEvent? Conflict);
