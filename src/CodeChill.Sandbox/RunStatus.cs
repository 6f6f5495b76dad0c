namespace CodeChill.Sandbox;

/// <summary>How a run ended. Every value is decided from a measurement (exit code, kernel counter, clock), never from the program's own words alone.</summary>
public enum RunStatus
{
    /// <summary>The program ended by itself with exit code 0.</summary>
    Success,

    /// <summary>The compiler refused the source, or broke one of its own limits; see <see cref="RunResult.CompileOutput"/>.</summary>
    CompileError,

    /// <summary>The program ended with another exit code or by a signal.</summary>
    RuntimeError,

    /// <summary>The program used more wall time or more CPU time than allowed and was killed.</summary>
    TimeLimit,

    /// <summary>The kernel refused the run more memory, or killed a process of it for lack of memory.</summary>
    MemoryLimit,

    /// <summary>The program wrote more output than allowed and was killed; what fits was kept.</summary>
    OutputLimit,

    /// <summary>The program failed after the kernel had refused it a further process or thread.</summary>
    ProcessLimit,

    /// <summary>Nothing was run: the sandbox or the language does not work on this machine; see <see cref="RunResult.Message"/>.</summary>
    SandboxUnavailable,

    /// <summary>The caller asked for the end of the run, or the runner was disposed.</summary>
    Cancelled,
}
