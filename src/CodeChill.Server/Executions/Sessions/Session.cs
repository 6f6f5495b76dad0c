namespace CodeChill.Server.Executions.Sessions;

/// <summary>A terminal that runs on this node.</summary>
internal sealed class Session(string id, string roomId, string userId, string userName, SessionRequest request)
{
    private readonly OutputTail _tail = new();
    private RunTerminal _size = new(request.Columns, request.Rows);

    public string Id { get; } = id;

    public string RoomId { get; } = roomId;

    public string UserId { get; } = userId;

    public InputPipe Input { get; } = new();

    public CancellationTokenSource Cancelled { get; } = new();

    /// <summary>Why it was told to end.</summary>
    public string? Reason { get; set; }

    public int Pieces { get; set; }

    public ITimer? IdleTimer { get; set; }

    public void Wrote(string text, int seq) => _tail.Append("", text, seq);

    public void Resize(RunTerminal size)
    {
        _size = size;
        Input.Resize(size);
    }

    public RunJob Job() => new(Id, RoomId, UserId, new ExecutionRequest(request.Language, request.SourceCode, null))
    {
        TakesInput = true,
        Terminal = _size,
        Limits = new RunJobLimits(SessionLimits.Cpu, SessionLimits.Wall, SessionLimits.Kilobytes, SessionLimits.OutputBytes, SessionLimits.Processes),
    };

    public SessionStartedEvent Started() => new(Id, UserId, userName, request.Language, _size.Columns, _size.Rows);

    public SessionView View() => new()
    {
        SessionId = Id,
        UserId = UserId,
        UserName = userName,
        Language = request.Language,
        Columns = _size.Columns,
        Rows = _size.Rows,
        Output = _tail.Text(),
        Seq = _tail.Seq,
    };
}
