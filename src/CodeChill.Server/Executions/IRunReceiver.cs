namespace CodeChill.Server.Executions;

/// <summary>Whose run it is: hears what happens to it, in order, and its end exactly once. Nothing it throws stops the queue.</summary>
internal interface IRunReceiver
{
    /// <summary>It waits, now at this place.</summary>
    void Moved(int position);

    Task StartedAsync();

    /// <summary>While this has not returned, the program waits.</summary>
    Task OutputAsync(RunChunk chunk);

    Task EndedAsync(RunOutcome outcome);
}
