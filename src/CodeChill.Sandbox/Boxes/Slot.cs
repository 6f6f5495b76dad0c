using System.Threading.Channels;

namespace CodeChill.Sandbox.Boxes;

/// <summary>The right to run one box at a time, with a host user id of its own when the process is root.</summary>
internal readonly record struct Slot(int Index, int? Uid);

/// <summary>Hands out slots in order of asking.</summary>
internal sealed class SlotPool
{
    private readonly Channel<Slot> _free = Channel.CreateUnbounded<Slot>();

    public SlotPool(int count, int? firstUid)
    {
        for (var i = 0; i < count; i++) _free.Writer.TryWrite(new(i, firstUid + i));
    }

    public ValueTask<Slot> TakeAsync(CancellationToken cancel) => _free.Reader.ReadAsync(cancel);

    public void Return(Slot slot) => _free.Writer.TryWrite(slot);
}
