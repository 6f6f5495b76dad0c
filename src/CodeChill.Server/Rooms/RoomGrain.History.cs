using CodeChill.Server.Documents;
using CodeChill.Server.History;
using CodeChill.Server.Platform;
using CodeChill.Text;

namespace CodeChill.Server.Rooms;

/// <summary>Going back to a version: an edit like any other, by whoever asked for it.</summary>
internal sealed partial class RoomGrain
{
    public Task<Outcome<TextAt>> GetTextAsync(string userId, RoomAction action)
        => Task.FromResult<Outcome<TextAt>>(Authorize(userId, action) is { } denied ? denied : new TextAt(_document!.Version, _document.Text));

    public async Task<Outcome<TextAt>> RestoreAsync(string userId, IReadOnlyList<RestoreEdit> edits, long baseVersion)
    {
        if (Authorize(userId, RoomAction.Restore) is { } denied)
            return denied;
        // Nobody may be in the room; versions are given out all the same.
        await OpenAsync();
        if ((Authorize(userId, RoomAction.Restore) ?? Room(edits.Sum(e => e.Insert.Length))) is { } refused)
            return refused;
        if (edits.Count > 0)
        {
            var applied = _document!.ApplyEdits([.. edits.Select(e => new TextEdit(e.Index, e.DeleteLength, e.Insert))], baseVersion);
            if (applied.Error is { } error)
                return error == DocumentErrors.Conflict ? HistoryErrors.Moving : error;
            if (applied.Value.Changed)
                Accept(applied.Value, userId, null, "restore", null, JsonText.Null);
        }

        var now = new TextAt(_document!.Version, _document.Text);
        return await DurableAsync() is { } lost ? lost : now;
    }

    /// <summary>Moves what is far behind into history, outside of the room's turn; the log is whole until it is done.</summary>
    private async Task KeepHistoryAsync(long seq)
    {
        var (roomId, leaveBefore) = (RoomId, Math.Min(_document!.PreviousSnapshotSeq, seq - options.HistoryKeep));
        try
        {
            await Task.Run(() => history.KeepAsync(roomId, seq, leaveBefore));
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "The history of room {RoomId} was not tended; it is all still in the log", roomId);
        }
    }
}

/// <summary>The room's text at a version.</summary>
[GenerateSerializer, Immutable]
internal sealed record TextAt([property: Id(0)] long Version, [property: Id(1)] string Text);

/// <summary>A <see cref="TextEdit"/> on its way to the room.</summary>
[GenerateSerializer, Immutable]
internal readonly record struct RestoreEdit([property: Id(0)] int Index, [property: Id(1)] int DeleteLength, [property: Id(2)] string Insert);
