using CodeChill.Server.Documents;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>The edit path: authorise, integrate, hand to the log, show to peers, acknowledge after the commit.</summary>
internal sealed partial class RoomGrain
{
    private static readonly TimeSpan SettleAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SettleAtLeastEvery = TimeSpan.FromSeconds(30);

    private const string YjsKind = "yjs";

    private readonly AwarenessBook _awareness = new();
    private RoomDocument? _document;
    private Task<Commit> _lastAppend = Task.FromResult(Commit.Done);
    private Task _compaction = Task.CompletedTask;
    private Task _heldBack = Task.CompletedTask;
    private Task? _opening;
    private long _committedSeq;
    private bool _fenced;

    private long _lastFlush;
    private long _lastEdit;
    private IGrainTimer? _flushTimer;
    private IGrainTimer? _settleTimer;
    private string? _lastAuthor;
    private JsonText _lastCursor;

    public async Task<Outcome<RoomReply<WholeTextReply>>> ChangeTextAsync(string socketId, TextChange change)
    {
        if (Writer(socketId, change.Content.Length) is { Error: { } refused })
            return refused;
        var socket = _sockets[socketId];
        var operation = change.OperationId is { } id ? $"{socket.Identity.UserId}:{id}" : null;
        var version = _document!.FindOperation(operation);
        if (version is not null)
        {
            // A repeat, from a client that never saw the answer: what it holds now is anybody's guess.
            if (_document.Text != change.Content)
            {
                socket.Replica.Sent(_document.Version);
                Tell(socket, "code_updated", CodeUpdated());
            }
        }
        else
        {
            var applied = _document.ApplyWholeText(socket.Replica, change.Content, change.Version, operation);
            if (applied.Error == DocumentErrors.Conflict)
            {
                socket.Replica.Sent(_document.Version);
                var conflict = new CodeConflictEvent(_document.Text, _document.Version);
                Tell(socket, "code_conflict", conflict);
                return new RoomReply<WholeTextReply>(new WholeTextReply(_document.Version, conflict), Mark(socket));
            }

            if (applied.Error is { } error)
                return error;
            socket.Cursor = change.CursorPosition.Text is null ? socket.Cursor : change.CursorPosition;
            var (edit, asTyped) = applied.Value;
            version = edit.Version;
            if (edit.Changed)
                Accept(edit, socket.Identity.UserId, socketId, "whole-text", operation, change.CursorPosition);
            if (!asTyped)
            {
                // The sender's own text lacks what others typed meanwhile: it gets the merged one before its acknowledgement.
                socket.Replica.Sent(_document.Version);
                Tell(socket, "code_updated", CodeUpdated());
            }
        }

        if (await DurableAsync() is { } lost)
            return lost;
        Tell(socket, "code_change_ack", new CodeChangeAckEvent(version.Value, true));
        return new RoomReply<WholeTextReply>(new WholeTextReply(version.Value, null), Mark(socket));
    }

    public async Task<Outcome<long>> ApplyUpdateAsync(string socketId, ReadOnlyMemory<byte> update)
    {
        if (Writer(socketId, update.Length) is { Error: { } refused })
            return refused;
        var applied = _document!.ApplyUpdate(update);
        if (applied.Error is { } error)
            return error;
        if (applied.Value.Changed)
            Accept(applied.Value, _sockets[socketId].Identity.UserId, socketId, YjsKind, null, JsonText.Null);
        return await DurableAsync() is { } lost ? lost : applied.Value.Version;
    }

    public async Task<Outcome<RoomReply<DocSyncReply>>> SyncAsync(string socketId, byte[] stateVector)
    {
        // A newcomer's replica must not hold what is held back from the others.
        for (var tries = 0; !_heldBack.IsCompleted && tries < 100; tries++)
            await _heldBack;
        return Sync(socketId, stateVector);
    }

    public Task<Outcome<bool>> UpdateAwarenessAsync(string socketId, ReadOnlyMemory<byte> update)
    {
        if (!_sockets.TryGetValue(socketId, out var socket))
            return Task.FromResult<Outcome<bool>>(RoomErrors.NotInRoom);
        if (_awareness.Apply(socketId, socket.Identity.UserId, update, out var news) is { } error)
            return Task.FromResult<Outcome<bool>>(error);
        if (!news.IsEmpty)
            Broadcast("awareness_update", new AwarenessUpdateEvent(news, socket.Identity.UserId) { Source = socketId }, Audience.Yjs, [socketId], isVolatile: true);
        return Task.FromResult<Outcome<bool>>(true);
    }

    private Outcome<RoomReply<DocSyncReply>> Sync(string socketId, byte[] stateVector)
    {
        if (!_sockets.TryGetValue(socketId, out var socket))
            return RoomErrors.NotInRoom;
        if (_document is null)
            return DocumentErrors.Damaged;
        var missing = _document.EncodeMissing(stateVector);
        if (missing.Error is { } error)
            return error;
        if (socket.Audience != Audience.Yjs)
        {
            BecomeYjs(socket);
            socket.Relay.Relay.DeliverAsync(_epoch, new SocketSynced { Seq = ++socket.Relay.Seq, SocketId = socketId }).Ignore();
        }

        return new RoomReply<DocSyncReply>(
            new DocSyncReply(missing.Value!, _document.EncodeStateVector(), _document.Version, _awareness.Encode()), Mark(socket));
    }

    private static void BecomeYjs(RoomSocket socket)
    {
        socket.Audience = Audience.Yjs;
        socket.Relay.YjsSockets++;
    }

    private void RemoveAwareness(RoomSocket socket)
    {
        if (_awareness.Remove(socket.Identity.SocketId) is { } gone)
            Broadcast("awareness_update", new AwarenessUpdateEvent(gone, socket.Identity.UserId) { Source = socket.Identity.SocketId }, Audience.Yjs);
    }

    /// <summary>May this socket write so many bytes now?</summary>
    private Outcome<bool> Writer(string socketId, int bytes)
    {
        if (!_sockets.TryGetValue(socketId, out var socket))
            return RoomErrors.NotInRoom;
        if (Authorize(socket.Identity.UserId, RoomAction.Write) is { } denied)
            return denied;
        return Room(bytes) is { } full ? full : true;
    }

    /// <summary>Is there room for so many bytes in the log?</summary>
    private Error? Room(int bytes)
    {
        if (_fenced)
            return DocumentErrors.NotSaved;
        // Refused before it is in the document: an edit that can't be logged must not become part of what others build on.
        return log.BacklogBytes + bytes > UpdateLog.MaxBacklogBytes || _document!.Seq - _committedSeq >= DocumentLimits.UncommittedEdits
            ? DocumentErrors.ReadOnly
            : null;
    }

    /// <summary>
    /// Before versions are given out, the room is marked open in the database: should this process die, the next owner skips them. Once an
    /// activation, when the first socket comes.
    /// </summary>
    private Task OpenAsync()
    {
        if (_opening is { IsFaulted: false, IsCanceled: false })
            return _opening;
        return _opening = documents.OpenAsync(RoomId, _document!.VersionLimit);
    }

    private async Task<Commit> Track(long seq, Task<Commit> append)
    {
        var commit = await append;
        if (commit == Commit.Done)
            _committedSeq = Math.Max(_committedSeq, seq);
        return commit;
    }

    /// <summary>The edit is in the document: on to the log, the peers, and the clock that compacts.</summary>
    private void Accept(Accepted edit, string? author, string? authorSocket, string clientKind, string? operationId, JsonText cursor)
    {
        _lastAuthor = author;
        _lastCursor = cursor;
        _lastAppend = Track(edit.Seq, log.Append(
            new LogEntry(RoomId, edit.Seq, edit.Version, _lastAuthor, clientKind, operationId, clock.GetUtcNow(), edit.Update)));
        var shown = new DocUpdateEvent(edit.Shown, _lastAuthor, edit.Version);
        IReadOnlyList<string>? except = authorSocket is null ? null : [authorSocket];
        // An edit that its author repeats until it is acknowledged must be shown to replicas only when it is durable: after a crash they
        // would bring it back, and so would the author. What may build on it waits behind it.
        if (operationId is not null || (clientKind != YjsKind && !_heldBack.IsCompleted))
            _heldBack = ShowWhenDurableAsync(_heldBack, _lastAppend, shown, except);
        else
            Broadcast("doc_update", shown, Audience.Yjs, except);
        FlushWholeText();
        Settle();
        if (edit.Seq - _document!.SnapshotSeq >= options.SnapshotEvery && _compaction.IsCompleted)
            _compaction = CompactGuardedAsync();
    }

    private async Task ShowWhenDurableAsync(Task earlier, Task<Commit> append, DocUpdateEvent shown, IReadOnlyList<string>? except)
    {
        await earlier;
        if (await append == Commit.Done)
            Broadcast("doc_update", shown, Audience.Yjs, except);
    }

    private async Task<Outcome<bool>> FillIfEmptyAsync(string userId, string template)
    {
        if (_document is not null)
            await OpenAsync();
        if (_document?.FillIfEmpty(template) is { } filled)
        {
            Accept(filled, userId, null, "template", null, JsonText.Null);
            if (await DurableAsync() is { } lost)
                return lost;
        }

        return true;
    }

    /// <summary>Waits for the last edit's commit; edits of a room commit in order, so all before it are durable too.</summary>
    private async Task<Error?> DurableAsync()
    {
        switch (await _lastAppend)
        {
            case Commit.Done:
                return null;
            case Commit.Fenced:
                GiveUp("another owner of the room wrote the log");
                return DocumentErrors.NotSaved;
            default:
                GiveUp("the log takes no more");
                return DocumentErrors.ReadOnly;
        }
    }

    /// <summary>
    /// This activation's document has an edit that the log does not. It stops; its sockets are cut so that their clients come back, join the
    /// room as it is stored, and bring what they still hold.
    /// </summary>
    private void GiveUp(string why)
    {
        if (_fenced)
            return;
        _fenced = true;
        logger.LogWarning("Room {RoomId} is reloaded from its log: {Why}", RoomId, why);
        Broadcast(RoomRelay.CutEvent, new RoomLeftEvent(RoomId));
        DeactivateOnIdle();
    }

    private CodeUpdatedEvent CodeUpdated() => new(_document!.Text, _document.Version, _lastAuthor, _lastCursor);

    /// <summary>Sends the text to the whole-text clients that don't hold it: at once when the last time is long enough ago, else when it is.</summary>
    private void FlushWholeText()
    {
        if (_flushTimer is not null)
            return;
        var wait = RoomLimits.WholeTextInterval - clock.GetElapsedTime(_lastFlush);
        if (_lastFlush == 0 || wait <= TimeSpan.Zero)
        {
            SendWholeText();
            return;
        }

        _flushTimer = this.RegisterGrainTimer(
            _ =>
            {
                _flushTimer?.Dispose();
                _flushTimer = null;
                SendWholeText();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(wait, Timeout.InfiniteTimeSpan) { Interleave = true });
    }

    private void SendWholeText()
    {
        var version = _document!.Version;
        List<string>? holders = null;
        var any = false;
        foreach (var socket in _sockets.Values)
        {
            if (socket.Audience != Audience.WholeText)
                continue;
            if (socket.Replica.Held >= version)
            {
                (holders ??= []).Add(socket.Identity.SocketId);
                continue;
            }

            any = true;
            socket.Replica.Sent(version);
            socket.Replica.Forget(_document.OldestKnown);
        }

        if (!any)
            return;
        _lastFlush = clock.GetTimestamp();
        Broadcast("code_updated", CodeUpdated(), Audience.WholeText, holders);
    }

    /// <summary>When typing pauses, and at least every so often, the database's plain text follows: for those who read rooms by SQL.</summary>
    private void Settle()
    {
        _lastEdit = clock.GetTimestamp();
        if (_settleTimer is not null)
            return;
        var armed = _lastEdit;
        _settleTimer = this.RegisterGrainTimer(
            async _ =>
            {
                if (clock.GetElapsedTime(_lastEdit) < SettleAfter && clock.GetElapsedTime(armed) < SettleAtLeastEvery)
                    return;
                _settleTimer?.Dispose();
                _settleTimer = null;
                var text = _document!.Text;
                try
                {
                    if (!_fenced && await _lastAppend == Commit.Done)
                        await documents.SaveTextAsync(RoomId, text);
                }
                catch (Exception failure)
                {
                    logger.LogDebug(failure, "current_content of {RoomId} not written", RoomId);
                }
            },
            new GrainTimerCreationOptions(SettleAfter, SettleAfter) { Interleave = true });
    }

    private async Task CompactGuardedAsync()
    {
        try
        {
            await CompactAsync();
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "Room {RoomId} was not compacted; its log stays whole", RoomId);
        }
    }

    private async Task CompactAsync()
    {
        var (seq, version, state, text, bytes) = (_document!.Seq, _document.Version, _document.EncodeState(), _document.Text, _document.StateBytes);
        if (await _lastAppend != Commit.Done)
            return;
        await documents.CompactAsync(RoomId, seq, version, state, text);
        _document.Compacted(seq, bytes, state.Length);
        await KeepHistoryAsync(seq);
    }
}
