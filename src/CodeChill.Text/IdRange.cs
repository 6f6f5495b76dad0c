namespace CodeChill.Text;

/// <summary>
/// A run of consecutive operation ids of one client. Every inserted UTF-16 code unit (and every embedded object, map
/// value or format mark) has an id: the client that made it and that client's clock at the time.
/// </summary>
/// <param name="Client">The client id, at most 53 bits.</param>
/// <param name="Clock">The first clock of the run.</param>
/// <param name="Length">How many ids the run holds.</param>
public readonly record struct IdRange(ulong Client, int Clock, int Length)
{
    /// <summary>The first clock after the run.</summary>
    public int End => Clock + Length;
}
