namespace CodeChill.Sandbox;

/// <summary>Size of a terminal in characters.</summary>
/// <param name="Columns">Width, 1 to 1000.</param>
/// <param name="Rows">Height, 1 to 1000.</param>
public readonly record struct TerminalSize(int Columns, int Rows)
{
    internal void Validate()
    {
        if (Columns is < 1 or > 1000 || Rows is < 1 or > 1000) throw new ArgumentOutOfRangeException(nameof(Columns), this, "A terminal has 1 to 1000 columns and rows.");
    }
}
