namespace CodeChill.SocketIO.EventLoop;

/// <summary>A descriptor that a loop watches. All members are used on the loop's thread only.</summary>
internal abstract class LoopSource
{
    /// <summary>Place in the loop's table.</summary>
    internal int Slot { get; set; } = -1;

    /// <summary>The descriptor is ready. Must not throw; what it throws all the same is logged and ends the source.</summary>
    internal abstract void OnReady(uint events);

    /// <summary>The loop gave up on the source.</summary>
    internal abstract void OnFailure(Exception error);
}
